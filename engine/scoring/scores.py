"""The anomaly scores of a video, by kind: the paper's two, and the calibrated one."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from engine.scoring.calibration import Calibration
from engine.scoring.normality import anomaly_score
from engine.scoring.segments import Segment, SegmentRule
from engine.scoring.signals import RawSignals, with_frame_0
from engine.scoring.tail import threshold_for

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.floating]

FALSE_ALARMS_PER_HOUR = 2.0
"""What a reviewer is shown unless they ask for another number."""
_LEAVES_BELOW = 1.0
_MIN_LEAVE = 0.3


class ScoreKind(StrEnum):
    """What a frame's anomaly score is made of."""

    PAPER = "paper"
    """PSNR of the frame, rescaled over the video (Eq. 12)."""
    PAPER_PATCH = "paper-patch"
    """The same of each frame's worst patch."""
    CALIBRATED = "calibrated"
    """-log10 of the share of normal seconds on this camera that are as conspicuous; looks a second ahead."""
    CALIBRATED_LIVE = "calibrated-live"
    """The same from a frame and those before it alone, as a live view has it."""

    @property
    def is_calibrated(self) -> bool:
        """Whether it means the same in every video, and needs a calibrated detector."""
        return self in (ScoreKind.CALIBRATED, ScoreKind.CALIBRATED_LIVE)


def best_kind(calibration: Calibration | None) -> ScoreKind:
    """What people are shown: scores that mean the same in every video, where the detector has such."""
    return ScoreKind.PAPER if calibration is None else ScoreKind.CALIBRATED


def kinds_of(calibration: Calibration | None) -> list[ScoreKind]:
    """The kinds of score that a detector has."""
    return [kind for kind in ScoreKind if calibration or not kind.is_calibrated]


def statistic(kind: ScoreKind, signals: RawSignals, seconds: Times, calibration: Calibration | None) -> Floats:
    """[N], higher being more anomalous, on a scale that no video changes; NaN where not analysed.

    Frame 0 takes frame 1's.

    Raises:
        ValueError: a calibrated score is asked of a detector without calibration.
    """
    if kind.is_calibrated:
        if calibration is None:
            raise ValueError("the detector is not calibrated")
        return calibration.scores(signals, seconds, live=kind is ScoreKind.CALIBRATED_LIVE)
    psnr_db = signals["psnr_db"] if kind is ScoreKind.PAPER else signals["patch_psnr_db"].min(axis=(1, 2))
    return -with_frame_0(psnr_db)


def shown_scores(kind: ScoreKind, signals: RawSignals, seconds: Times, calibration: Calibration | None) -> Floats:
    """Scores [N] as people see them: in [0, 1] within the video (Eq. 12), or calibrated ones from 0 up."""
    return shown_statistic(kind, statistic(kind, signals, seconds, calibration))


def shown_statistic(kind: ScoreKind, values: Floats) -> Floats:
    """Scores [N] as people see them, of the statistic [N] of all frames."""
    # NaN stays: what was not analysed has no score.
    return np.asarray(np.maximum(values, 0) if kind.is_calibrated else anomaly_score(-values))


def reason_of(
    kind: ScoreKind, segment: Segment, signals: RawSignals, seconds: Times, calibration: Calibration | None
) -> str:
    """Why a segment of these scores was flagged, in words: what spoke most for it at its peak.

    Empty for the paper's scores, which go by one thing alone.
    """
    if not kind.is_calibrated or calibration is None:
        return ""
    return calibration.reason(signals, seconds, segment.peak_frame, live=kind is ScoreKind.CALIBRATED_LIVE)


def segment_rule(kind: ScoreKind, false_alarms_per_hour: float = FALSE_ALARMS_PER_HOUR) -> SegmentRule:
    """How scores of a kind become segments; the paper's know nothing of false alarms."""
    if not kind.is_calibrated:
        return SegmentRule()
    enter = threshold_for(false_alarms_per_hour)
    return SegmentRule(enter=enter, leave=calibrated_leave(enter))


def calibrated_leave(enter: float) -> float:
    """Where a segment of calibrated scores ends that needs `enter` to begin: at what is ten times as usual."""
    return min(max(enter - _LEAVES_BELOW, _MIN_LEAVE), enter)
