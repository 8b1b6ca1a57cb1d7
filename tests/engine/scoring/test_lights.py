"""A camera of two lights: told apart in footage, each with a calibration of its own, and used where it holds."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from engine.analysis.findings import Findings
from engine.scoring.calibrated_scorer import CalibratedLiveScorer, CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.conditions import ConditionKind, kinds_of_samples
from engine.scoring.incremental import IncrementalScores
from engine.scoring.lights import held_lights, light_names, lights_of_footage
from engine.scoring.signals import RawSignals
from engine.scoring.tail import threshold_for
from tests.engine.scoring.test_calibration import lit_video

Video = tuple[RawSignals, np.ndarray]
NOISE = 3.0
"""How much more everything seems to move at night."""


def infrared(video: Video, start: int = 0) -> Video:
    """The same from a frame on with half the contrast, in which noise is taken for motion, and looks are others."""
    signals, times = video[0].copy(), video[1]
    night = signals[start:]
    night["layout"] = (night["layout"] - 125.0) * 0.5 + 125
    night["contrast"] = 22
    night["speed_excess_px"] *= NOISE
    night["appearance_distance"] += 20
    return signals, times


def evening(video: Video, factor: float = 0.4) -> Video:
    signals, times = video[0].copy(), video[1]
    signals["layout"] = signals["layout"] * factor
    return signals, times


DAY = [lit_video(seed) for seed in range(4)]
NIGHT = [infrared(lit_video(seed)) for seed in range(4, 7)]


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return Calibration.of([*NIGHT, *DAY])


def test_each_light_is_calibrated_by_itself(calibration: Calibration) -> None:
    day, night = calibration.lights
    assert (day.videos, night.videos) == (4, 3)
    assert (day.seconds, night.seconds) == (240, 180)
    assert calibration.in_light(0).scores(*DAY[0]) == pytest.approx(Calibration.of(DAY).scores(*DAY[0]), nan_ok=True)
    assert night.least_false_alarms > day.least_false_alarms
    assert light_names(calibration.references) == ["usual light", "less contrast, as by infrared light"]


def test_a_day_without_a_gap_is_one_light() -> None:
    videos = []
    for seed, (signals, times) in enumerate(DAY):
        falls = evening((signals, times), 1.0)[0]
        falls["layout"] = falls["layout"] * np.linspace(1 - seed * 0.15, 0.85 - seed * 0.15, len(times))[:, None, None]
        videos.append((falls, times))
    assert not np.concatenate(lights_of_footage(videos)).any()


def test_half_a_minute_is_no_light_of_its_own() -> None:
    signals, times = infrared(lit_video(9))
    assert len(Calibration.of([*DAY, (signals[:250], times[:250])]).lights) == 1


def test_a_camera_that_fails_for_a_minute_has_no_light_of_that() -> None:
    black = lit_video(8)
    black[0]["layout"], black[0]["contrast"], black[0]["highest_change"] = 3, 1, 0
    assert len(Calibration.of([*DAY, black]).lights) == 1


@pytest.mark.parametrize("scorer", [CalibratedScorer, CalibratedLiveScorer])
def test_what_is_normal_at_night_is_not_flagged_and_what_is_not_is(
    calibration: Calibration, scorer: type[CalibratedScorer]
) -> None:
    signals, times = infrared(lit_video(11))
    made = scorer(calibration)
    assert Findings.of(signals, times, made, made.rule()).segments == []
    signals["speed_excess_px"][300:310] += 30 * NOISE
    (segment,) = Findings.of(signals, times, made, made.rule()).segments
    assert segment.start <= 305 < segment.stop
    by_day = scorer(Calibration.of(DAY))
    assert [each.kind for each in by_day.conditions(signals, times)] == [ConditionKind.LOW_CONTRAST]
    assert made.conditions(signals, times) == []
    assert calibration.drifts(signals, times) == []
    assert not made.is_other_scene(signals)


def test_segments_end_where_the_light_changes(calibration: Calibration) -> None:
    signals, times = infrared(lit_video(11), start=300)
    signals["speed_excess_px"][280:320] += 30 * NOISE
    scorer = CalibratedScorer(calibration)
    found = Findings.of(signals, times, scorer, scorer.rule())
    before, after = found.segments
    assert before.stop <= 300 - 4 < 300 + 4 <= after.start
    assert found.reasons == ["unusually fast", "unusually fast"]
    assert calibration.lights_of_frames(signals, times).tolist() == [0] * 300 + [1] * 300


def test_in_a_third_light_motion_alone_is_judged(calibration: Calibration) -> None:
    signals, times = evening(lit_video(11))
    signals["appearance_distance"] += 40
    scores = calibration.scores(signals, times)
    assert np.nanmax(scores[20:]) < threshold_for(2)
    (condition,) = CalibratedScorer(calibration).conditions(signals, times)
    assert condition.is_judged


def test_a_bus_before_the_lens_is_no_nightfall(calibration: Calibration) -> None:
    signals, times = lit_video(11)
    signals["layout"][100:115] = infrared(lit_video(11))[0]["layout"][100:115]
    kinds = kinds_of_samples(signals, times, calibration.references)
    assert not held_lights(kinds, times).any()


def test_live_it_depends_on_no_later_frame(calibration: Calibration) -> None:
    signals, times = infrared(lit_video(11), start=300)
    whole = calibration.scores(signals, times, live=True)
    for until in (290, 305, 315, 330):
        np.testing.assert_array_equal(calibration.scores(signals[:until], times[:until], live=True), whole[:until])


def test_pieces_say_what_the_whole_does(calibration: Calibration) -> None:
    signals, times = infrared(lit_video(11), start=300)
    signals["speed_excess_px"][280:320] += 30
    scorer = CalibratedScorer(calibration)
    growing = IncrementalScores(scorer, times, calibration.references)
    for start, stop in ((200, 310), (0, 200), (450, 600), (310, 450)):
        growing.add(np.arange(start, stop), signals[start:stop])
        growing.derive(1000)
    np.testing.assert_allclose(growing.scores(), scorer.scores(signals, times), rtol=1e-6)
    np.testing.assert_array_equal(growing.in_condition(), scorer.in_condition(signals, times))
    lights = calibration.lights_of_frames(signals, times).tolist()
    assert [growing.light_of(frame) for frame in range(600)] == lights


def test_each_light_learns_from_what_is_of_it(calibration: Calibration) -> None:
    more = infrared(lit_video(12), start=400)
    learnt = calibration.with_more([more], [np.zeros(600, np.bool_)])
    assert [each.seconds for each in learnt.lights] == [280, 200]
    assert learnt.lights[0].offline.tail.blocks > calibration.lights[0].offline.tail.blocks


def test_survives_json(calibration: Calibration) -> None:
    assert Calibration.from_json(json.loads(json.dumps(asdict(calibration)))) == calibration
