"""Which frames a failing camera spoils, and how that is told."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scoring.conditions import (
    Condition,
    ConditionKind,
    conditions_told,
    drifts_apart_from,
    find_conditions,
    in_condition,
    in_other_light,
    kinds_of_samples,
    without_conditions,
)
from engine.scoring.drift import Drift, DriftKind, Reference
from engine.scoring.sampling import SAMPLED
from engine.scoring.signals import RawSignals, missing_signals

COUNT = 600
TIMES = np.arange(COUNT) / 10
LAYOUT = np.linspace(60, 190, 64).reshape(8, 8)


def signals() -> RawSignals:
    """A minute of a lively scene, ten frames a second."""
    made = missing_signals(COUNT)
    made["layout"] = LAYOUT
    made["sharpness"], made["contrast"], made["camera_motion_px"] = 8, 45, 0
    made["median_change"], made["highest_change"], made["changed_share"] = 0.5, 40, 0.1
    made[0] = missing_signals(1)[0]
    return made


REFERENCES = [Reference.of([(signals(), TIMES)])]


def freeze(made: RawSignals, start: int, stop: int) -> None:
    for name in ("median_change", "highest_change", "changed_share"):
        made[name][start:stop] = 0


def test_a_lively_scene_has_none() -> None:
    assert find_conditions(signals(), TIMES, REFERENCES) == []
    assert not in_condition(signals(), TIMES, REFERENCES).any()


def test_what_was_not_analysed_has_none() -> None:
    assert find_conditions(missing_signals(COUNT), TIMES, REFERENCES) == []
    assert find_conditions(missing_signals(0), np.empty(0), REFERENCES) == []


def test_a_picture_that_stands_still_for_long_is_frozen() -> None:
    made = signals()
    freeze(made, 100, 120)
    assert find_conditions(made, TIMES) == [], "nobody moves for two seconds"
    freeze(made, 100, 150)
    assert find_conditions(made, TIMES) == [Condition(ConditionKind.FROZEN, 10.0, 14.9)]
    flags = in_condition(made, TIMES)
    assert np.flatnonzero(flags).tolist() == list(range(95, 155)), "what is beside it shows its edges"


def test_a_live_view_knows_no_later_frame() -> None:
    made = signals()
    freeze(made, 100, 150)
    freeze(made, 157, 200)
    made["changed_share"][300] = 0.9
    whole = in_condition(made, TIMES, live=True)
    assert not whole[:130].any()
    assert whole[131:150].all()
    assert whole[300]
    for until in range(1, COUNT, 7):
        np.testing.assert_array_equal(in_condition(made[:until], TIMES[:until], live=True), whole[:until])


def test_samples_alone_decide() -> None:
    made = signals()
    others = ~SAMPLED.due(TIMES)
    made["contrast"][others] = 0
    assert find_conditions(made, TIMES, sampling=SAMPLED) == []
    assert find_conditions(made, TIMES) != []


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        (ConditionKind.BLACK, {"contrast": 1.0, "highest_change": 0.0}),
        (ConditionKind.COVERED, {"layout": 120}),
        (ConditionKind.LOW_CONTRAST, {"layout": 120 + (LAYOUT - 125) * 0.5}),
        (ConditionKind.BRIGHTER, {"layout": LAYOUT + 40}),
        (ConditionKind.DARKER, {"layout": LAYOUT * 0.7}),
        (ConditionKind.OUT_OF_FOCUS, {"sharpness": 3.0}),
        (ConditionKind.NOISE, {"sharpness": 20.0, "median_change": 5.0}),
    ],
)
def test_each_has_its_word(kind: ConditionKind, changes: dict[str, object]) -> None:
    made = signals()
    for name, value in changes.items():
        made[name][200:300] = value
    assert [each.kind for each in find_conditions(made, TIMES, REFERENCES)] == [kind]


def test_a_shaking_camera_is_not_noisy_and_noise_that_is_usual_neither() -> None:
    made = signals()
    made["median_change"] = 5
    assert find_conditions(made, TIMES, REFERENCES) == []
    made["sharpness"][200:300], made["camera_motion_px"][200:300] = 20, 2
    assert find_conditions(made, TIMES, REFERENCES) == []


def test_another_scene_is_neither_dark_nor_out_of_focus() -> None:
    made = signals()
    made["layout"] = LAYOUT[:, ::-1].T * 0.7
    made["sharpness"] = 2
    assert find_conditions(made, TIMES, REFERENCES) == []


def test_nothing_is_measured_of_flagged_frames_and_others_stay_as_they_are() -> None:
    made = signals()
    flags = np.zeros(COUNT, np.bool_)
    assert without_conditions(made, flags) is made
    flags[10:20] = True
    cleaned = without_conditions(made, flags)
    assert np.isnan(cleaned["sharpness"][10:20]).all()
    assert cleaned[~flags].tobytes() == made[~flags].tobytes()


def test_words_say_what_and_when() -> None:
    frozen = Condition(ConditionKind.FROZEN, 61.2, 91.2)
    changed = Condition(ConditionKind.CHANGED, 3725.0, 3725.0)
    assert list(conditions_told([frozen, changed])) == [
        "Nothing is flagged where the camera fails: frozen picture at 0:01:01 for 30 s, "
        "the whole picture changed at 1:02:05"
    ]
    (told,) = conditions_told([frozen] * 5)
    assert told.endswith("and 2 more")
    assert list(conditions_told([])) == []
    failing, lit = conditions_told([frozen, Condition(ConditionKind.DARKER, 100.0, 4000.0)])
    assert "frozen" in failing
    assert lit.startswith("Other light than the detector was calibrated on: much darker at 0:01:40 for 65 min.")
    assert "less sure" in lit


def test_the_words_have_room_for_failures_not_for_their_edges() -> None:
    begins = Condition(ConditionKind.CHANGED, 6.0, 6.8)
    infrared = Condition(ConditionKind.LOW_CONTRAST, 6.8, 12.8)
    ends = Condition(ConditionKind.CHANGED, 13.0, 13.0)
    alone = Condition(ConditionKind.CHANGED, 40.0, 40.0)
    (told,) = conditions_told([begins, infrared, ends, alone])
    assert told.partition(": ")[2] == (
        "much less contrast (night, infrared or fog) at 0:00:06 for 6 s, the whole picture changed at 0:00:40"
    )


def test_that_the_picture_changed_is_told_where_other_light_has_scores() -> None:
    lamp = [Condition(ConditionKind.CHANGED, 6.0, 6.0), Condition(ConditionKind.BRIGHTER, 6.2, 12.8)]
    failing, lit = conditions_told(lamp)
    assert failing == "Nothing is flagged where the camera fails: the whole picture changed at 0:00:06"
    assert "much brighter at 0:00:06 for 7 s" in lit


@pytest.mark.parametrize("layout", [LAYOUT + 40, LAYOUT * 0.7])
def test_other_light_that_lasts_is_judged(layout: np.ndarray) -> None:
    made = signals()
    made["layout"][200:] = layout
    (condition,) = find_conditions(made, TIMES, REFERENCES)
    assert condition.is_judged
    assert not in_condition(made, TIMES, REFERENCES).any()
    kinds = kinds_of_samples(made, TIMES, REFERENCES)
    assert np.flatnonzero(in_other_light(kinds, TIMES))[0] == 195, "half a second before it, for motion reaches back"
    live = in_other_light(kinds, TIMES, live=True)
    assert np.flatnonzero(live)[0] == 200
    for until in (210, 400):
        np.testing.assert_array_equal(in_other_light(kinds[:until], TIMES[:until], live=True), live[:until])
    made["changed_share"][200] = 0.9
    flags = in_condition(made, TIMES, REFERENCES)
    assert np.flatnonzero(flags).tolist() == list(range(195, 206)), "the moment of change says nothing"


def test_other_light_ends() -> None:
    made = signals()
    made["layout"][200:300] = LAYOUT * 0.7
    kinds = kinds_of_samples(made, TIMES, REFERENCES)
    assert np.flatnonzero(in_other_light(kinds, TIMES)).tolist() == list(range(195, 305))


def test_a_drift_that_is_a_condition_is_not_told_twice() -> None:
    dark = Drift(DriftKind.DARKER, 10, 40)
    assert drifts_apart_from([Condition(ConditionKind.BLACK, 12, 40)], [dark]) == []
    assert drifts_apart_from([Condition(ConditionKind.BLACK, 12, 20)], [dark]) == [dark]
    assert drifts_apart_from([], [dark]) == [dark]
