"""Footage that nobody reviewed calibrates a detector, though an event is in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.calibrating.footage import NormalFootage
from engine.calibrating.held_out_signals import HeldOutSignals
from engine.calibrating.unreviewed import RARE_SHARE, calibrate_unreviewed, rare_stretches
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.signals import missing_signals
from engine.scoring.tail import Tail, threshold_for


def test_what_was_left_out_as_rare_does_not_lower_the_threshold() -> None:
    random = np.random.default_rng(5)
    normal = random.exponential(1.0, 4000)
    whole = Tail.of(normal)
    kept = np.sort(normal)[: round(0.85 * len(normal))]
    rare = len(normal) - len(kept)

    def threshold(tail: Tail, per_hour: float) -> float:
        scores = np.linspace(0, 30, 3001)
        return float(np.interp(threshold_for(per_hour), tail.neg_log10_p(scores), scores))

    for per_hour in (2, 60, 600):
        assert threshold(Tail.of(kept, rare), per_hour) == pytest.approx(threshold(whole, per_hour), rel=0.1)
        assert threshold(Tail.of(kept), per_hour) < 0.9 * threshold(whole, per_hour)


def test_an_event_of_a_tenth_of_the_footage_does_not_lift_the_threshold() -> None:
    random = np.random.default_rng(6)
    normal = random.exponential(1.0, 900)
    events = 20 + random.exponential(1.0, 100)
    mixed = np.sort(np.concatenate([normal, events]))
    kept = mixed[: round((1 - RARE_SHARE) * len(mixed))]
    score_of_events = Tail.of(kept, len(mixed) - len(kept)).neg_log10_p(events)
    assert score_of_events.min() > threshold_for(2)
    assert np.median(Tail.of(mixed).neg_log10_p(events)) < threshold_for(2), "taken as usual, they are"


def test_what_is_left_out_stays_left_out_of_the_second_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Path("1.mp4"), Path("2.mp4")
    passes: list[NormalFootage] = []

    def calibrate(_detector: object, _plan: object, footage: NormalFootage, *_: object, **_options: object) -> Iterator:
        passes.append(footage)
        return SimpleNamespace(detector=SimpleNamespace(settings=SimpleNamespace(calibration="some")), held_out=[])
        yield

    monkeypatch.setattr("engine.calibrating.unreviewed.calibrate", calibrate)
    monkeypatch.setattr("engine.calibrating.unreviewed.rare_stretches", lambda *_: {one: [(8.0, 9.0)]})
    nothing: Any = None
    list(calibrate_unreviewed(nothing, nothing, NormalFootage([one, other], left_out={one: [(1.0, 2.0)]})))
    assert passes[1].left_out == {one: [(1.0, 2.0), (8.0, 9.0)], other: []}


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
