"""Footage that nobody reviewed calibrates a detector, though an event is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.calibrating.calibrate import Calibrated
from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import HeldOutSignals
from engine.calibrating.unreviewed import calibrate_unreviewed, rare_stretches
from engine.commands.progress import finished
from engine.models.detector import load_detector
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.rare_seconds import RARE_SHARE
from engine.scoring.signals import missing_signals
from resources import detector_path


def test_the_normal_model_of_the_second_pass_does_not_learn_what_is_rare(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Path("1.mp4"), Path("2.mp4")
    passes: list[NormalFootage] = []

    untaught, _ = load_detector(detector_path("plaza"))

    def calibrate(_detector: object, _plan: object, footage: NormalFootage, *_: object, **_options: object) -> Iterator:
        passes.append(footage)
        return Calibrated(untaught, [])
        yield

    monkeypatch.setattr("engine.calibrating.unreviewed.calibrate", calibrate)
    monkeypatch.setattr("engine.calibrating.unreviewed.rare_stretches", lambda *_: {one: [(8.0, 9.0)]})
    nothing: Any = None
    footage = NormalFootage([one, other], left_out={one: [(1.0, 2.0)]})
    calibration = finished(calibrate_unreviewed(untaught, nothing, footage)).detector.settings.calibration
    assert calibration is not None
    assert calibration.unreviewed
    assert passes[1].left_out == {one: [(1.0, 2.0)]}
    assert passes[1].rare == {one: [(8.0, 9.0)]}


def test_the_seconds_least_like_the_others_are_rare() -> None:
    times = np.arange(1000) / 10
    videos = []
    for number in range(3):
        random = np.random.default_rng(number)
        signals = missing_signals(1000)
        for name in EVIDENCE:
            signals[name] = random.gamma(2, 1, 1000)
        videos.append(HeldOutSignals(Path(f"{number}.mp4"), times, signals))
    for name in EVIDENCE:
        videos[1].signals[name][400:550] += 30
    calibration = Calibration.of([(each.signals, each.times) for each in videos])
    rare = rare_stretches(videos, calibration)
    assert any(start <= 40 and stop >= 55 for start, stop in rare[Path("1.mp4")])
    seconds = sum(stop - start for stretches in rare.values() for start, stop in stretches)
    assert seconds == round(RARE_SHARE * 300)
