"""Which frames of a recording are judged: every one, or samples a fixed time apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.int64]
Times = npt.NDArray[np.floating]

_ROUNDING_SECONDS = 1e-4
"""Times in files are rounded: a frame that is due by less than this is on time."""


@dataclass(frozen=True)
class Sampling:
    """How densely a recording is judged; a calibration says at which density it was made, and analyses follow it."""

    seconds: float = 0.0
    """Time between samples; 0 judges every frame, by all networks."""
    motion_every: int = 1
    """The motion model predicts at one of so many samples; the others have the signals that need no network."""

    @property
    def is_every_frame(self) -> bool:
        """Whether all signals of all frames are measured."""
        return not self.seconds

    def due(self, times: Times) -> npt.NDArray[np.bool_]:
        """Which frames [N] of a recording, or of a part of one, shown at `times` [N], are samples.

        Of each interval it is the first frame; of a recording that is shorter than one, the last. Times are since the
        recording's first frame, which has no transition and is none. The frame before a part is taken to be as far
        away from its first one as the next one is.
        """
        if self.is_every_frame:
            return np.ones(len(times), np.bool_)
        if len(times) < 2:
            return np.asarray(times > 0)
        before = 2 * times[0] - times[1]
        intervals = np.floor((np.concatenate([[before], times]) + _ROUNDING_SECONDS) / self.seconds)
        due = (np.diff(intervals) > 0) & (times > 0)
        if times[0] == 0 and not due.any():
            due[-1] = True
        return np.asarray(due)

    def frames(self, times: Times) -> Frames:
        """Numbers of the judged frames of a recording with frames at `times` [N], ascending."""
        return np.flatnonzero(self.due(times))


EVERY_FRAME = Sampling()
SAMPLED = Sampling(seconds=0.2)
"""What new calibrations use: evidence speaks of motion over a fifth of a second, and is smoothed over longer."""
