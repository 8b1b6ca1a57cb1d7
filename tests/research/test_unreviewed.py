"""Nine normal clips of Ped2 and one with an event, by a detector that never saw the camera."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.analysis.pipeline import judge
from engine.calibrating.calibrate import calibrate
from engine.calibrating.footage import NormalFootage
from engine.calibrating.unreviewed import calibrate_without_rare
from engine.commands.progress import finished
from engine.common.device import choose_compute
from engine.models.detector import Detector, load_detector
from engine.models.predictor import Predictor
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.segments import find_segments
from engine.scoring.signals import missing_signals
from engine.video import open_video
from resources import detector_path

# Two calibrations on three minutes of footage, on cores that may be busy.
pytestmark = [pytest.mark.research, pytest.mark.timeout(1800)]

NORMAL = (1, 3, 4, 6, 8, 9, 11, 13, 15)
UNSEEN = "training/05.mp4"
PLAN = choose_compute("cpu")


def flagged(detector: Detector, path: Path) -> np.ndarray:
    """Which frames lie in a segment at the default threshold."""
    scorer = CalibratedScorer.of(detector.settings.calibration)
    assert scorer is not None
    with open_video(path) as source:
        signals, times = missing_signals(len(source)), source.times
        samples = scorer.sampling.frames(times)
        for result in judge(source, Predictor(detector, "", PLAN), samples, scorer.sampling):
            signals[result.index] = result.signals
    frames = np.zeros(len(times), np.bool_)
    for segment in find_segments(scorer.scores(signals, times), times, scorer.rule()):
        frames[segment.start : segment.stop] = True
    return frames


def test_an_event_among_the_footage_does_not_become_usual(shared_data: Path) -> None:
    ped2 = shared_data / "ped2"
    with_event, unseen_event, unseen_normal = (ped2 / each for each in ("testing/02.mp4", "testing/04.mp4", UNSEEN))
    footage = NormalFootage([*(ped2 / "training" / f"{number:02}.mp4" for number in NORMAL), with_event])
    untaught, _ = load_detector(detector_path("plaza"))
    # What `calibrate_unreviewed` does, and both detectors of it are looked at.
    first = finished(calibrate(untaught, PLAN, footage))
    reviewed = first.detector
    unreviewed = finished(calibrate_without_rare(first, untaught, PLAN, footage)).detector
    with np.load(ped2 / "frame_labels.npz") as labels:
        abnormal = {path: labels[path.stem].astype(bool) for path in (with_event, unseen_event)}
    for path, labelled in abnormal.items():
        assert not flagged(reviewed, path).any(), "taken as normal, it is usual"
        found = flagged(unreviewed, path)
        assert found[labelled].mean() > 0.9
    assert not flagged(unreviewed, unseen_normal).any()
