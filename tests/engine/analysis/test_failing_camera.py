"""A camera that fails is told by the right word, and nothing of it is flagged: on the plaza, and on real footage."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.pipeline import judge
from engine.analysis.transitions import measured_motion, sampled_transitions
from engine.common.device import choose_compute
from engine.common.events import never_stop
from engine.models.detector import load_detector
from engine.models.predictor import Predictor
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.conditions import Condition, ConditionKind
from engine.scoring.frame_signals import measure
from engine.scoring.normal_model import NormalModel
from engine.scoring.segments import Segment, find_segments
from engine.scoring.signals import RawSignals, missing_signals
from engine.video import open_video
from engine.video.frame import Pixels
from engine.video.source import VideoSource
from resources import demo_video, detector_path
from tests import failing_camera as failing
from tests.clips import write_clip

CHANGED = ConditionKind.CHANGED
CASES = [
    (failing.frozen, {ConditionKind.FROZEN}),
    (failing.black, {CHANGED, ConditionKind.BLACK}),
    (failing.noisy, {ConditionKind.NOISE}),
    (failing.rainy, {ConditionKind.NOISE}),
    (failing.infrared, {CHANGED, ConditionKind.LOW_CONTRAST}),
    (failing.lamp, {CHANGED, ConditionKind.BRIGHTER}),
    (failing.covered, {CHANGED, ConditionKind.COVERED}),
    (failing.out_of_focus, {ConditionKind.OUT_OF_FOCUS}),
]
by_name = pytest.mark.parametrize(("change", "expected"), CASES, ids=[change.__name__ for change, _ in CASES])


@cache
def predictor(name: str) -> Predictor:
    detector, _ = load_detector(detector_path(name))
    return Predictor(detector, "", choose_compute("cpu"))


@cache
def plaza() -> list[Pixels]:
    """8 s of people who walk, 25 frames a second: what the demo shows before its first event."""
    with open_video(demo_video()) as source:
        return [frame.pixels for frame in islice(source.frames(), 200)]


def signals_of(source: VideoSource, by: Predictor) -> RawSignals:
    signals = missing_signals(len(source))
    sampling = by.settings.calibration.sampling  # type: ignore[union-attr]
    for result in judge(source, by, sampling.frames(source.times), sampling):
        signals[result.index] = result.signals
    return signals


def told(path: Path, by: Predictor) -> tuple[list[Condition], list[Segment], np.ndarray]:
    scorer = CalibratedScorer.of(by.settings.calibration)
    assert scorer is not None
    with open_video(path) as source:
        signals, times = signals_of(source, by), source.times
    return scorer.conditions(signals, times), find_segments(scorer.scores(signals, times), times, scorer.rule()), times


def measured_conditions(path: Path, detector: str) -> list[Condition]:
    """Of a recording that no network looks at."""
    scorer = CalibratedScorer.of(predictor(detector).settings.calibration)
    assert scorer is not None
    with open_video(path) as source:
        signals = missing_signals(len(source))
        for each in sampled_transitions(source, scorer.sampling.frames(source.times), never_stop):
            measured = measured_motion(each, 1.0)
            signals[each.index], _ = measure(each.current, None, measured, None, NormalModel())
        return scorer.conditions(signals, source.times)


@pytest.mark.slow
@by_name
def test_on_the_plaza(change: failing.Change, expected: set[ConditionKind], tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "plaza.mp4", change(plaza(), 50, 150), 25)
    conditions = measured_conditions(clip, "plaza")
    assert {each.kind for each in conditions} == expected
    assert_when(conditions, 2.0, 6.0)


def real_footage(shared_data: Path, name: str, change: failing.Change, folder: Path, crf: int = 14) -> Path:
    with open_video(shared_data / "ped2" / "training" / f"{name}.mp4") as source:
        pictures = [frame.pixels for frame in islice(source.frames(), 180)]
    return write_clip(folder / "ped2.mp4", change(pictures, 60, 130), 10, crf=crf)


@pytest.mark.slow
@by_name
def test_nothing_of_it_is_flagged(
    change: failing.Change, expected: set[ConditionKind], shared_data: Path, tmp_path: Path
) -> None:
    conditions, segments, _ = told(real_footage(shared_data, "04", change, tmp_path), predictor("ped2"))
    assert {each.kind for each in conditions} == expected
    assert segments == []
    assert_when(conditions, 6.0, 13.0)


@pytest.mark.slow
@by_name
def test_on_other_real_footage(
    change: failing.Change, expected: set[ConditionKind], shared_data: Path, tmp_path: Path
) -> None:
    conditions = measured_conditions(real_footage(shared_data, "13", change, tmp_path), "ped2")
    assert {each.kind for each in conditions} == expected
    assert_when(conditions, 6.0, 13.0)


def assert_when(conditions: Sequence[Condition], start: float, stop: float) -> None:
    for each in conditions:
        if each.kind is CHANGED:
            near = min(abs(each.start_seconds - start), abs(each.start_seconds - stop))
            assert near < 1.0, each
        else:
            assert each.start_seconds == pytest.approx(start, abs=1)
            assert each.stop_seconds == pytest.approx(stop, abs=1)


def test_a_frozen_feed_is_told_and_its_end_no_event(shared_data: Path) -> None:
    path = shared_data.parent / "cases" / "frozen-feed" / "det_frozen_long.mp4"
    if not path.is_file():
        pytest.skip("needs ../shared/cases/frozen-feed")
    (condition,), segments, times = told(path, predictor("ped2"))
    assert condition.kind is ConditionKind.FROZEN
    assert np.searchsorted(times, [condition.start_seconds, condition.stop_seconds]) == pytest.approx([150, 449], abs=3)
    assert segments == []


@pytest.mark.slow
@pytest.mark.parametrize("crf", [20, 26, 32])
def test_a_frozen_picture_is_told_however_it_is_encoded(crf: int, tmp_path: Path) -> None:
    """Recorders encode it anew; each keyframe, here one a second, changes it a little."""
    clip = write_clip(tmp_path / "plaza.mp4", failing.frozen(plaza(), 50, 175), 25, crf=crf, gop=25)
    (condition,) = measured_conditions(clip, "plaza")
    assert condition.kind is ConditionKind.FROZEN
    assert_when([condition], 2.0, 7.0)


@pytest.mark.slow
@pytest.mark.parametrize("crf", [23, 28])
def test_rain_is_told_where_the_encoder_softens_it(crf: int, shared_data: Path, tmp_path: Path) -> None:
    (condition,) = measured_conditions(real_footage(shared_data, "04", failing.rainy, tmp_path, crf), "ped2")
    assert condition.kind is ConditionKind.NOISE
    assert_when([condition], 6.0, 13.0)


@pytest.mark.slow
@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.abuse)])
def test_normal_and_eventful_recordings_have_none(shared_data: Path, every: int) -> None:
    paths = sorted((shared_data / "ped2").glob("*/*.mp4"))
    assert len(paths) == 28
    assert {path.name: found for path in paths[::every] if (found := measured_conditions(path, "ped2"))} == {}


def test_the_demo_has_none() -> None:
    assert measured_conditions(demo_video(), "plaza") == []
