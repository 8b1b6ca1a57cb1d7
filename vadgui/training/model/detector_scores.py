"""Scores and thresholds of one detector over several recordings: numbers that mean the same in each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.evaluation.metrics import roc_auc
from engine.scoring.calibration import Calibration
from engine.scoring.scorers import comparable_scorer
from engine.scoring.signals import RawSignals

Floats = npt.NDArray[np.floating]

_ABOVE = 1e-6  # what has at least the threshold is flagged


class DetectorScores:
    """Judges by the detector's comparable scores, with held-out footage where those know nothing of false alarms."""

    def __init__(self, calibration: Calibration | None = None) -> None:
        self.scorer = comparable_scorer(calibration)

    def threshold(self, per_hour: float, normal: Sequence[Floats]) -> float | None:
        """The score that maxima of a second of normal footage pass `per_hour` times an hour.

        Where the scorer does not know that, it is what lies above all scores of the normal footage given, and None
        without any.
        """
        own = self.scorer.threshold_for(per_hour)
        if own is not None:
            return own
        seen = np.concatenate([np.empty(0), *normal])
        return None if np.isnan(seen).all() else float(np.nanmax(seen)) + _ABOVE

    def auc(
        self, signals: RawSignals, times: npt.NDArray[np.float64], abnormal: npt.NDArray[np.bool_] | None
    ) -> float | None:
        """Frame-level AUC of one recording; None without labels of both kinds, or before all of it is analysed."""
        # What is drawn stops at 0, but calm frames have an order below it too.
        values = self.scorer.raw_scores(signals, times)
        if abnormal is None or len(abnormal) != len(values) or np.isnan(values).any():
            return None
        auc = roc_auc(values, abnormal)
        return None if np.isnan(auc) else auc
