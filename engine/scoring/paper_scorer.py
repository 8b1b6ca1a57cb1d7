"""The paper's anomaly score: PSNR rescaled within a video (Eq. 11 and 12), of the frame or of its worst patch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from engine.common.language import tr, tr_noop
from engine.scoring.calibration import Calibration
from engine.scoring.scorer import Floats, Scorer, Times
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import RawSignals, with_frame_0

Scores = npt.NDArray[np.floating]

_LEAVE_RATIO = 0.8
"""Of leave to enter threshold, where the rule that was moved has none."""


def normality_score(psnr_db: Scores) -> Scores:
    """Eq. 11: PSNR [N] of one video rescaled to [0, 1] over the frames that were analysed; NaN stays NaN.

    Frame 0 has no transition and takes frame 1's score, as in the paper. Where all PSNRs are equal nothing stands
    out, and every frame is normal (1).
    """
    analysed = ~np.isnan(psnr_db)
    scores = np.full(psnr_db.shape, np.nan, psnr_db.dtype)
    if analysed.any():
        known = psnr_db[analysed]
        lowest, highest = known.min(), known.max()
        scores[analysed] = (known - lowest) / (highest - lowest) if highest > lowest else 1.0
    if len(scores) > 1 and not analysed[0]:
        scores[0] = scores[1]
    return scores


def anomaly_score(psnr_db: Scores) -> Scores:
    """Eq. 12: one minus the normality score, [N] in [0, 1], higher being more anomalous."""
    return 1.0 - normality_score(psnr_db)


@dataclass(frozen=True)
class PaperScorer(Scorer):
    """PSNR of the frame, rescaled over the video: knows nothing of false alarms."""

    name: ClassVar[str] = tr_noop("paper")
    title: ClassVar[str] = tr_noop("Anomaly score, within this recording")
    description: ClassVar[str] = tr_noop(
        "How unusual each frame is in this recording: 0 is its most, 1 its least predictable one.\n"
        "The detector is not calibrated: something in every recording is its most unusual."
    )
    is_comparable: ClassVar[bool] = False

    @classmethod
    def of(cls, calibration: Calibration | None) -> Self:
        """Every detector has it."""
        del calibration
        return cls()

    def raw_scores(self, signals: RawSignals, seconds: Times) -> Floats:
        """Minus the PSNR in dB."""
        del seconds
        return -with_frame_0(signals["psnr_db"])

    def display_scores(self, raw: Floats) -> Floats:
        """From 0 to 1 within the video (Eq. 12)."""
        return np.asarray(anomaly_score(-raw))

    def leave_for(self, enter: float, moved_from: SegmentRule | None = None) -> float:
        """As usual, or in proportion to the rule that was moved; never above `enter`."""
        if moved_from is None:
            return min(SegmentRule().leave, enter)
        ratio = moved_from.leave / moved_from.enter if moved_from.enter > 0 else _LEAVE_RATIO
        return min(enter * ratio, enter)

    def axis_top(self, highest: float, threshold: float) -> float:
        """1: no score is above it."""
        del highest, threshold
        return 1.0

    def axis_ticks(self, top: float) -> tuple[float, ...]:
        """Both ends and the middle."""
        return (0.0, top / 2, top)

    def describe(self, score: float) -> str:
        """The number."""
        return tr("score {score:.3f}").format(score=score)


@dataclass(frozen=True)
class PaperPatchScorer(PaperScorer):
    """The same of each frame's worst patch, in which a small thing shows."""

    name: ClassVar[str] = tr_noop("paper-patch")

    def raw_scores(self, signals: RawSignals, seconds: Times) -> Floats:
        """Minus the worst patch's PSNR in dB."""
        del seconds
        return -with_frame_0(signals["patch_psnr_db"].min(axis=(1, 2)))


@dataclass(frozen=True)
class PatchErrorScorer(PaperPatchScorer):
    """Minus the worst patch's PSNR in dB as it is: what compares recordings where the detector is not calibrated."""

    name: ClassVar[str] = tr_noop("patch-error")
    title: ClassVar[str] = tr_noop("Prediction error")
    description: ClassVar[str] = tr_noop("How badly the worst part of each frame was predicted: higher is worse.")
    is_comparable: ClassVar[bool] = True

    def display_scores(self, raw: Floats) -> Floats:
        """As they are: one threshold is for all recordings."""
        return raw

    def leave_for(self, enter: float, moved_from: SegmentRule | None = None) -> float:
        """Where it begins: there is no scale to say how much lower is normal again."""
        del moved_from
        return enter

    def axis_ticks(self, top: float) -> tuple[float, ...]:
        """None: decibels of one model's error mean nothing to a reviewer."""
        del top
        return ()
