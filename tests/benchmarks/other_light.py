"""What is left of a detector in a picture brighter or darker than its calibration's, on UCSD Ped2's testing clips."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from engine.analysis.pipeline import judge
from engine.common.device import choose_compute
from engine.datasets import LabelledVideo, open_dataset
from engine.evaluation.events import ScoredVideo, event_figures
from engine.evaluation.metrics import global_auc
from engine.models.detector import load_detector
from engine.models.predictor import Predictor
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.signals import missing_signals
from engine.video import open_video
from resources import detector_path
from tests.clips import write_clip

PED2 = Path(__file__).parents[3] / "shared" / "data" / "ped2"
BARS = {"brighter_false_alarms": ("<=", 1.0), "darker_false_alarms": ("<=", 1.0)}
_LIGHT: Mapping[str, tuple[float, float]] = {"brighter": (1.3, 10.0), "darker": (0.7, 0.0)}
"""Gain and offset of each pixel, as the lamp of the tests and an evening."""
_FPS = 10


def run(quick: bool = False) -> dict[str, float]:
    """Events found, false alarms and global AUC of the clips that begin or end normal; of the first one if `quick`."""
    if not PED2.is_dir():
        return {}
    detector, _ = load_detector(detector_path("ped2"))
    predictor = Predictor(detector, "", choose_compute("cpu"))
    scorer = CalibratedScorer.of(detector.settings.calibration)
    assert scorer is not None
    clips = [each for each in open_dataset(PED2).testing if not each.abnormal.all()][: 1 if quick else None]
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, light in _LIGHT.items():
            videos = [_scored(each, light, predictor, scorer, Path(folder)) for each in clips]
            found = event_figures(videos, scorer.rule())
            figures |= {
                f"{name}_events": found.events,
                f"{name}_detected": found.detected,
                f"{name}_false_alarms": found.false_alarms,
                f"{name}_global_auc": global_auc(
                    [each.scores for each in videos], [np.asarray(each.abnormal) for each in clips]
                ),
            }
    return figures


def _scored(
    clip: LabelledVideo, light: tuple[float, float], predictor: Predictor, scorer: CalibratedScorer, folder: Path
) -> ScoredVideo:
    gain, offset = light
    with open_video(clip.path) as source:
        lit = [np.clip(each.pixels * gain + offset, 0, 255).astype(np.uint8) for each in source.frames()]
    with open_video(write_clip(folder / "lit.mp4", lit, _FPS)) as source:
        signals, times = missing_signals(len(source)), source.times
        for result in judge(source, predictor, scorer.sampling.frames(times), scorer.sampling):
            signals[result.index] = result.signals
    scores = scorer.raw_scores(signals, times)
    return ScoredVideo(clip.path.stem, scores, times, len(times) / _FPS, tuple(clip.events))
