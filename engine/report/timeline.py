"""The timeline of a report: coordinates of a drawing of scores, threshold and segments over the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.export.reviewed import ReviewedRecording
from engine.review.document import Verdict

WIDTH, PLOT_HEIGHT, LANE_HEIGHT, AXIS_HEIGHT = 960, 120, 26, 34
"""In units of the drawing, about pixels."""
_LEFT = 34
_NARROWEST = 4.0  # a second of a day's recording has to be seen
_DIGIT_WIDTH = 9.0
_LABEL_ROOM = 90.0
_STEPS_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200)


@dataclass(frozen=True)
class Bar:
    """A segment in the drawing."""

    number: int
    verdict: Verdict
    left: float
    width: float
    has_label: bool
    """Whether there is room for its number."""


@dataclass(frozen=True)
class Tick:
    """A labelled time."""

    x: float
    label: str
    time_of_day: str


@dataclass(frozen=True)
class Timeline:
    """All that is drawn."""

    curve: tuple[str, ...]
    """Runs of analysed frames, as points of SVG polylines: the highest score of each step."""
    threshold_y: float | None
    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    top: float
    """The score at the upper end of the plot."""
    left: int = _LEFT
    width: int = WIDTH
    plot_height: int = PLOT_HEIGHT
    lane_height: int = LANE_HEIGHT
    height: int = PLOT_HEIGHT + LANE_HEIGHT + AXIS_HEIGHT


def timeline_of(recording: ReviewedRecording) -> Timeline:
    """The drawing of a recording."""
    span = max(recording.info.duration_seconds, float(recording.times[-1]), 1e-3)
    scores = recording.scores
    threshold = recording.rule.enter if recording.rule and scores is not None else None
    known = scores[np.isfinite(scores)] if scores is not None else np.empty(0)
    top = max(float(known.max(initial=0.0)), (threshold or 0.0) * 1.1, 1.0)
    curve = tuple(_curve(recording.times, scores, span, top)) if scores is not None else ()
    threshold_y = None if threshold is None else round(_y(threshold, top), 1)
    return Timeline(curve, threshold_y, tuple(_bars(recording, span)), tuple(_ticks(recording, span)), top)


def _x(seconds: float, span: float) -> float:
    return _LEFT + seconds / span * (WIDTH - _LEFT)


def _y(score: float, top: float) -> float:
    return PLOT_HEIGHT - score / top * (PLOT_HEIGHT - 6)


def _curve(times: npt.NDArray[np.floating], scores: npt.NDArray[np.floating], span: float, top: float) -> Iterator[str]:
    """The highest score of each unit of the width: no peak of a long recording is lost, and the file stays small."""
    units = WIDTH - _LEFT
    column = np.minimum((times / span * units).astype(np.intp), units - 1)
    highest = np.full(units, np.nan)
    np.fmax.at(highest, column, scores)
    if len(times) < units:
        x, y = np.array([_x(float(t), span) for t in times]), scores
    else:
        x, y = _LEFT + np.arange(units) + 0.5, highest
    finite = np.flatnonzero(np.isfinite(y))
    for run in np.split(finite, np.flatnonzero(np.diff(finite) > 1) + 1):
        if len(run):
            yield " ".join(f"{x[place]:.1f},{_y(float(y[place]), top):.1f}" for place in run)


def _bars(recording: ReviewedRecording, span: float) -> Iterator[Bar]:
    free_from = 0.0
    for segment in recording.segments:
        left = _x(recording.start_seconds(segment), span)
        width = max(_x(recording.stop_seconds(segment), span) - left, _NARROWEST)
        left = min(left, WIDTH - width)
        room = _DIGIT_WIDTH * len(str(segment.number)) + 2
        has_label = left + width / 2 - room / 2 >= free_from
        if has_label:
            free_from = left + width / 2 + room / 2
        yield Bar(segment.number, segment.verdict, round(left, 1), round(width, 1), has_label)


def _ticks(recording: ReviewedRecording, span: float) -> Iterator[Tick]:
    wanted = span * _LABEL_ROOM / (WIDTH - _LEFT)
    step = next((step for step in _STEPS_SECONDS if step >= wanted), 86400.0)
    for count in range(int(span / step) + 1):
        seconds = count * step
        moment = recording.time_of_day(seconds)
        yield Tick(
            round(_x(seconds, span), 1),
            clock(seconds, 0 if step >= 1 else 1),
            moment.strftime("%H:%M:%S") if moment else "",
        )


def clock(seconds: float, decimals: int = 1) -> str:
    """Time since the recording's start as "m:ss.s", or "h:mm:ss.s" from an hour on."""
    ticks = round(seconds * 10**decimals)
    whole, fraction = divmod(ticks, 10**decimals)
    minutes = (
        f"{whole // 60}:{whole % 60:02}" if whole < 3600 else f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
    )
    return f"{minutes}.{fraction:0{decimals}d}" if decimals else minutes
