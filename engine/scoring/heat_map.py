"""Where something stood out in a stretch of a recording, and for how long."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from engine.scoring.motion import PLACES
from engine.scoring.sampling import SAMPLED, Times
from engine.scoring.where import WindowEvidence

Seconds = npt.NDArray[np.float64]
"""[PLACES, PLACES]: how long something stood out in each window."""
EvidenceAt = Callable[[int], WindowEvidence | None]
"""Tells of a frame the evidence of its windows; None where it is not known."""

_MAX_MOMENTS = 60
"""Of a stretch: more of them would only take longer."""
_FAINT_SHARE = 0.5
"""Of the strongest evidence: what belongs to it where none reaches the threshold by itself."""


def seconds_by_place(evidence: EvidenceAt, times: Times, start: int, stop: int, threshold: float) -> Seconds:
    """How long the score of each window reaches a threshold in frames [start, stop) of a video at `times` [N].

    What is flagged may last, and be strong at no moment: then the strongest evidence counts, where it was.
    """
    began, end = float(times[start]), float(times[stop - 1])
    step = max(SAMPLED.seconds, (end - began) / _MAX_MOMENTS)
    moments = np.unique(np.searchsorted(times, np.arange(began, end + step / 2, step)).clip(start, stop - 1))
    seconds: Seconds = np.zeros((PLACES, PLACES))
    faint: Seconds = np.zeros((PLACES, PLACES))
    strongest = 0.0
    for frame in moments.tolist():
        found = evidence(frame)
        if found is None:
            continue
        seconds[found.scores >= threshold] += step
        if (peak := float(found.strengths.max())) > strongest:
            strongest = peak
            faint = np.where(found.strengths >= _FAINT_SHARE * peak, step, 0.0)
    return seconds if seconds.any() else faint
