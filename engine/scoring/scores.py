"""The anomaly scores of a video, by kind: the paper's two, and the calibrated one."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from engine.scoring.calibration import Calibration
from engine.scoring.normality import anomaly_score
from engine.scoring.signals import RawSignals

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.floating]


class ScoreKind(StrEnum):
    """What a frame's anomaly score is made of."""

    PAPER = "paper"
    """PSNR of the frame, rescaled over the video (Eq. 12)."""
    PAPER_PATCH = "paper-patch"
    """The same of each frame's worst patch."""
    CALIBRATED = "calibrated"
    """-log10 of how often normal life on this camera is as conspicuous."""


def best_kind(calibration: Calibration | None) -> ScoreKind:
    """What people are shown: scores that mean the same in every video, where the detector has such."""
    return ScoreKind.PAPER if calibration is None else ScoreKind.CALIBRATED


def statistic(
    kind: ScoreKind, signals: RawSignals, seconds: Times, calibration: Calibration | None, *, live: bool = False
) -> Floats:
    """[N], higher being more anomalous, on a scale that no video changes; NaN where not analysed.

    Frame 0 takes frame 1's. `live` scores of the calibrated kind depend on no later frame; the paper's are of one.

    Raises:
        ValueError: a calibrated score is asked of a detector without calibration.
    """
    if kind is ScoreKind.CALIBRATED:
        if calibration is None:
            raise ValueError("the detector is not calibrated")
        return calibration.scores(signals, seconds, live=live)
    psnr_db = signals["psnr_db"] if kind is ScoreKind.PAPER else signals["patch_psnr_db"].min(axis=(1, 2))
    values = -psnr_db.astype(np.float64)
    if len(values) > 1 and np.isnan(values[0]):
        values[0] = values[1]
    return values


def shown_scores(
    kind: ScoreKind, signals: RawSignals, seconds: Times, calibration: Calibration | None, *, live: bool = False
) -> Floats:
    """Scores [N] as people see them: in [0, 1] within the video (Eq. 12), or calibrated ones from 0 up."""
    values = statistic(kind, signals, seconds, calibration, live=live)
    # NaN stays: what was not analysed has no score.
    return np.asarray(np.maximum(values, 0) if kind is ScoreKind.CALIBRATED else anomaly_score(-values))
