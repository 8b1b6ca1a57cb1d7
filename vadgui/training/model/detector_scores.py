"""Scores and thresholds of one detector, on a scale that is the same for all recordings."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.evaluation.metrics import roc_auc
from engine.scoring.calibration import Calibration
from engine.scoring.scorers import comparable_scorer
from engine.scoring.signals import RawSignals

Floats = npt.NDArray[np.floating]

_MARGIN = 1e-6  # frames at or above the threshold are flagged, so it must exceed the highest normal score


class DetectorScores:
    """Scores a detector's recordings; the threshold comes from its calibration, or else from held-out footage."""

    def __init__(self, calibration: Calibration | None = None) -> None:
        self.scorer = comparable_scorer(calibration)

    def threshold(self, per_hour: float, normal: Sequence[Floats]) -> float | None:
        """The score that the maxima of each second of normal footage exceed `per_hour` times an hour.

        An uncalibrated scorer does not know that: the threshold is then just above the highest of the `normal` scores,
        and None where there are none.
        """
        calibrated = self.scorer.threshold_for(per_hour)
        if calibrated is not None:
            return calibrated
        scores = np.concatenate([np.empty(0), *normal])
        return None if np.isnan(scores).all() else float(np.nanmax(scores)) + _MARGIN

    def auc(
        self, signals: RawSignals, times: npt.NDArray[np.float64], abnormal: npt.NDArray[np.bool_] | None
    ) -> float | None:
        """Frame-level AUC of one recording; None without labels of both classes, or before all of it is analysed."""
        # Use the raw scores: displayed scores are clipped at 0, which would make all calm frames equal.
        values = self.scorer.raw_scores(signals, times)
        if abnormal is None or len(abnormal) != len(values) or np.isnan(values).any():
            return None
        auc = roc_auc(values, abnormal)
        return None if np.isnan(auc) else auc
