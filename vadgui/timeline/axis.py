"""The time axis: ticks at round times, of the recording or of the day."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyqtgraph as pg

from engine.video.wall_clock import RecordingStart
from vadgui.timeline.timescale import Timescale
from vadgui.ui.clock_text import clock_text

_LABEL_ROOM_PX = 90
_MINUTE_SECONDS = 60
_MIN_DISTANCE = 0.7
"""Of the ticks before and after a gap, in steps: their labels keep apart, too."""
_STEPS_SECONDS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400),
)


def tick_step(span_seconds: float, width_px: float) -> float:
    """The finest round step whose labels keep apart."""
    wanted = span_seconds * _LABEL_ROOM_PX / max(width_px, 1)
    return next((step for step in _STEPS_SECONDS if step >= wanted), _STEPS_SECONDS[-1])


class TimeAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """Seconds of the recording along the bottom."""

    def __init__(self, orientation: str) -> None:
        self._scale = Timescale((), 0.0)
        self._start: RecordingStart | None = None
        self._changes: list[float] = []
        super().__init__(orientation)

    def set_timescale(self, scale: Timescale) -> None:
        """How times are drawn."""
        self._scale = scale
        self.picture = None  # pyqtgraph's cache of what was drawn
        self.update()

    def set_start(self, start: RecordingStart | None, end_seconds: float) -> None:
        """Label times of day, of a recording that began then; None labels the recording's own time."""
        self._start = start
        self._changes = [change.seconds for change in start.clock_changes(end_seconds)] if start else []
        self.picture = None
        self.update()

    def _shift_at(self, seconds: float) -> float:
        """What has to be added to the recording's seconds so that round times of day are round."""
        if self._start is None:
            return 0.0
        local = self._start.at(seconds)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        # By the clock, not by the time that has passed: the two differ on a day on which clocks change.
        return (local.replace(tzinfo=None) - midnight.replace(tzinfo=None)).total_seconds() - seconds

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802, N803
        """Labelled ticks only, at multiples of a round step; none in gaps."""
        step = tick_step(maxVal - minVal, size)
        ticks: list[float] = []
        changes = [float(self._scale.drawn(seconds)) for seconds in self._changes]
        begins = sorted([minVal, *self._scale.gap_stops.tolist(), *changes])
        stops = sorted([*self._scale.gap_starts.tolist(), *changes, maxVal])
        for stretch_begin, stretch_stop in zip(begins, stops, strict=True):
            begin, stop = max(float(stretch_begin), minVal), min(float(stretch_stop), maxVal)
            if begin > stop:
                continue
            first, last = (float(self._scale.seconds(at)) for at in (begin, np.nextafter(stop, -np.inf)))
            shift = self._shift_at(first)
            count = range(int(np.ceil((first + shift) / step - 1e-6)), int(np.floor((last + shift) / step + 1e-6)) + 1)
            for number in count:
                at = float(self._scale.drawn(number * step - shift))
                if not ticks or at - ticks[-1] >= _MIN_DISTANCE * step:
                    ticks.append(at)
        return [(step, ticks)]

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:  # noqa: N802
        """As many decimals as the step has; of times of day, midnight is the date."""
        decimals = 0 if spacing >= 1 else len(f"{spacing:g}") - 2
        if self._start is not None:
            moments = [self._start.at(round(float(self._scale.seconds(value)), 3)) for value in values]
            return [_label(moment, spacing, decimals) for moment in moments]
        return [clock_text(float(self._scale.seconds(value)), decimals) for value in values]


def _label(moment: datetime, spacing: float, decimals: int) -> str:
    if not (moment.hour or moment.minute or moment.second or moment.microsecond):
        return f"{moment:%Y-%m-%d}"
    if spacing >= _MINUTE_SECONDS:
        return f"{moment:%H:%M}"
    fraction = f"{moment.microsecond / 1e6:.{decimals}f}"[1:] if decimals else ""
    return f"{moment:%H:%M:%S}{fraction}"
