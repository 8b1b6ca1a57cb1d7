"""The time axis: ticks at round times, labelled m:ss."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from vadgui.timeline.timescale import Timescale
from vadgui.ui.clock_text import clock_text

_LABEL_ROOM_PX = 90
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
        super().__init__(orientation)

    def set_timescale(self, scale: Timescale) -> None:
        """How times are drawn."""
        self._scale = scale
        self.picture = None  # pyqtgraph's cache of what was drawn
        self.update()

    def tickValues(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, list[float]]]:  # noqa: N802, N803
        """Labelled ticks only, at multiples of a round step; none in gaps."""
        step = tick_step(maxVal - minVal, size)
        ticks: list[float] = []
        begins, stops = [minVal, *self._scale.gap_stops], [*self._scale.gap_starts, maxVal]
        for stretch_begin, stretch_stop in zip(begins, stops, strict=True):
            begin, stop = max(float(stretch_begin), minVal), min(float(stretch_stop), maxVal)
            if begin > stop:
                continue
            first, last = (float(self._scale.seconds(at)) for at in (begin, np.nextafter(stop, -np.inf)))
            for number in range(int(np.ceil(first / step - 1e-6)), int(np.floor(last / step + 1e-6)) + 1):
                at = float(self._scale.drawn(number * step))
                if not ticks or at - ticks[-1] >= _MIN_DISTANCE * step:
                    ticks.append(at)
        return [(step, ticks)]

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:  # noqa: N802
        """As many decimals as the step has."""
        decimals = 0 if spacing >= 1 else len(f"{spacing:g}") - 2
        return [clock_text(float(self._scale.seconds(value)), decimals) for value in values]
