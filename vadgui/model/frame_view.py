"""What the panels show of one frame: made by the engine worker, painted by the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.common.language import tr_noop
from engine.scoring.where import WindowEvidence

Bgra = npt.NDArray[np.uint8]
"""A picture ready to paint as QImage.Format_RGB32: uint8 [H, W, 4], C-contiguous, kept alive by its view."""

PREDICTING = tr_noop("Predicting …")
NO_TRANSITION = tr_noop("The first frame has no transition.")
NO_DETECTOR = tr_noop("Choose a detector to see predictions.")


@dataclass(frozen=True, eq=False)
class FrameView:
    """Frame t and, once they are computed, the pictures of transition t; never a mix of frames."""

    index: int
    pts_seconds: float
    frame: Bgra | None
    """In the video's own size; None where it can't be decoded."""
    predicted_flow: Bgra | None = None
    teacher_flow: Bgra | None = None
    flow_difference: Bgra | None = None
    """Predicted less measured flow, on the colour scale of both."""
    predicted_frame: Bgra | None = None
    """All four [256, 256, 4], or all None."""
    signals: np.void | None = None
    """One row of engine.scoring.signals.RAW_SIGNALS."""
    where: WindowEvidence | None = None
    """The evidence of each window; None where the analysis has not come so far, or the detector does not tell."""
    missing: str = ""
    """Why pictures are not there, to be translated where it is shown; empty when all are."""
    trailing: FrameView | None = None
    """During playback, while the pictures are to come: the complete view of an earlier frame, to show its pictures."""

    @property
    def complete(self) -> bool:
        """Whether the pictures of the transition are there."""
        return self.predicted_frame is not None

    @property
    def predicting(self) -> bool:
        """Whether they are about to come."""
        return self.missing == PREDICTING

    def without_pictures(self, missing: str) -> FrameView:
        """The frame alone, and why there is no more."""
        return FrameView(self.index, self.pts_seconds, self.frame, missing=missing)

    def trailed_by(self, other: FrameView | None) -> FrameView:
        """This view, with the pictures of another frame until its own come."""
        return replace(self, trailing=other)
