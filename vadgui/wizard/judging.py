"""Scores and thresholds of one detector over several recordings: numbers that mean the same in each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.evaluation.metrics import roc_auc
from engine.scoring.signals import RawSignals

Floats = npt.NDArray[np.floating]


class DetectorJudge:
    """Derives scores from raw signals: the error of the worst patch, higher being more anomalous."""

    def scores(self, signals: RawSignals, times: npt.NDArray[np.float64]) -> Floats:
        """Scores [N]; NaN where not analysed, frame 0 as frame 1."""
        del times
        scores = -np.min(signals["patch_psnr_db"], axis=(1, 2)) if len(signals) else np.empty(0)
        if len(scores) > 1 and np.isnan(scores[0]):
            scores[0] = scores[1]
        return scores

    def threshold(self, per_hour: float, normal: Sequence[tuple[Floats, npt.NDArray[np.float64]]]) -> float | None:
        """The score that maxima of a second of normal footage pass `per_hour` times an hour; None without footage."""
        maxima = np.concatenate([np.empty(0), *(second_maxima(scores, times) for scores, times in normal)])
        if not len(maxima):
            return None
        allowed = per_hour * len(maxima) / 3600
        ordered = np.sort(maxima)[::-1]
        # Fewer than one alarm in all that was seen: what lies above everything seen is the best guess there is.
        place = int(allowed)
        if place == 0:
            return float(ordered[0] + 1e-6)
        return float(ordered[min(place, len(ordered) - 1)] + 1e-6)

    def own_threshold(self, per_hour: float) -> float | None:
        """The threshold that the detector's own calibration gives; None where it has none."""
        del per_hour
        return None

    def auc(self, scores: Floats, abnormal: npt.NDArray[np.bool_] | None) -> float | None:
        """Frame-level AUC of one recording; None without labels of both kinds, or before all of it is analysed."""
        if abnormal is None or len(abnormal) != len(scores) or np.isnan(scores).any():
            return None
        auc = roc_auc(scores, abnormal)
        return None if np.isnan(auc) else auc


def second_maxima(scores: Floats, times: npt.NDArray[np.float64]) -> Floats:
    """The highest score of each second of a recording; seconds without an analysed frame are left out."""
    known = ~np.isnan(scores)
    seconds = times[known].astype(np.int64)
    if not len(seconds):
        return np.empty(0)
    starts = np.flatnonzero(np.diff(seconds, prepend=seconds[0] - 1))
    return np.maximum.reduceat(scores[known], starts)
