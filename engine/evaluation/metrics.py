"""Frame-level metrics: the ROC curve, and micro, macro and global AUC over videos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.scoring.paper_scorer import anomaly_score

Scores = npt.NDArray[np.floating]
"""Anomaly scores [N], higher is more anomalous; every frame has one, so never NaN."""
Labels = npt.NDArray[np.bool_]
"""Whether each frame is abnormal, [N]."""


@dataclass(frozen=True, eq=False)
class RocCurve:
    """Points of a ROC curve from (0, 0) to (1, 1); frames with equal scores share one point."""

    false_positive_rate: npt.NDArray[np.float64]
    true_positive_rate: npt.NDArray[np.float64]

    @property
    def area(self) -> float:
        """AUC: the chance that an abnormal frame scores above a normal one, ties counting half (Mann-Whitney)."""
        from sklearn.metrics import auc

        return float(auc(self.false_positive_rate, self.true_positive_rate))


def roc_curve(scores: Scores, abnormal: Labels) -> RocCurve | None:
    """The ROC curve of frames; None if all are normal or all abnormal, for which it is undefined.

    Raises:
        ValueError: there is not one score for each label.
    """
    if scores.shape != abnormal.shape or scores.ndim != 1 or np.isnan(scores).any():
        raise ValueError(f"not one score for each label: {scores.shape} scores, {abnormal.shape} labels, or some NaN")
    if abnormal.all() or not abnormal.any():
        return None
    from sklearn import metrics  # takes a second to import, which would delay the start of the window

    false_positive_rate, true_positive_rate, _ = metrics.roc_curve(abnormal, scores, drop_intermediate=False)
    return RocCurve(false_positive_rate, true_positive_rate)


def roc_auc(scores: Scores, abnormal: Labels) -> float:
    """Area under the ROC curve in [0, 1]; NaN if all frames are normal or all abnormal."""
    curve = roc_curve(scores, abnormal)
    return curve.area if curve else float("nan")


def rescaled(raw: Scores) -> Scores:
    """Eq. 11 and 12: the raw scores of one video rescaled to [0, 1]; all 0 if they are constant."""
    return anomaly_score(-np.asarray(raw, np.float64))


def micro_auc(raw_scores: Sequence[Scores], abnormal: Sequence[Labels]) -> float:
    """The paper's protocol: each video is rescaled separately, then one curve is drawn over all frames."""
    return global_auc([rescaled(each) for each in raw_scores], abnormal)


def macro_auc(raw_scores: Sequence[Scores], abnormal: Sequence[Labels]) -> float:
    """Mean of the AUCs of single videos, each rescaled and padded with a normal frame at 0 and an abnormal one at 1.

    The padding, customary since Georgescu et al., gives videos without a normal or an abnormal frame an AUC too.
    """
    padded = [
        roc_auc(np.concatenate([rescaled(each), [0.0, 1.0]]), np.append(labels, [False, True]))
        for each, labels in zip(raw_scores, abnormal, strict=True)
    ]
    return float(np.mean(padded))


def unpadded_macro_auc(raw_scores: Sequence[Scores], abnormal: Sequence[Labels]) -> float:
    """Mean of the AUCs of the videos that have normal and abnormal frames, the other convention; NaN without any."""
    aucs = [roc_auc(each, labels) for each, labels in zip(raw_scores, abnormal, strict=True)]
    defined = [auc for auc in aucs if not np.isnan(auc)]
    return float(np.mean(defined)) if defined else float("nan")


def global_auc(raw_scores: Sequence[Scores], abnormal: Sequence[Labels]) -> float:
    """One curve over all frames without rescaling, which needs a whole video: the AUC of online detection."""
    return roc_auc(np.concatenate(list(raw_scores)), np.concatenate(list(abnormal)))
