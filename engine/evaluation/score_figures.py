"""Frame-level and event-level metrics of an anomaly score on a dataset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.common.errors import DatasetError
from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.events import EventFigures, ScoredVideo, event_figures
from engine.evaluation.metrics import RocCurve, global_auc, macro_auc, micro_auc, roc_auc, roc_curve, unpadded_macro_auc
from engine.evaluation.misses import MissPoint, miss_curve
from engine.evaluation.ranked import RankedFigures, ranked_figures
from engine.scoring.scorer import Scorer
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import RAW_SIGNALS

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ScoreFigures:
    """Metrics of one score; AUCs are in [0, 1], and NaN if all frames have the same label."""

    micro_auc: float
    macro_auc: float
    """Over all videos, padded by a normal and an abnormal frame."""
    unpadded_macro_auc: float
    """Over the videos that have normal and abnormal frames."""
    global_auc: float
    video_aucs: tuple[float, ...]
    """AUC of each single video, unpadded."""
    events: EventFigures
    misses: Sequence[MissPoint]
    """Events missed against false alarms, by the threshold."""
    ranked: RankedFigures
    rule: SegmentRule
    """The segment rule of the event-level metrics."""
    shown: tuple[FloatArray, ...]
    """Each video's scores [N] as displayed."""
    curve: RocCurve | None
    curve_of: Literal["micro", "global"]
    """Which AUC is the area under `curve`: global for scores that are comparable between videos, else micro."""

    @property
    def curve_auc(self) -> float:
        """The area under `curve`."""
        return self.global_auc if self.curve_of == "global" else self.micro_auc

    @property
    def aucs(self) -> dict[str, float]:
        """Micro, macro and global AUC by their names in reports."""
        return {
            "micro_auc": self.micro_auc,
            "macro_auc": self.macro_auc,
            "unpadded_macro_auc": self.unpadded_macro_auc,
            "global_auc": self.global_auc,
        }


def figures_of(videos: Sequence[MeasuredVideo], scorer: Scorer) -> ScoreFigures:
    """Compute all metrics of one score from the labels of all videos.

    Raises:
        DatasetError: some frames have no score.
    """
    raw = [_raw_scores(video, scorer) for video in videos]
    abnormal = [video.abnormal for video in videos]
    shown = [scorer.display_scores(each) for each in raw]
    rule = scorer.rule()
    # Displayed scores may be clipped at 0, which would tie calm frames that raw scores rank.
    compared = raw if scorer.is_comparable else shown
    scored = [
        ScoredVideo(video.name, scores, video.seconds, video.duration_seconds, video.events)
        for video, scores in zip(videos, shown, strict=True)
    ]
    return ScoreFigures(
        micro_auc=micro_auc(raw, abnormal),
        macro_auc=macro_auc(raw, abnormal),
        unpadded_macro_auc=unpadded_macro_auc(raw, abnormal),
        global_auc=global_auc(raw, abnormal),
        video_aucs=tuple(roc_auc(each, labels) for each, labels in zip(raw, abnormal, strict=True)),
        events=event_figures(scored, rule),
        misses=miss_curve(scored, scorer.rule_at),
        ranked=ranked_figures(scored),
        rule=rule,
        shown=tuple(shown),
        curve=roc_curve(np.concatenate(compared), np.concatenate(abnormal)),
        curve_of="global" if scorer.is_comparable else "micro",
    )


def signal_aucs(videos: Sequence[MeasuredVideo]) -> dict[str, dict[str, float]]:
    """AUCs of each raw signal alone, by its name; signals that the detector does not have are left out.

    Low values of PSNR are anomalous, and high values of all other signals. Signals of patches count by their worst.
    """
    aucs = {}
    abnormal = [video.abnormal for video in videos]
    for name in RAW_SIGNALS.names or ():
        if RAW_SIGNALS[name].base.kind != "f":
            continue
        sign = -1.0 if name.endswith("psnr_db") else 1.0
        values = [sign * video.signals[name].astype(np.float64) for video in videos]
        worst = [each.reshape(len(each), -1).max(axis=1) for each in values]
        for each in worst:
            each[0] = each[1]  # frame 0 has no transition
        if not any(np.isnan(each).any() for each in worst):
            aucs[name] = {
                "micro_auc": micro_auc(worst, abnormal),
                "macro_auc": macro_auc(worst, abnormal),
                "unpadded_macro_auc": unpadded_macro_auc(worst, abnormal),
                "global_auc": global_auc(worst, abnormal),
            }
    return aucs


def _raw_scores(video: MeasuredVideo, scorer: Scorer) -> npt.NDArray[np.float64]:
    values = scorer.raw_scores(video.signals, video.seconds)
    fails = np.isnan(values) & scorer.in_condition(video.signals, video.seconds)
    if fails.any() and not fails.all():
        # Labels have no frames to leave out: where the camera fails, nothing is flagged.
        values = np.where(fails, np.nanmin(values), values)
    if np.isnan(values).any():
        raise DatasetError(
            f"Frame {int(np.argmax(np.isnan(values)))} of a video has no score",
            subject=video.name,
            advice="Its analysis is incomplete: run the command again, or with --no-cache.",
        )
    return values
