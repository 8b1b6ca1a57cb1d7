"""The comparison of candidate scores: what it changes in footage, what it measures of that, and how it judges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.common.device import choose_compute
from engine.models.detector import Detector, DetectorSettings
from engine.models.predictor import Predictor
from engine.scoring.evidence import RobustScaler, smoothed, smoothing_windows
from engine.scoring.prototype_bank import PrototypeBank
from tests.research.choices.camera import Camera
from tests.research.choices.camera_measurement import AppearanceMeasurement, CameraMeasurement, StoredClip
from tests.research.choices.candidate_scores import CandidateScore, LabelledClip, LabelledFootage
from tests.research.choices.candidate_signals import NormalStatistics, candidate_signals, motion_histograms
from tests.research.choices.changes import CONTROLS, KINDS, ChangedClip, change_clip
from tests.research.choices.clip_measurements import (
    APPEARANCE_FIELDS,
    ClipMeasurements,
    Labels,
    measure_appearance,
    measure_motion,
    remeasure_motion,
    seen_in,
)
from tests.research.choices.clips import Clip, Pictures
from tests.research.choices.comparisons import CHOSEN, EARLIER, comparisons
from tests.research.choices.motion_prior import MotionPrior, follow_motion
from tests.research.choices.tables import Result, result_of, side_by_side, table
from tests.research.street import STREET_ROW, street_pictures

pytestmark = pytest.mark.research

FPS, FRAMES = 10, 70


@pytest.fixture(scope="module")
def street() -> tuple[Clip, ClipMeasurements]:
    clip = Clip("street", np.stack(list(street_pictures(FRAMES))), np.arange(FRAMES) / FPS, squeeze=1.0)
    return clip, measure_motion(clip.pictures, clip.seconds)


@pytest.fixture(scope="module")
def prior(street: tuple[Clip, ClipMeasurements]) -> MotionPrior:
    return MotionPrior.of([street])


@pytest.fixture(scope="module", params=list(KINDS))
def change(request: pytest.FixtureRequest, street: tuple[Clip, ClipMeasurements], prior: MotionPrior) -> ChangedClip:
    found = change_clip(request.param, *street, prior, seed=1)
    assert found is not None
    return found


def test_the_motion_prior_is_that_of_what_walks(prior: MotionPrior) -> None:
    assert prior.height_px(STREET_ROW) == pytest.approx(36, abs=5)
    assert prior.speed_at(STREET_ROW) == pytest.approx(2, abs=0.5)
    assert prior.moving_share[:8].max() == 0 < prior.moving_share[14:16].mean()
    assert prior.directions[14:16].sum(axis=(0, 1)).argmax() == 0  # to the right


def test_motion_is_followed_in_both_directions(street: tuple[Clip, ClipMeasurements], prior: MotionPrior) -> None:
    _, measured = street
    ahead = follow_motion(measured, prior, 20, 101.0, 132.0, stop=30)
    back = follow_motion(measured, prior, 20, 101.0, 132.0, stop=10)
    assert ahead[-1][0] - ahead[0][0] == pytest.approx(20, abs=8)
    assert back[-1][0] - back[0][0] == pytest.approx(-20, abs=8)


def test_only_labelled_frames_and_those_before_them_differ(
    change: ChangedClip, street: tuple[Clip, ClipMeasurements]
) -> None:
    clip, _ = street
    differs = (change.pictures != clip.pictures).any(axis=(1, 2, 3))
    assert not (differs & ~change.differs).any()
    assert change.abnormal.any()
    assert not (change.abnormal & ~change.differs).any()
    assert 8 <= np.count_nonzero(change.abnormal) <= 60


def test_the_same_seed_makes_the_same_change(
    change: ChangedClip, street: tuple[Clip, ClipMeasurements], prior: MotionPrior
) -> None:
    again = change_clip(change.kind, *street, prior, seed=1)
    assert again is not None
    assert (again.pictures == change.pictures).all()
    other = change_clip(change.kind, *street, prior, seed=2)
    assert other is None or (other.pictures != change.pictures).any()


def test_a_grey_camera_stays_grey(change: ChangedClip) -> None:
    colours = change.pictures[change.differs].astype(int)
    assert np.abs(colours[..., 0] - colours[..., 2]).max() <= 1


def test_a_changed_clip_is_measured_as_if_anew(street: tuple[Clip, ClipMeasurements], prior: MotionPrior) -> None:
    clip, measured = street
    change = change_clip("too fast", clip, measured, prior, seed=1)
    assert change is not None
    quickly = remeasure_motion(measured, change.pictures, change.differs)
    anew = measure_motion(change.pictures, clip.seconds)
    np.testing.assert_array_equal(quickly.motion, anew.motion)
    np.testing.assert_array_equal(quickly.luma, anew.luma)


def test_of_what_changed_nothing_counts_as_predicted_yet(
    street: tuple[Clip, ClipMeasurements], prior: MotionPrior
) -> None:
    clip, measured = street
    change = change_clip("too fast", clip, measured, prior, seed=1)
    assert change is not None
    base = ClipMeasurements(**{name: getattr(measured, name).copy() for name in vars(measured)})
    base.predicted[1:], base.psnr_db[1:], base.flow_error_px[1:], base.frame_psnr_db[1:] = 1, 40, 0.1, 40
    base.appearance[1:] = 3
    found = remeasure_motion(base, change.pictures, change.differs)
    assert base.has_predictions
    assert base.has_appearance
    assert not found.has_predictions
    assert not found.has_appearance
    assert np.isnan(found.psnr_db[1:][change.differs[1:]]).all()
    assert (found.psnr_db[1:][~change.differs[1:] & ~change.differs[:-1]] == 40).all()
    # A window's motion is told over two frames.
    assert np.isnan(found.appearance[2:][change.differs[:-2]]).all()


def test_measurements_are_stored_to_half_precision(street: tuple[Clip, ClipMeasurements], tmp_path: Path) -> None:
    _, measured = street
    measured.save(tmp_path / "clip.npz")
    read = ClipMeasurements.load(tmp_path / "clip.npz")
    np.testing.assert_allclose(read.motion, measured.motion, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(read.seconds, measured.seconds)
    assert not read.has_predictions


def test_files_from_before_looks_were_measured_lack_them_alone(
    street: tuple[Clip, ClipMeasurements], tmp_path: Path
) -> None:
    _, measured = street
    arrays = {name: value for name, value in vars(measured).items() if name != "appearance"}
    with (tmp_path / "old.npz").open("wb") as file:
        np.savez(file, **arrays)
    read = ClipMeasurements.load(tmp_path / "old.npz")
    assert not read.has_appearance
    assert read.appearance.shape == measured.appearance.shape
    np.testing.assert_array_equal(read.motion, measured.motion)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """Of a network that has learnt nothing: its features still differ where pictures do."""
    return Predictor(Detector(DetectorSettings("street", "fast", "dis-fast", 2.0)), "", choose_compute("cpu"))


def test_a_changed_clip_looks_as_if_measured_anew(
    street: tuple[Clip, ClipMeasurements], prior: MotionPrior, predictor: Predictor
) -> None:
    clip, measured = street
    change = change_clip("unusual looks", clip, measured, prior, seed=1)
    assert change is not None
    usual = PrototypeBank.of(seen_in(measured, clip.pictures, predictor, 5, np.random.default_rng(0)))
    assert usual is not None
    base = ClipMeasurements(**{name: getattr(measured, name).copy() for name in vars(measured)})
    measure_appearance(base, clip.pictures, predictor, usual, 1)
    assert base.has_appearance
    quickly = remeasure_motion(base, change.pictures, change.differs)
    quickly.take(APPEARANCE_FIELDS, base)
    measure_appearance(quickly, change.pictures, predictor, usual, 1, change.differs)
    anew = measure_motion(change.pictures, clip.seconds)
    measure_appearance(anew, change.pictures, predictor, usual, 1)
    np.testing.assert_allclose(quickly.appearance[1:], anew.appearance[1:], atol=0.01)
    assert (quickly.appearance[1:] != base.appearance[1:]).any()
    measure_appearance(anew, change.pictures, predictor, usual, 3)
    assert (anew.appearance[2:4] == anew.appearance[1]).all()


def kept_street(street: tuple[Clip, ClipMeasurements], cache: Path) -> tuple[Camera, StoredClip]:
    """The street as one camera's only clip, of which only "too fast" is asked."""
    clip, measured = street
    camera = Camera("street", [], cache, [1], 1, ["too fast"])
    own = ClipMeasurements(**{name: getattr(measured, name).copy() for name in vars(measured)})
    own.save(camera.normal_path(clip.name))
    return camera, StoredClip(clip, camera.normal_path(clip.name), own)


