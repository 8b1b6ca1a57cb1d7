"""Plots of an evaluation: ROC curves, and each video's scores over time with its events shaded."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.common.atomic_write import atomic_write
from engine.common.errors import ExportError
from engine.common.names import displayable
from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.score_figures import ScoreFigures

if TYPE_CHECKING:
    # matplotlib takes a second to import and then searches for fonts.
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_VIDEOS_PER_PAGE = 12
_NAME_LENGTH = 96  # characters that fit across a page beside an AUC
_DPI = 150
# Okabe and Ito's palette, which colour-blind people can distinguish.
_CURVES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
_EVENT = "#f6d9b8"
_DASHES = (0, (4, 3))
_INK, _FAINT = "#1f2328", "#9aa4ae"


def draw_plots(
    folder: Path, title: str, videos: Sequence[MeasuredVideo], figures: Mapping[str, ScoreFigures], headline: str
) -> list[Path]:
    """Write roc.png, misses.png and scores.png (scores-1.png ... for many videos) into `folder`; returns their paths.

    roc.png and misses.png have a curve for each score in `figures`, scores.png the scores over time of the one named
    `headline`. There is no misses.png where no threshold finds an event.

    Raises:
        ExportError: the folder can't be written.
    """
    pages = range(0, len(videos), _VIDEOS_PER_PAGE)
    names = ["scores.png"] if len(pages) == 1 else [f"scores-{number}.png" for number in range(1, len(pages) + 1)]
    written = []
    for name, figure in _figures(title, videos, figures, headline, dict(zip(pages, names, strict=True))):
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as file:
                figure.savefig(file, format="png", dpi=_DPI)
        except OSError as error:
            advice = f"Free some space or choose another folder ({error.strerror})."
            raise ExportError("A plot can't be written", subject=path, advice=advice) from error
        written.append(path)
    return written


def _figures(
    title: str,
    videos: Sequence[MeasuredVideo],
    figures: Mapping[str, ScoreFigures],
    headline: str,
    pages: Mapping[int, str],
) -> Iterator[tuple[str, Figure]]:
    yield "roc.png", _roc(title, figures)
    if any(each.misses for each in figures.values()):
        yield "misses.png", _misses(title, figures)
    for first, name in pages.items():
        indices = range(first, min(first + _VIDEOS_PER_PAGE, len(videos)))
        yield name, _scores(title, videos, figures[headline], headline, indices)


def _roc(title: str, figures: Mapping[str, ScoreFigures]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 5.4), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=_FAINT, linewidth=0.8, linestyle=(0, (4, 4)))
    for (name, each), colour in zip(figures.items(), cycle(_CURVES), strict=False):
        if each.curve:
            curve, label = each.curve, f"{name}  {100 * each.curve_auc:.1f} %, {each.curve_of}"
            axes.plot(curve.false_positive_rate, curve.true_positive_rate, color=colour, linewidth=1.8, label=label)
    axes.set(xlim=(0, 1), ylim=(0, 1.005), aspect="equal")
    axes.set_xlabel("False positive rate: normal frames flagged")
    axes.set_ylabel("True positive rate: abnormal frames flagged")
    axes.set_title(textwrap.fill(title, 52), loc="left", fontsize=11, color=_INK, fontweight="bold")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(title="AUC", loc="lower right", frameon=False, alignment="left")
    _style_axes(axes)
    axes.grid(True, color="#e6e9ec", linewidth=0.6)
    return figure


def _misses(title: str, figures: Mapping[str, ScoreFigures]) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.8, 4.4), layout="constrained")
    axes = figure.subplots()
    most = max(10.0, *(point.false_alarms_per_hour for each in figures.values() for point in each.misses))
    for (name, each), colour in zip(figures.items(), cycle(_CURVES), strict=False):
        if each.misses:
            # A threshold above all scores flags nothing; beyond the curve, more alarms find no more.
            hourly = [0.0, *(point.false_alarms_per_hour for point in each.misses), most]
            missed = [100.0, *(100 * point.missed for point in each.misses), 100 * each.misses[-1].missed]
            axes.step(hourly, missed, where="post", color=colour, linewidth=1.8, alpha=0.75, clip_on=False, label=name)
    axes.set_xscale("symlog", linthresh=10)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlim=(0, 1.1 * most), ylim=(0, 100))
    axes.set_xlabel("False alarms an hour of normal footage")
    axes.set_ylabel("Events missed, %")
    axes.set_title(textwrap.fill(title, 58), loc="left", fontsize=11, color=_INK, fontweight="bold")
    axes.legend(loc="upper right", frameon=False)
    _style_axes(axes)
    axes.grid(True, color="#e6e9ec", linewidth=0.6)
    return figure


def _scores(title: str, videos: Sequence[MeasuredVideo], figures: ScoreFigures, score: str, indices: range) -> Figure:
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    columns = 1 if len(indices) < 4 else 2
    rows = -(-len(indices) // columns)
    figure = Figure(figsize=(11.2 if columns > 1 else 9.0, 0.9 + 1.45 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False)
    top = max(1.0, *(float(figures.shown[index].max()) for index in indices))
    for axes in grid.flat[len(indices) :]:
        axes.axis("off")
    for axes, index in zip(grid.flat, indices, strict=False):
        video = videos[index]
        auc = figures.video_aucs[index]
        auc_text = _single_class_text(video) if np.isnan(auc) else f"AUC {100 * auc:.1f} %"
        ends = np.append(video.seconds[1:], max(video.duration_seconds, float(video.seconds[-1])))
        for start, stop in video.events:
            axes.axvspan(float(video.seconds[start]), float(ends[stop - 1]), color=_EVENT, linewidth=0)
        axes.plot(video.seconds, figures.shown[index], color=_CURVES[0], linewidth=1.0)
        axes.axhline(figures.rule.enter, color=_CURVES[1], linewidth=0.8, linestyle=_DASHES)
        axes.set(xlim=(0, float(ends[-1])), ylim=(-0.03 * top, 1.06 * top))
        axes.set_title(
            _shortened(video.name, _NAME_LENGTH // columns), loc="left", fontsize=9, color=_INK, fontweight="bold"
        )
        axes.set_title(auc_text, loc="right", fontsize=8, color=_INK)
        _style_axes(axes)
    for axes in grid[-1]:
        axes.set_xlabel("seconds", fontsize=8)
    figure.suptitle(textwrap.fill(title, 100), x=0.01, ha="left", fontsize=11, color=_INK, fontweight="bold")
    threshold = f"threshold of a segment, {figures.rule.enter:.2g}"
    figure.legend(
        handles=[
            Line2D([], [], color=_CURVES[0], linewidth=1.0, label=f"anomaly score ({score})"),
            Patch(color=_EVENT, label="abnormal (ground truth)"),
            Line2D([], [], color=_CURVES[1], linewidth=0.8, linestyle=_DASHES, label=threshold),
        ],
        ncols=3,
        loc="outside lower left",
        frameon=False,
        fontsize=8,
    )
    return figure


def _shortened(name: str, length: int) -> str:
    """A name, shortened in the middle if it is too long: both ends of recordings' names are kept to identify them."""
    kept_length = length - 1
    name = displayable(name)
    return name if len(name) <= length else f"{name[: kept_length - kept_length // 2]}…{name[-(kept_length // 2) :]}"


def _single_class_text(video: MeasuredVideo) -> str:
    return "all abnormal" if video.abnormal.all() else "all normal"


def _style_axes(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(_FAINT)
    axes.tick_params(colors=_INK, labelsize=8, color=_FAINT)
