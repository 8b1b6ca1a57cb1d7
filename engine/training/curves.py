"""Draws the loss curves of a run as a PNG."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.common.atomic_write import atomic_write
from engine.common.events import Event, LossReported

if TYPE_CHECKING:
    # matplotlib takes a second to import and then searches for fonts.
    from matplotlib.axes import Axes

_TITLES = {"motion": "Motion stage: error of the flow's colours (Eq. 1)", "frame": "Frame stage: loss (Eq. 5)"}
_LEARNT, _HELD_OUT = "#0072b2", "#d55e00"  # from Okabe and Ito's palette: distinct for colour-blind people


def losses_of(events: Iterable[Event]) -> dict[str, list[LossReported]]:
    """Losses by stage, in epoch order; if a kill made the run repeat an epoch, its newer loss counts."""
    newest: dict[tuple[str, int], LossReported] = {}
    for event in events:
        if isinstance(event, LossReported):
            newest[event.stage, event.epoch] = event
    return {
        stage: [newest[key] for key in sorted(newest) if key[0] == stage]
        for stage in _TITLES
        if any(key[0] == stage for key in newest)
    }


def save_curves(losses: dict[str, list[LossReported]], path: Path) -> None:
    """Draw the training and held-out losses of every stage, with the best epoch marked.

    Raises:
        OSError: the disk is full, or the folder can't be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2 * max(len(losses), 1), 3.6), dpi=110, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    for axes, (stage, reports) in zip(
        figure.subplots(1, max(len(losses), 1), squeeze=False)[0], losses.items(), strict=True
    ):
        _draw(axes, _TITLES[stage], reports)
    with atomic_write(path) as file:
        canvas.print_png(file)  # type: ignore[no-untyped-call]


def _draw(axes: Axes, title: str, reports: list[LossReported]) -> None:
    from matplotlib.ticker import MaxNLocator

    epochs = [report.epoch + 1 for report in reports]
    axes.plot(epochs, [report.loss for report in reports], ".-", color=_LEARNT, label="learnt from")
    validated = [(report.epoch + 1, report.held_out_loss) for report in reports if report.held_out_loss is not None]
    if validated:
        axes.plot(*zip(*validated, strict=True), ".-", color=_HELD_OUT, label="held out")
        best_epoch, best_loss = min(validated, key=lambda each: each[1])
        axes.plot(best_epoch, best_loss, "o", ms=10, mfc="none", color=_HELD_OUT, label="best")
    axes.set_title(title, fontsize=10)
    axes.set_xlabel("epoch")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(fontsize=9)
