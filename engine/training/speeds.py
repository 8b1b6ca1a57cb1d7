"""How fast things move in footage of any length, in the memory of a histogram."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.flow.colour import Flow
from engine.models.picture import PICTURE_SIZE

_BINS_A_PX = 32
_PERCENTILE = 99.9
_MIN_PX = 0.5


class SpeedHistogram:
    """Counts of pixels by their speed, which can be stored and added to later."""

    def __init__(self, counts: npt.NDArray[np.int64] | None = None) -> None:
        # Nothing in the picture moves farther in one step than from one corner to the other.
        bins = int(np.ceil(PICTURE_SIZE * np.sqrt(2) * _BINS_A_PX)) + 1
        self.counts = np.zeros(bins, np.int64) if counts is None else counts

    def add(self, flow: Flow) -> None:
        """Count the pixels of a flow, float32 [2, H, W] in px."""
        speed = np.hypot(flow[0], flow[1])
        bins = np.minimum(speed * _BINS_A_PX, len(self.counts) - 1).astype(np.int64)
        self.counts += np.bincount(bins.ravel(), minlength=len(self.counts))

    def radius_px(self) -> float:
        """The flow radius that a detector keeps: the 99.9th percentile, to 1/32 px, and at least half a pixel."""
        passed = np.cumsum(self.counts)
        if not passed[-1]:
            return _MIN_PX
        wanted = passed[-1] * _PERCENTILE / 100
        found = int(np.searchsorted(passed, wanted))
        before = passed[found - 1] if found else 0
        return max(float((found + (wanted - before) / self.counts[found]) / _BINS_A_PX), _MIN_PX)
