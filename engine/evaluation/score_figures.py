"""All figures of a detector on a dataset, for each of its anomaly scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.common.errors import DatasetError
from engine.evaluation.dataset_analysis import MeasuredVideo
from engine.evaluation.events import EventFigures, ScoredVideo, event_figures
from engine.evaluation.metrics import RocCurve, global_auc, macro_auc, micro_auc, roc_auc, roc_curve
from engine.scoring.scorer import Scorer
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import RAW_SIGNALS

FloatArray = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class ScoreFigures:
    """What one score is worth; AUCs lie in [0, 1] and are NaN where no curve can be drawn."""

    micro_auc: float
    macro_auc: float
    global_auc: float
    video_aucs: tuple[float, ...]
    """Of each video by itself, unpadded."""
    events: EventFigures
    rule: SegmentRule
    """What the event-level figures were found with."""
    shown: tuple[FloatArray, ...]
    """Each video's scores as a reviewer sees them."""
    curve: RocCurve | None
    curve_of: Literal["micro", "global"]
    """Whose area lies under `curve`: global where scores mean the same in every video and need no rescaling."""

    @property
    def curve_auc(self) -> float:
        """The area under `curve`."""
        return self.global_auc if self.curve_of == "global" else self.micro_auc

    @property
    def aucs(self) -> dict[str, float]:
        """All three by name, as reports have them."""
        return {"micro_auc": self.micro_auc, "macro_auc": self.macro_auc, "global_auc": self.global_auc}


def figures_of(videos: Sequence[MeasuredVideo], scorer: Scorer) -> ScoreFigures:
    """Judge one score by all videos' labels.

    Raises:
        DatasetError: some frames have no score.
    """
    raw = [_raw_scores(video, scorer) for video in videos]
    abnormal = [video.abnormal for video in videos]
    shown = [scorer.display_scores(each) for each in raw]
    rule = scorer.rule()
    # What is displayed may stop at 0, below which calm frames have an order too.
    compared = raw if scorer.is_comparable else shown
    scored = [
        ScoredVideo(video.name, scores, video.seconds, video.duration_seconds, video.events)
        for video, scores in zip(videos, shown, strict=True)
    ]
    return ScoreFigures(
        micro_auc=micro_auc(raw, abnormal),
        macro_auc=macro_auc(raw, abnormal),
        global_auc=global_auc(raw, abnormal),
        video_aucs=tuple(roc_auc(each, labels) for each, labels in zip(raw, abnormal, strict=True)),
        events=event_figures(scored, rule),
        rule=rule,
        shown=tuple(shown),
        curve=roc_curve(np.concatenate(compared), np.concatenate(abnormal)),
        curve_of="global" if scorer.is_comparable else "micro",
    )


def signal_aucs(videos: Sequence[MeasuredVideo]) -> dict[str, dict[str, float]]:
    """What each raw signal alone is worth, patches by their worst; signals that the detector does not have are missing.

    A low PSNR is anomalous, and so is a high value of all else.
    """
    found = {}
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
            found[name] = {
                "micro_auc": micro_auc(worst, abnormal),
                "macro_auc": macro_auc(worst, abnormal),
                "global_auc": global_auc(worst, abnormal),
            }
    return found


def _raw_scores(video: MeasuredVideo, scorer: Scorer) -> npt.NDArray[np.float64]:
    values = scorer.raw_scores(video.signals, video.seconds)
    if np.isnan(values).any():
        raise DatasetError(
            f"Frame {int(np.argmax(np.isnan(values)))} of a video has no score",
            subject=video.name,
            advice="Its analysis is incomplete: run the command again, or with --no-cache.",
        )
    return values