def test_what_lacks_is_measured_of_clips_and_their_changes_once(
    street: tuple[Clip, ClipMeasurements], prior: MotionPrior, tmp_path: Path
) -> None:
    camera, kept = kept_street(street, tmp_path)
    measurement = CameraMeasurement(camera, [kept], [], prior)
    assert [change.kind for _, change, _ in measurement.change() if change] == ["too fast"]
    assert not list(measurement.change())
    asked = []

    def fill(_: Clip, found: ClipMeasurements, _pictures: Pictures, differs: Labels | None) -> None:
        asked.append(differs)
        found.appearance[1:][slice(None) if differs is None else differs[1:]] = len(asked)

    for _ in range(2):
        list(measurement.fill(APPEARANCE_FIELDS, fill))
    assert asked[0] is None
    assert len(asked) == 2
    assert ClipMeasurements.load(camera.normal_path("street")).has_appearance
    stored = ClipMeasurements.load(camera.changed_path("street", "too fast", 1))
    assert (stored.appearance[1:, 0, 0] == np.where(asked[1][1:], 2, 1)).all()


def test_a_change_that_comes_out_otherwise_is_refused(
    street: tuple[Clip, ClipMeasurements], prior: MotionPrior, tmp_path: Path
) -> None:
    camera, kept = kept_street(street, tmp_path)
    list(CameraMeasurement(camera, [kept], [], prior).change())
    others = replace(prior, usual_height_px=2 * prior.usual_height_px, height_line=(72.0, 0.0))
    with pytest.raises(ValueError, match="the cache holds another change"):
        list(CameraMeasurement(camera, [kept], [], others).fill(APPEARANCE_FIELDS, lambda *_: None))


