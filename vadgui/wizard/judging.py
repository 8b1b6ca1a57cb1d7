"""Scores and thresholds of one detector over several recordings: numbers that mean the same in each of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.evaluation.metrics import roc_auc
from engine.scoring.calibration import Calibration
from engine.scoring.scores import ScoreKind, calibrated_leave, shown_scores, statistic
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import RawSignals
from engine.scoring.tail import block_maxima, threshold_for

Floats = npt.NDArray[np.floating]


class DetectorJudge:
    """Derives scores from raw signals, higher being more anomalous.

    They are the detector's calibrated ones, or the error of the worst patch where nobody has calibrated it.
    """

    def __init__(self, calibration: Calibration | None = None) -> None:
        self._calibration = calibration
        # Not the paper's score of the frame: a small thing would not show in it.
        self._kind = ScoreKind.CALIBRATED if calibration else ScoreKind.PAPER_PATCH

    @property
    def is_calibrated(self) -> bool:
        """Whether its scores mean the same in every recording."""
        return self._calibration is not None

    def scores(self, signals: RawSignals, times: npt.NDArray[np.float64]) -> Floats:
        """Scores [N] as they are drawn; NaN where not analysed, frame 0 as frame 1."""
        if self._calibration:
            return shown_scores(self._kind, signals, times, self._calibration)
        # Not rescaled within the recording: one threshold is for all of them.
        return statistic(self._kind, signals, times, None)

    def threshold(self, per_hour: float, normal: Sequence[tuple[Floats, npt.NDArray[np.float64]]]) -> float | None:
        """The score that maxima of a second of normal footage pass `per_hour` times an hour.

        Without a calibration it is counted in the footage given; None without any.
        """
        own = self.own_threshold(per_hour)
        if own is not None:
            return own
        maxima = np.concatenate([np.empty(0), *(block_maxima(scores, times) for scores, times in normal)])
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
        return threshold_for(per_hour) if self._calibration else None

    def rule(self, threshold: float) -> SegmentRule:
        """How scores become segments where alarms are raised at `threshold`."""
        return SegmentRule(enter=threshold, leave=calibrated_leave(threshold) if self._calibration else threshold)

    def auc(
        self, signals: RawSignals, times: npt.NDArray[np.float64], abnormal: npt.NDArray[np.bool_] | None
    ) -> float | None:
        """Frame-level AUC of one recording; None without labels of both kinds, or before all of it is analysed."""
        # What is drawn stops at 0, but calm frames have an order below it too.
        values = statistic(self._kind, signals, times, self._calibration)
        if abnormal is None or len(abnormal) != len(values) or np.isnan(values).any():
            return None
        auc = roc_auc(values, abnormal)
        return None if np.isnan(auc) else auc
