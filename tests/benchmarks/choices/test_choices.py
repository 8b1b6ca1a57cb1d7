"""The comparison of candidate scores: what it changes in footage, what it measures of that, and how it judges."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.common.device import choose_compute
from engine.models.detector import Detector, DetectorSettings
from engine.models.predictor import Predictor
from engine.scoring.evidence import RobustScaler, smoothed, smoothing_windows
from engine.scoring.prototype_bank import PrototypeBank
from tests.benchmarks.choices.candidates import Usual, counted, signals_of
from tests.benchmarks.choices.changes import CONTROLS, KINDS, Changed, changed
from tests.benchmarks.choices.clips import Clip, Pictures
from tests.benchmarks.choices.footage import Camera
from tests.benchmarks.choices.habits import Habits, follow
from tests.benchmarks.choices.judging import Candidate, Footage, Judged
from tests.benchmarks.choices.measured import LOOKS, Labels, Measured, look, measure, remeasure, seen
from tests.benchmarks.choices.measuring import Kept, Looks, Work
from tests.benchmarks.choices.questions import CHOSEN, EARLIER, questions
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
    for t, (number, figure) in itertools.product(range(FRAMES), enumerate(looks)):
        left = (67 * number + 2 * t) % 268 - 12
        visible = slice(max(left, 0), max(min(left + 12, 256), 0))
        pictures[t, STREET_ROW - 36 : STREET_ROW, visible] = figure[:, visible.start - left : visible.stop - left]
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
    base.appearance[1:] = 3
    found = remeasure(base, change.pictures, change.differs)
    assert base.has_predictions
    assert base.has_appearance
    assert not found.has_predictions
    assert not found.has_appearance
    assert np.isnan(found.psnr_db[1:][change.differs[1:]]).all()
    assert (found.psnr_db[1:][~change.differs[1:] & ~change.differs[:-1]] == 40).all()
    # A window's motion is told over two frames.
    assert np.isnan(found.appearance[2:][change.differs[:-2]]).all()


def test_measurements_are_stored_to_half_precision(street: tuple[Clip, Measured], tmp_path: Path) -> None:
    _, measured = street
    measured.save(tmp_path / "clip.npz")
    read = Measured.load(tmp_path / "clip.npz")
    np.testing.assert_allclose(read.motion, measured.motion, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(read.seconds, measured.seconds)
    assert not read.has_predictions


def test_files_from_before_looks_were_measured_lack_them_alone(street: tuple[Clip, Measured], tmp_path: Path) -> None:
    _, measured = street
    arrays = {name: value for name, value in vars(measured).items() if name != "appearance"}
    with (tmp_path / "old.npz").open("wb") as file:
        np.savez(file, **arrays)
    read = Measured.load(tmp_path / "old.npz")
    assert not read.has_appearance
    assert read.appearance.shape == measured.appearance.shape
    np.testing.assert_array_equal(read.motion, measured.motion)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """Of a network that has learnt nothing: its features still differ where pictures do."""
    return Predictor(Detector(DetectorSettings("street", "fast", "dis-fast", 2.0)), "", choose_compute("cpu"))


def test_a_changed_clip_looks_as_if_measured_anew(
    street: tuple[Clip, Measured], habits: Habits, predictor: Predictor
) -> None:
    clip, measured = street
    change = changed("unusual looks", clip, measured, habits, seed=1)
    assert change is not None
    usual = PrototypeBank.of(seen(measured, clip.pictures, predictor, 5, np.random.default_rng(0)))
    assert usual is not None
    base = Measured(**{name: getattr(measured, name).copy() for name in vars(measured)})
    look(base, clip.pictures, predictor, usual, 1)
    assert base.has_appearance
    quickly = remeasure(base, change.pictures, change.differs)
    quickly.take(LOOKS, base)
    look(quickly, change.pictures, predictor, usual, 1, change.differs)
    anew = measure(change.pictures, clip.seconds)
    look(anew, change.pictures, predictor, usual, 1)
    np.testing.assert_allclose(quickly.appearance[1:], anew.appearance[1:], atol=0.01)
    assert (quickly.appearance[1:] != base.appearance[1:]).any()
    look(anew, change.pictures, predictor, usual, 3)
    assert (anew.appearance[2:4] == anew.appearance[1]).all()


def kept_street(street: tuple[Clip, Measured], cache: Path) -> tuple[Camera, Kept]:
    """The street as one camera's only clip, of which only "too fast" is asked."""
    clip, measured = street
    camera = Camera("street", [], cache, [1], 1, ["too fast"])
    own = Measured(**{name: getattr(measured, name).copy() for name in vars(measured)})
    own.save(camera.base_path(clip.name))
    return camera, Kept(clip, camera.base_path(clip.name), own)


