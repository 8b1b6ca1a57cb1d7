"""The comparison of candidate scores: what it changes in footage, what it measures of that, and how it judges."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from tests.benchmarks.choices.candidates import Usual, counted, signals_of
from tests.benchmarks.choices.changes import CONTROLS, KINDS, Changed, changed
from tests.benchmarks.choices.clips import Clip
from tests.benchmarks.choices.habits import Habits, follow
from tests.benchmarks.choices.judging import Candidate, Footage, Judged
from tests.benchmarks.choices.measured import Measured, measure, remeasure
from tests.benchmarks.choices.questions import CHOSEN, questions
from tests.benchmarks.choices.tables import Result, result_of, table, together

FPS, FRAMES = 10, 70
STREET_ROW = 150
"""The foot of those that walk in the street below."""


@pytest.fixture(scope="module")
def street() -> tuple[Clip, Measured]:
    """Dark figures of 12 by 36 pixels go to the right over a grey street, 2 px a frame; above it, nothing moves."""
    random = np.random.default_rng(3)
    ground = random.integers(120, 136, (256, 256, 1)).repeat(3, axis=2).astype(np.uint8)
    looks = [random.integers(10, 70, (36, 12, 1)).repeat(3, axis=2).astype(np.uint8) for _ in range(4)]
    pictures = np.repeat(ground[None], FRAMES, axis=0)
    for t, (number, look) in itertools.product(range(FRAMES), enumerate(looks)):
        left = (67 * number + 2 * t) % 268 - 12
        seen = slice(max(left, 0), max(min(left + 12, 256), 0))
        pictures[t, STREET_ROW - 36 : STREET_ROW, seen] = look[:, seen.start - left : seen.stop - left]
    clip = Clip("street", pictures, np.arange(FRAMES) / FPS, squeeze=1.0)
    return clip, measure(clip.pictures, clip.seconds)


@pytest.fixture(scope="module")
def habits(street: tuple[Clip, Measured]) -> Habits:
    return Habits.of([street])


@pytest.fixture(scope="module", params=list(KINDS))
def change(request: pytest.FixtureRequest, street: tuple[Clip, Measured], habits: Habits) -> Changed:
    found = changed(request.param, *street, habits, seed=1)
    assert found is not None
    return found


def test_habits_are_those_of_what_walks(habits: Habits) -> None:
    assert habits.height_px(STREET_ROW) == pytest.approx(36, abs=5)
    assert habits.speed_at(STREET_ROW) == pytest.approx(2, abs=0.5)
    assert habits.moving_share[:8].max() == 0 < habits.moving_share[14:16].mean()
    assert habits.directions[14:16].sum(axis=(0, 1)).argmax() == 0  # to the right


def test_a_way_is_followed_in_both_directions(street: tuple[Clip, Measured], habits: Habits) -> None:
    _, measured = street
    ahead = follow(measured, habits, 20, 101.0, 132.0, stop=30)
    back = follow(measured, habits, 20, 101.0, 132.0, stop=10)
    assert ahead[-1][0] - ahead[0][0] == pytest.approx(20, abs=8)
    assert back[-1][0] - back[0][0] == pytest.approx(-20, abs=8)


def test_only_labelled_frames_and_the_way_there_differ(change: Changed, street: tuple[Clip, Measured]) -> None:
    clip, _ = street
    differs = (change.pictures != clip.pictures).any(axis=(1, 2, 3))
    assert not (differs & ~change.differs).any()
    assert change.abnormal.any()
    assert not (change.abnormal & ~change.differs).any()
    assert 8 <= np.count_nonzero(change.abnormal) <= 60


def test_the_same_seed_makes_the_same_change(change: Changed, street: tuple[Clip, Measured], habits: Habits) -> None:
    again = changed(change.kind, *street, habits, seed=1)
    assert again is not None
    assert (again.pictures == change.pictures).all()
    other = changed(change.kind, *street, habits, seed=2)
    assert other is None or (other.pictures != change.pictures).any()


def test_a_grey_camera_stays_grey(change: Changed) -> None:
    colours = change.pictures[change.differs].astype(int)
    assert np.abs(colours[..., 0] - colours[..., 2]).max() <= 1


def test_a_changed_clip_is_measured_as_if_anew(street: tuple[Clip, Measured], habits: Habits) -> None:
    clip, measured = street
    change = changed("too fast", clip, measured, habits, seed=1)
    assert change is not None
    quickly = remeasure(measured, change.pictures, change.differs)
    anew = measure(change.pictures, clip.seconds)
    np.testing.assert_array_equal(quickly.motion, anew.motion)
    np.testing.assert_array_equal(quickly.luma, anew.luma)


def test_of_what_changed_nothing_counts_as_predicted_yet(street: tuple[Clip, Measured], habits: Habits) -> None:
    clip, measured = street
    change = changed("too fast", clip, measured, habits, seed=1)
    assert change is not None
    base = Measured(**{name: getattr(measured, name).copy() for name in vars(measured)})
    base.predicted[1:], base.psnr_db[1:], base.flow_error_px[1:], base.frame_psnr_db[1:] = 1, 40, 0.1, 40
    found = remeasure(base, change.pictures, change.differs)
    assert base.has_predictions
    assert not found.has_predictions
    assert np.isnan(found.psnr_db[1:][change.differs[1:]]).all()
    assert (found.psnr_db[1:][~change.differs[1:] & ~change.differs[:-1]] == 40).all()


def test_measurements_are_stored_to_half_precision(street: tuple[Clip, Measured], tmp_path: Path) -> None:
    _, measured = street
    measured.save(tmp_path / "clip.npz")
    read = Measured.load(tmp_path / "clip.npz")
    np.testing.assert_allclose(read.motion, measured.motion, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(read.seconds, measured.seconds)
    assert not read.has_predictions


def test_what_is_too_fast_is_rarer_than_what_is_usual(street: tuple[Clip, Measured], habits: Habits) -> None:
    clip, measured = street
    usual = Usual.of([measured], [counted(measured)])
    change = changed("too fast", clip, measured, habits, seed=1)
    assert change is not None
    signals = signals_of(remeasure(measured, change.pictures, change.differs), usual)
    normal = signals_of(measured, usual)
    for name in ("speed", "speed rarity"):
        assert np.median(signals[name][change.abnormal]) > normal[name].max()


def test_what_lies_still_is_a_lasting_novelty(street: tuple[Clip, Measured]) -> None:
    clip, measured = street
    usual = Usual.of([measured], [counted(measured)])
    pictures = clip.pictures.copy()
    pictures[20:, 200:224, 40:80] = 20
    differs = np.arange(FRAMES) >= 20
    signals = signals_of(remeasure(measured, pictures, differs), usual)
    lasting, before = signals["lasting novelty"], signals_of(measured, usual)["lasting novelty"]
    assert lasting[45:].min() > 2 * before.max()
    assert lasting[22] < 0.5 * lasting[45]  # it has to last


def test_predictions_enter_by_window(street: tuple[Clip, Measured]) -> None:
    _, still = street
    predicted = Measured(**{name: getattr(still, name).copy() for name in vars(still)})
    predicted.predicted[1:] = predicted.motion[1, 1:]
    predicted.psnr_db[1:], predicted.flow_error_px[1:], predicted.frame_psnr_db[1:] = 40, 0.1, 40
    assert predicted.has_predictions
    usual = Usual.of([predicted], [counted(predicted)])
    predicted.psnr_db[30, 7, 9] = 20
    predicted.predicted[30:, 2, 7, 9] += 5
    signals = signals_of(predicted, usual)
    assert signals["speed excess"].max() == pytest.approx(0, abs=1e-5)
    for name in ("window PSNR", "window PSNR by place", "window PSNR by motion"):
        assert signals[name].argmax() == 30
    assert signals["speed deficit"][-1] == pytest.approx(5, abs=0.2)


def test_larger_windows_are_means_of_neighbours(street: tuple[Clip, Measured]) -> None:
    _, still = street
    predicted = Measured(**{name: getattr(still, name).copy() for name in vars(still)})
    predicted.predicted[1:], predicted.psnr_db[1:], predicted.frame_psnr_db[1:] = 0, 40, 40
    predicted.flow_error_px[1:] = 0
    predicted.flow_error_px[30, 4, 7] = 4  # no window side by side begins there
    signals = signals_of(predicted, Usual.of([predicted], [counted(predicted)]))
    assert signals["flow error over 24 px"].max() == 4
    assert signals["flow error over 48 px"].max() == 1
    assert signals["flow error over 24 px, side by side"].max() == 0
    assert signals["PSNR over 72 px"].max() == pytest.approx(-40, abs=0.01)


def footage(strength: float) -> Footage:
    """Five normal clips of a minute, and one of them changed for three seconds in "faster", half of it in "slower"."""
    random = np.random.default_rng(11)
    seconds = np.arange(600) / 10
    never = np.zeros(600, np.bool_)
    values = [{"a": random.normal(0, 1, 600), "b": random.normal(5, 2, 600)} for _ in range(5)]
    normal = [Judged(f"clip {i}", "", each, seconds, never) for i, each in enumerate(values)]
    abnormal = never.copy()
    abnormal[300:330] = True
    judged = [
        Judged("clip 2", kind, {**values[2], "a": values[2]["a"] + strength * share * abnormal}, seconds, abnormal)
        for kind, share in (("faster", 1.0), ("slower", 0.5), (CONTROLS[0], 0.0))
    ]
    return Footage(normal, judged)


def test_what_stands_out_is_found_and_what_does_not_is_chance() -> None:
    clear = footage(10)
    scored = clear.scores(Candidate(("a", "b")))
    aucs = clear.aucs(scored)
    assert aucs["faster"] > 98
    assert aucs["faster"] >= aucs["slower"] > aucs[CONTROLS[0]]
    assert 20 < aucs[CONTROLS[0]] < 80
    found = clear.found(scored, 2)
    assert found["faster"] == (1, 1)
    assert found[""][1] == 5


@pytest.mark.parametrize("join", ["strongest", "sum", "root of squares", "strongest p"])
def test_every_join_is_higher_where_more_is_unusual(join: str) -> None:
    clear = footage(10)
    aucs = clear.aucs(clear.scores(Candidate(("a", "b"), join)))
    assert aucs["faster"] > 90


def test_a_recording_with_labels_is_judged_by_itself() -> None:
    clear = footage(10)
    seconds, abnormal = np.arange(20) / 10, np.arange(20) >= 10
    recording = Judged("demo", "demo", {"a": abnormal * 9.0, "b": np.full(20, 5.0)}, seconds, abnormal)
    together = Footage(clear.normal, [*clear.judged, recording])
    assert together.aucs(together.scores(Candidate(("a",), smoothing_seconds=(0.1,))))["demo"] == 100


def test_tables_leave_controls_out_of_the_mean() -> None:
    clear = footage(10)
    candidates = [Candidate(("a",)), Candidate(("a", "b"), "sum", (0.3,))]
    lines = table([result_of(clear, candidate) for candidate in candidates]).splitlines()
    assert len(lines) == 4
    assert lines[3].startswith("| a + b, sum, 0.3 s |")
    aucs = clear.aucs(clear.scores(Candidate(("a",))))
    assert f"| {(aucs['faster'] + aucs['slower']) / 2:.1f} |" in lines[2]


def test_cameras_are_put_beside_each_other_the_best_first() -> None:
    cameras = {
        name: [Result(label, {"faster": value}, (0, 0), 1, (0, 0)) for label, value in values.items()]
        for name, values in {"one": {"a": 60.0, "b": 70.0, "c": 99.0}, "two": {"a": 90.0, "b": 60.0}}.items()
    }
    assert together(cameras).splitlines()[2:] == ["| a | 60.0 | 90.0 | 75.0 |", "| b | 70.0 | 60.0 | 65.0 |"]


def test_questions_ask_only_for_what_is_known() -> None:
    known = {*CHOSEN[:2], "speed", "speed over 0.1 s"}
    for _, candidates in questions(known):
        for candidate in candidates:
            assert set(candidate.signals) <= known
