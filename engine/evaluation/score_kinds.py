"""The anomaly statistics that are evaluated side by side."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from engine.scoring.signals import RawSignals

FloatArray = npt.NDArray[np.floating]


class ScoreKind(StrEnum):
    """Which statistic of a frame is its anomaly score."""

    PAPER = "paper"
    PAPER_PATCH = "paper-patch"


def statistic(kind: ScoreKind, signals: RawSignals) -> FloatArray:
    """[N], higher = more anomalous, on the signal's own scale; NaN where not analysed; frame 0 takes frame 1's."""
    psnr_db = signals["psnr_db"] if kind is ScoreKind.PAPER else signals["patch_psnr_db"].min(axis=(1, 2))
    values = -psnr_db.astype(np.float64)
    if len(values) > 1 and np.isnan(values[0]):
        values[0] = values[1]
    return values