def test_what_lacks_is_measured_of_clips_and_their_changes_once(
    street: tuple[Clip, Measured], habits: Habits, tmp_path: Path
) -> None:
    camera, kept = kept_street(street, tmp_path)
    work = Work(camera, [kept], [], habits)
    assert [change.kind for _, change, _ in work.change() if change] == ["too fast"]
    assert not list(work.change())
    asked = []

    def fill(_: Clip, found: Measured, _pictures: Pictures, differs: Labels | None) -> None:
        asked.append(differs)
        found.appearance[1:][slice(None) if differs is None else differs[1:]] = len(asked)

    for _ in range(2):
        list(work.fill(LOOKS, fill))
    assert asked[0] is None
    assert len(asked) == 2
    assert Measured.load(camera.base_path("street")).has_appearance
    stored = Measured.load(camera.changed_path("street", "too fast", 1))
    assert (stored.appearance[1:, 0, 0] == np.where(asked[1][1:], 2, 1)).all()


def test_a_change_that_comes_out_otherwise_is_refused(
    street: tuple[Clip, Measured], habits: Habits, tmp_path: Path
) -> None:
    camera, kept = kept_street(street, tmp_path)
    list(Work(camera, [kept], [], habits).change())
    others = replace(habits, usual_height_px=2 * habits.usual_height_px, height_line=(72.0, 0.0))
    with pytest.raises(ValueError, match="the cache holds another change"):
        list(Work(camera, [kept], [], others).fill(LOOKS, lambda *_: None))


def test_what_is_usual_is_so_in_other_clips(street: tuple[Clip, Measured], predictor: Predictor) -> None:
    clip, measured = street
    still = Clip("still", np.repeat(clip.pictures[:1], 6, axis=0), clip.seconds[:6], 1.0)
    moving, nothing = Kept(clip, Path(), measured), Kept(still, Path(), measure(still.pictures, still.seconds))
    looks = Looks(predictor, 5, [moving, nothing])
    found = Measured(**{name: getattr(measured, name).copy() for name in vars(measured)})
    looks.measure(still, found, clip.pictures, None)
    assert found.has_appearance
    with pytest.raises(ValueError, match="hardly anything moves in all clips but street"):
        looks.measure(clip, found, clip.pictures, None)


def test_looks_are_those_of_the_farthest_windows(street: tuple[Clip, Measured]) -> None:
    _, still = street
    looked = Measured(**{name: getattr(still, name).copy() for name in vars(still)})
    usual = Usual.of([looked], [counted(looked)])
    assert "appearance" not in signals_of(looked, usual)
    looked.appearance[1:] = 0
    looked.appearance[30, 7, 9:11] = 6, 2
    signals = signals_of(looked, usual)
    assert signals["appearance"].argmax() == 30
    assert signals["appearance"].max() == pytest.approx(2)


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
    np.testing.assert_allclose(
        np.exp(signals["velocity error, its order"]) - 1e-3, signals["velocity error"], atol=1e-6
    )
    assert signals["speed deficit"][-1] == pytest.approx(5, abs=0.2)


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


def test_what_weighs_less_has_to_be_more_unusual() -> None:
    faint = footage(1)
    weights = ((1.0, 0.1), (1.0, 1.0), (0.1, 1.0))
    aucs = [faint.aucs(faint.scores(Candidate(("a", "b"), weights=each)))["faster"] for each in weights]
    assert aucs[0] > aucs[1] > aucs[2]


def test_weights_are_the_engines() -> None:
    clear = footage(3)
    candidate = Candidate(("a", "b"), smoothing_seconds=(0.5,), weights=(1.0, 0.5))
    evidence = [
        np.stack([smoothed(each.signals[name], *smoothing_windows(each.seconds, 0.5, live=False)) for name in "ab"])
        for each in clear.normal
    ]
    rest = [values for each, values in zip(clear.normal, evidence, strict=True) if each.clip != "clip 0"]
    joined = RobustScaler.of(rest, candidate.weights).max_evidence(evidence[0])
    _, scored = clear.scores(candidate)[0]
    loud = scored > np.quantile(scored, 0.9)
    assert (np.argsort(scored[loud]) == np.argsort(joined[loud])).all()


def test_labels_tell_weights() -> None:
    assert Candidate(("a", "b"), weights=(1.0, 2 / 3)).label == "a + b (2/3)"
    assert Candidate(("a", "b"), weights=(1.0, 1.0)).label == Candidate(("a", "b")).label == "a + b"


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
    known = {*list(CHOSEN)[:2], "speed", "direction rarity over 0.1 s"}
    for _, candidates in questions(known):
        for candidate in candidates:
            assert set(candidate.signals) <= known


def test_what_is_chosen_is_among_the_answers_to_every_question() -> None:
    known = {*CHOSEN, *EARLIER.signals, "window PSNR", "window flow error, its order"}
    best = Candidate(tuple(CHOSEN), weights=tuple(CHOSEN.values()))
    (_, alone), *others = questions(known)
    assert {each.signals[0] for each in alone} == known
    for _, candidates in others:
        assert best in candidates
        assert len({each.label for each in candidates}) == len(set(candidates))