def test_what_is_usual_is_so_in_other_clips(street: tuple[Clip, ClipMeasurements], predictor: Predictor) -> None:
    clip, measured = street
    still = Clip("still", np.repeat(clip.pictures[:1], 6, axis=0), clip.seconds[:6], 1.0)
    moving, nothing = (
        StoredClip(clip, Path(), measured),
        StoredClip(still, Path(), measure_motion(still.pictures, still.seconds)),
    )
    looks = AppearanceMeasurement(predictor, 5, [moving, nothing])
    found = ClipMeasurements(**{name: getattr(measured, name).copy() for name in vars(measured)})
    looks.measure(still, found, clip.pictures, None)
    assert found.has_appearance
    with pytest.raises(ValueError, match="hardly anything moves in all clips but street"):
        looks.measure(clip, found, clip.pictures, None)


def test_looks_are_those_of_the_farthest_windows(street: tuple[Clip, ClipMeasurements]) -> None:
    _, still = street
    looked = ClipMeasurements(**{name: getattr(still, name).copy() for name in vars(still)})
    usual = NormalStatistics.of([looked], [motion_histograms(looked)])
    assert "appearance" not in candidate_signals(looked, usual)
    looked.appearance[1:] = 0
    looked.appearance[30, 7, 9:11] = 6, 2
    signals = candidate_signals(looked, usual)
    assert signals["appearance"].argmax() == 30
    assert signals["appearance"].max() == pytest.approx(2)


