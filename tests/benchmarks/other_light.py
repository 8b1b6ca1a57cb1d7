"""What is left of a detector in other light than its calibration's, and with a calibration of that light: UCSD Ped2.

Brighter and darker pictures are judged by motion alone. Infrared ones are judged by a calibration of the night, learnt
from training clips by infrared light beside the same by day.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from engine.analysis.pipeline import judge
from engine.calibrating.calibrate import calibrate
from engine.calibrating.footage import NormalFootage
from engine.commands.progress import finished
from engine.common.device import choose_compute
from engine.datasets import LabelledVideo, open_dataset
from engine.evaluation.events import ScoredVideo, event_figures
from engine.evaluation.metrics import global_auc
from engine.models.detector import Detector, load_detector
from engine.models.predictor import Predictor
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.signals import missing_signals
from engine.video import open_video
from engine.video.frame import Pixels
from resources import detector_path
from tests.clips import write_clip
from tests.failing_camera import infrared

PED2 = Path(__file__).parents[3] / "shared" / "data" / "ped2"
BARS = {
    "brighter_false_alarms": ("<=", 1.0),
    "darker_false_alarms": ("<=", 1.0),
    "night_false_alarms": ("<=", 1.0),
    "night_normal_false_alarms": ("<=", 0.0),
    "day_normal_false_alarms": ("<=", 0.0),
}
_CALIBRATION = ("02", "07", "12", "14")
"""Training clips, by day and by infrared light."""
_HELD_OUT = ("05", "10", "16")
_FPS = 10
_PLAN = choose_compute("cpu")

Change = Callable[[Sequence[Pixels]], list[Pixels]]


@dataclass(frozen=True)
class _Bench:
    """Writes changed clips into a folder, and scores them."""

    folder: Path

    def changed(self, path: Path, change: Change) -> Path:
        with open_video(path) as source:
            pictures = [each.pixels for each in source.frames()]
        return write_clip(self.folder / f"{path.parent.name}-{path.stem}.mp4", change(pictures), _FPS)

    def scored(self, clip: LabelledVideo, change: Change, detector: Detector) -> ScoredVideo:
        return _scored(self.changed(clip.path, change), detector, tuple(clip.events))

    def figures(
        self, name: str, clips: Sequence[LabelledVideo], change: Change, detector: Detector
    ) -> dict[str, float]:
        """Events found and false alarms of clips, and their global AUC."""
        videos = [self.scored(each, change, detector) for each in clips]
        found = event_figures(videos, _scorer(detector).rule())
        return {
            f"{name}_events": found.events,
            f"{name}_detected": found.detected,
            f"{name}_false_alarms": found.false_alarms,
            f"{name}_global_auc": global_auc(
                [each.scores for each in videos], [np.asarray(each.abnormal) for each in clips]
            ),
        }

    def false_alarms(self, paths: Sequence[Path], change: Change, detector: Detector) -> float:
        videos = [_scored(self.changed(each, change), detector, ()) for each in paths]
        return event_figures(videos, _scorer(detector).rule()).false_alarms


def run(quick: bool = False) -> dict[str, float]:
    """Figures of the testing clips that begin or end normal, and of normal ones; of the first one each if `quick`."""
    if not PED2.is_dir():
        return {}
    by_day, _ = load_detector(detector_path("ped2"))
    some = slice(1 if quick else None)
    clips = [each for each in open_dataset(PED2).testing if not each.abnormal.all()][some]
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder))
        figures |= bench.figures("brighter", clips, partial(_lit, gain=1.3, offset=10.0), by_day)
        figures |= bench.figures("darker", clips, partial(_lit, gain=0.7), by_day)
        both = _day_and_night(by_day, Path(folder) / "night")
        figures |= bench.figures("night", clips, _infrared, both)
        held_out = [PED2 / "training" / f"{name}.mp4" for name in _HELD_OUT][some]
        figures["night_normal_false_alarms"] = bench.false_alarms(held_out, _infrared, both)
        figures["day_normal_false_alarms"] = bench.false_alarms(held_out, list, both)
    return figures


def _lit(pictures: Sequence[Pixels], gain: float, offset: float = 0.0) -> list[Pixels]:
    return [np.clip(each * gain + offset, 0, 255).astype(np.uint8) for each in pictures]


def _infrared(pictures: Sequence[Pixels]) -> list[Pixels]:
    """It has been night for a second when the clip begins."""
    return infrared(pictures, -_FPS, len(pictures))


def _day_and_night(detector: Detector, folder: Path) -> Detector:
    folder.mkdir()
    day = [PED2 / "training" / f"{name}.mp4" for name in _CALIBRATION]
    night = [_Bench(folder).changed(each, _infrared) for each in day]
    found = finished(calibrate(detector, _PLAN, NormalFootage([*day, *night]))).detector
    calibration = found.settings.calibration
    assert calibration is not None
    assert len(calibration.lights) == 2
    return found


def _scorer(detector: Detector) -> CalibratedScorer:
    scorer = CalibratedScorer.of(detector.settings.calibration)
    assert scorer is not None
    return scorer


def _scored(path: Path, detector: Detector, events: tuple[tuple[int, int], ...]) -> ScoredVideo:
    scorer = _scorer(detector)
    with open_video(path) as source:
        signals, times = missing_signals(len(source)), source.times
        for result in judge(source, Predictor(detector, "", _PLAN), scorer.sampling.frames(times), scorer.sampling):
            signals[result.index] = result.signals
    return ScoredVideo(path.stem, scorer.raw_scores(signals, times), times, len(times) / _FPS, events)
