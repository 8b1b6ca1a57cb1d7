"""A window of the picture that a person has chosen, and what it says over time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

Window = tuple[int, int]
"""Row and column of a window, see `engine.scoring.windows`."""


class WindowTrace(QObject):
    """Takes the scores of one window as they are read from the stored analysis."""

    window_changed = Signal()
    """Another window was chosen, or none."""
    scores_added = Signal(int, int)
    """Its scores are known of more of the frames [start, stop)."""
    requested = Signal(object)
    """Window that is to be told of; None for none."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._window: Window | None = None
        self._scores: npt.NDArray[np.float32] = np.empty(0, np.float32)
        self._of_frames: dict[int, float] = {}
        """Scores of single frames that were on screen: samples speak for those between them by and large only."""

    @property
    def window(self) -> Window | None:
        """The window that was chosen."""
        return self._window

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """The scores [N] that frames would have for it alone; NaN where not known."""
        return self._scores

    def choose(self, window: Window | None, frame_count: int) -> None:
        """Follow a window over time, or none."""
        if window is None and self._window is None:
            return
        self._window = window
        self._scores = np.full(frame_count, np.nan, np.float32)
        self._of_frames = {}
        self.window_changed.emit()
        self.requested.emit(window)

    def read_again(self) -> None:
        """Ask for all scores: there are samples that came since."""
        if self._window is not None:
            self.requested.emit(self._window)

    def add(self, window: Window, frames: npt.NDArray[np.int64], scores: npt.NDArray[np.float64]) -> None:
        """Take over scores [K] of samples [K], ascending; a sample speaks for the frames up to the next one."""
        if window != self._window or not len(frames) or frames[-1] >= len(self._scores):
            return
        usual = int(np.median(np.diff(frames))) if len(frames) > 1 else 1
        starts = np.where(frames <= usual, 0, frames)  # the first one speaks for those before it, too
        stops = np.minimum(np.append(frames[1:], frames[-1] + usual), frames + 2 * usual)
        for start, stop, score in zip(starts.tolist(), stops.tolist(), scores.tolist(), strict=True):
            self._scores[start:stop] = score
        first, stop = int(starts[0]), min(int(stops[-1]), len(self._scores))
        for frame, score in self._of_frames.items():
            if first <= frame < stop:
                self._scores[frame] = score
        self.scores_added.emit(first, stop)

    def add_frame(self, frame: int, score: float) -> None:
        """Take over the score of the frame on screen, as the picture tells it: it is exactly that frame's."""
        if self._window is None or not np.isfinite(score) or not 0 <= frame < len(self._scores):
            return
        self._of_frames[frame] = score
        self._scores[frame] = score
        self.scores_added.emit(frame, frame + 1)