def test_what_is_too_fast_is_rarer_than_what_is_usual(
    street: tuple[Clip, ClipMeasurements], prior: MotionPrior
) -> None:
    clip, measured = street
    usual = NormalStatistics.of([measured], [motion_histograms(measured)])
    change = change_clip("too fast", clip, measured, prior, seed=1)
    assert change is not None
    signals = candidate_signals(remeasure_motion(measured, change.pictures, change.differs), usual)
    normal = candidate_signals(measured, usual)
    for name in ("speed", "speed rarity"):
        assert np.median(signals[name][change.abnormal]) > normal[name].max()


def test_what_lies_still_is_a_lasting_novelty(street: tuple[Clip, ClipMeasurements]) -> None:
    clip, measured = street
    usual = NormalStatistics.of([measured], [motion_histograms(measured)])
    pictures = clip.pictures.copy()
    pictures[20:, 200:224, 40:80] = 20
    differs = np.arange(FRAMES) >= 20
    signals = candidate_signals(remeasure_motion(measured, pictures, differs), usual)
    lasting, before = signals["lasting novelty"], candidate_signals(measured, usual)["lasting novelty"]
    assert lasting[45:].min() > 2 * before.max()
    assert lasting[22] < 0.5 * lasting[45]  # it has to last


def test_predictions_enter_by_window(street: tuple[Clip, ClipMeasurements]) -> None:
    _, still = street
    predicted = ClipMeasurements(**{name: getattr(still, name).copy() for name in vars(still)})
    predicted.predicted[1:] = predicted.motion[1, 1:]
    predicted.psnr_db[1:], predicted.flow_error_px[1:], predicted.frame_psnr_db[1:] = 40, 0.1, 40
    assert predicted.has_predictions
    usual = NormalStatistics.of([predicted], [motion_histograms(predicted)])
    predicted.psnr_db[30, 7, 9] = 20
    predicted.predicted[30:, 2, 7, 9] += 5
    signals = candidate_signals(predicted, usual)
    assert signals["speed excess"].max() == pytest.approx(0, abs=1e-5)
    for name in ("window PSNR", "window PSNR by place", "window PSNR by motion"):
        assert signals[name].argmax() == 30
    np.testing.assert_allclose(
        np.exp(signals["velocity error, its order"]) - 1e-3, signals["velocity error"], atol=1e-6
    )
    assert signals["speed deficit"][-1] == pytest.approx(5, abs=0.2)


def footage(strength: float) -> LabelledFootage:
    """Five normal clips of a minute, and one of them changed for three seconds in "faster", half of it in "slower"."""
    random = np.random.default_rng(11)
    seconds = np.arange(600) / 10
    never = np.zeros(600, np.bool_)
    values = [{"a": random.normal(0, 1, 600), "b": random.normal(5, 2, 600)} for _ in range(5)]
    normal = [LabelledClip(f"clip {i}", "", each, seconds, never) for i, each in enumerate(values)]
    abnormal = never.copy()
    abnormal[300:330] = True
    labelled = [
        LabelledClip(
            "clip 2", kind, {**values[2], "a": values[2]["a"] + strength * share * abnormal}, seconds, abnormal
        )
        for kind, share in (("faster", 1.0), ("slower", 0.5), (CONTROLS[0], 0.0))
    ]
    return LabelledFootage(normal, labelled)


def test_what_stands_out_is_found_and_what_does_not_is_chance() -> None:
    clear = footage(10)
    scored = clear.scores(CandidateScore(("a", "b")))
    aucs = clear.aucs(scored)
    assert aucs["faster"] > 98
    assert aucs["faster"] >= aucs["slower"] > aucs[CONTROLS[0]]
    assert 20 < aucs[CONTROLS[0]] < 80
    found = clear.found(scored, 2)
    assert found["faster"] == (1, 1)
    assert found[""][1] == 5


