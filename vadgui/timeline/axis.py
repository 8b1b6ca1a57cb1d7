"""The time axis: ticks at round times, labelled m:ss."""

from __future__ import annotations

import pyqtgraph as pg

from vadgui.ui.clock_text import clock_text

_LABEL_ROOM_PX = 90
_STEPS_SECONDS = (
    *(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400),
)


def tick_step(span_seconds: float, width_px: float) -> float:
    """The finest round step whose labels keep apart."""
    wanted = span_seconds * _LABEL_ROOM_PX / max(width_px, 1)
    return next((step for step in _STEPS_SECONDS if step >= wanted), _STEPS_SECONDS[-1])


class TimeAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """Seconds along the bottom."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:  # noqa: N802, N803
        """Labelled ticks only, at multiples of a round step."""
        return [(tick_step(maxVal - minVal, size), 0.0)]

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:  # noqa: N802
        """As many decimals as the step has."""
        decimals = 0 if spacing >= 1 else len(f"{spacing:g}") - 2
        return [clock_text(value, decimals) for value in values]
