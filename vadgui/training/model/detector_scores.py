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
from engine.scoring.tail import threshold_for

Floats = npt.NDArray[np.floating]

_ABOVE = 1e-6  # what has at least the threshold is flagged


class DetectorScores:
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

    def threshold(self, per_hour: float, normal: Sequence[Floats]) -> float | None:
        """The score that maxima of a second of normal footage pass `per_hour` times an hour.

        Nobody knows that without a calibration: it is then what lies above all scores of the normal footage given, and
        None without any.
        """
        own = self.own_threshold(per_hour)
        if own is not None:
            return own
        seen = np.concatenate([np.empty(0), *normal])
        return None if np.isnan(seen).all() else float(np.nanmax(seen)) + _ABOVE

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