@pytest.mark.parametrize("fusion", ["max", "sum", "L2 norm", "min p"])
def test_every_fusion_is_higher_where_more_is_unusual(fusion: str) -> None:
    clear = footage(10)
    aucs = clear.aucs(clear.scores(CandidateScore(("a", "b"), fusion)))
    assert aucs["faster"] > 90


def test_what_weighs_less_has_to_be_more_unusual() -> None:
    faint = footage(1)
    weights = ((1.0, 0.1), (1.0, 1.0), (0.1, 1.0))
    aucs = [faint.aucs(faint.scores(CandidateScore(("a", "b"), weights=each)))["faster"] for each in weights]
    assert aucs[0] > aucs[1] > aucs[2]


def test_weights_are_the_engines() -> None:
    clear = footage(3)
    candidate = CandidateScore(("a", "b"), smoothing_seconds=(0.5,), weights=(1.0, 0.5))
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
    assert CandidateScore(("a", "b"), weights=(1.0, 2 / 3)).label == "a + b (2/3)"
    assert CandidateScore(("a", "b"), weights=(1.0, 1.0)).label == CandidateScore(("a", "b")).label == "a + b"


def test_a_recording_with_labels_is_judged_by_itself() -> None:
    clear = footage(10)
    seconds, abnormal = np.arange(20) / 10, np.arange(20) >= 10
    recording = LabelledClip("demo", "demo", {"a": abnormal * 9.0, "b": np.full(20, 5.0)}, seconds, abnormal)
    footage_and_recording = LabelledFootage(clear.normal, [*clear.labelled, recording])
    assert (
        footage_and_recording.aucs(footage_and_recording.scores(CandidateScore(("a",), smoothing_seconds=(0.1,))))[
            "demo"
        ]
        == 100
    )


def test_tables_leave_controls_out_of_the_mean() -> None:
    clear = footage(10)
    candidates = [CandidateScore(("a",)), CandidateScore(("a", "b"), "sum", (0.3,))]
    lines = table([result_of(clear, candidate) for candidate in candidates]).splitlines()
    assert len(lines) == 4
    assert lines[3].startswith("| a + b, sum, 0.3 s |")
    aucs = clear.aucs(clear.scores(CandidateScore(("a",))))
    assert f"| {(aucs['faster'] + aucs['slower']) / 2:.1f} |" in lines[2]


def test_cameras_are_put_beside_each_other_the_best_first() -> None:
    cameras = {
        name: [Result(label, {"faster": value}, (0, 0), 1, (0, 0)) for label, value in values.items()]
        for name, values in {"one": {"a": 60.0, "b": 70.0, "c": 99.0}, "two": {"a": 90.0, "b": 60.0}}.items()
    }
    assert side_by_side(cameras).splitlines()[2:] == ["| a | 60.0 | 90.0 | 75.0 |", "| b | 70.0 | 60.0 | 65.0 |"]


def test_questions_ask_only_for_what_is_known() -> None:
    known = {*list(CHOSEN)[:2], "speed", "direction rarity over 0.1 s"}
    for _, candidates in comparisons(known):
        for candidate in candidates:
            assert set(candidate.signals) <= known


def test_what_is_chosen_is_among_the_answers_to_every_question() -> None:
    known = {*CHOSEN, *EARLIER.signals, "window PSNR", "window flow error, its order"}
    best = CandidateScore(tuple(CHOSEN), weights=tuple(CHOSEN.values()))
    (_, alone), *others = comparisons(known)
    assert {each.signals[0] for each in alone} == known
    for _, candidates in others:
        assert best in candidates
        assert len({each.label for each in candidates}) == len(set(candidates))
