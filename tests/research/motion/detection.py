"""`python -m tests.research.motion.detection`: changes normal clips, and asks what is found with the model in int8."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import numpy.typing as npt

from engine.analysis.pipeline import judge
from engine.detector_library import find_detector
from engine.evaluation.metrics import roc_auc
from engine.models.motion_engine import ENGINE_VARIABLE
from engine.models.predictor import Predictor
from engine.scoring.scorers import default_scorer
from engine.scoring.signals import missing_signals
from tests.research.changed_video import ChangedVideo
from tests.research.choices.changes import KINDS, ChangedClip, change_clip
from tests.research.choices.clip_measurements import measure_motion
from tests.research.choices.clips import clips_of
from tests.research.choices.motion_prior import MotionPrior

ALARMS_PER_HOUR = (2, 10)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each kind of change and each engine."""
    chosen = _parser().parse_args(arguments)
    path = find_detector(chosen.detector) or Path(chosen.detector)
    predictors = [_predictor(path, engine) for engine in ("torch", "auto")]
    clips = [(clip, measure_motion(clip.pictures, clip.seconds)) for clip in clips_of(chosen.normal)]
    prior = MotionPrior.of(clips)
    found: dict[tuple[str, str], list[_Scored]] = {}
    for seed in chosen.seeds:
        for clip, measured in clips:
            for kind in chosen.kinds:
                change = change_clip(kind, clip, measured, prior, seed)
                if change is None or not change.abnormal.any():
                    continue
                for predictor in predictors:
                    scored = _judged(change, clip.seconds, predictor)
                    for name in (kind, "all"):
                        found.setdefault((name, predictor.device_label), []).append(scored)
    scorer = default_scorer(predictors[0].settings.calibration)
    thresholds = [scorer.rule(alarms).enter for alarms in ALARMS_PER_HOUR]
    print(
        "| kind | motion model | clips | global AUC % | events found at 2 and 10 an hour | normal samples flagged % |"
    )
    print("|---|---|---|---|---|---|")
    for (kind, engine), scored in sorted(found.items()):
        print(f"| {kind} | {engine} | {_row(scored, thresholds)}")
    return 0


_Scored = tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]
"""Labels and scores of a clip's judged frames; in each clip one thing is abnormal."""


def _predictor(path: Path, engine: str) -> Predictor:
    with patch.dict(os.environ, {ENGINE_VARIABLE: engine}):
        predictor = Predictor.open(path, "cpu")
        predictor.prepare_motion()
    return predictor


def _judged(change: ChangedClip, seconds: npt.NDArray[np.float64], predictor: Predictor) -> _Scored:
    calibration = predictor.settings.calibration
    assert calibration is not None
    video = ChangedVideo(change.pictures, seconds)
    signals = missing_signals(len(video))
    frames = []
    for result in judge(video, predictor, calibration.sampling.frames(video.times), calibration.sampling):
        signals[result.index] = result.signals
        frames.append(result.index)
    scores = calibration.scores(signals, video.times)[frames]
    known = ~np.isnan(scores)
    return change.abnormal[frames][known], scores[known]


def _row(clips: Sequence[_Scored], thresholds: Sequence[float]) -> str:
    labels, scores = (np.concatenate(each) for each in zip(*clips, strict=True))
    found = [sum(bool((of_clip[abnormal] >= each).any()) for abnormal, of_clip in clips) for each in thresholds]
    flagged = 100 * np.mean(scores[~labels] >= thresholds[0])
    return f"{len(clips)} | {100 * roc_auc(scores, labels):.2f} | {found[0]}, {found[1]} | {flagged:.2f} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.research.motion.detection", description=__doc__)
    parser.add_argument("--normal", nargs="+", type=Path, required=True, metavar="PATH", help="footage to change")
    parser.add_argument("--detector", required=True, metavar="NAME|FILE")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="change every clip once with each seed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
