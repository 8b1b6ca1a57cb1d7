"""Predictions that are taken over where only noise changed: fewer of them, the same results, nothing overlooked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engine.analysis.pipeline import judge
from engine.analysis.runner import analyse_to_store, analysis_key, stored_key
from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.analysis.still_pictures import REFERENCE_EVERY, references
from engine.analysis.transitions import sampled_transitions
from engine.common.events import never_stop
from engine.datasets import open_dataset
from engine.scoring.picture_change import highest_change
from engine.scoring.sampling import SAMPLED, Sampling
from engine.video import open_video
from engine.video.frame import Pixels
from tests.vadgui.fakes import MemoryVideo, StillPredictor

KEY = AnalysisKey("v", "d", "{}")
NOISE_LEVELS = 1.0
STILL_CHANGE = 2.5


class QuietVideo(MemoryVideo):
    """A still scene with noise and a keyframe every two seconds; `things` [N] say where a white one stands, or -1."""

    def __init__(self, things: npt.NDArray[np.integer], times: npt.NDArray[np.float64] | None = None) -> None:
        super().__init__(Path("quiet"), len(things))
        self._things = things
        if times is not None:
            self._times = times

    @property
    def keyframes(self) -> npt.NDArray[np.int64]:
        return np.arange(0, len(self), 50)

    def _pixels(self, index: int) -> npt.NDArray[np.uint8]:
        pixels = np.full((96, 128, 3), 90.0) + np.linspace(0, 60, 128)[:, None]
        at = int(self._things[index])
        if at >= 0:
            # A quarter of a pixel a step.
            pixels[30:60, at // 4 : at // 4 + 12] = 220
            pixels[30:60, at // 4 + 12] += (220 - pixels[30:60, at // 4 + 12]) * (at % 4) / 4
        noise = np.random.default_rng(index).normal(0, NOISE_LEVELS, (96, 128, 1))
        return np.clip(pixels + noise, 0, 255).astype(np.uint8)


class SeeingPredictor(StillPredictor):
    """Expects motion of what is bright, and a little more the brighter everything is."""

    def __init__(self, still_change: float | None = STILL_CHANGE) -> None:
        super().__init__()
        self.still_change = still_change
        self.seen: list[float] = []

    def predict_motion(self, pictures: list[Pixels]) -> list[Any]:
        results = []
        for picture in pictures:
            self.seen.append(float(picture.mean()))
            flow_rgb = np.ones((256, 256, 3), np.float32)
            red = picture[..., 0]
            flow_rgb[..., 0] -= np.where(red > 200, 0.5, red / np.float32(4096))
            results.append(SimpleNamespace(flow_rgb=flow_rgb, appearance=None))
        return results


NOBODY = np.full(500, -1)
VISITOR = np.where((np.arange(500) >= 180) & (np.arange(500) < 300), np.clip((np.arange(500) - 180) * 4, 0, 240), -1)
"""Comes at frame 180, walks to the middle, stands there from 240 on, and is gone at 300."""
CREEPING = np.arange(500) // 25 + 40
"""A quarter of a pixel a second."""


def rows_of(video: MemoryVideo, predictor: Any, frames: npt.NDArray[np.int64] | None = None) -> dict[int, bytes]:
    frames = SAMPLED.frames(video.times) if frames is None else frames
    return {row.index: row.signals.tobytes() for row in judge(video, predictor, frames, SAMPLED)}


def test_of_a_still_scene_the_motion_model_sees_a_picture_every_two_seconds_and_the_overview() -> None:
    video, predictor = QuietVideo(NOBODY), SeeingPredictor()
    rows = rows_of(video, predictor)
    samples = SAMPLED.frames(video.times)
    overview = np.count_nonzero(references(video, samples, SAMPLED) == 0)
    assert len(rows) == len(samples) == 99
    assert 0 < overview < 10
    assert len(predictor.seen) <= len(samples) / REFERENCE_EVERY + overview + 1
    everything = SeeingPredictor(None)
    rows_of(video, everything)
    assert len(everything.seen) == len(samples)


def test_whoever_stands_still_is_predicted_from_a_picture_that_shows_them() -> None:
    """Where motion is expected that does not come is what shows them."""
    video = QuietVideo(VISITOR)
    gated, ungated = (
        {row.index: row.signals for row in judge(video, each, SAMPLED.frames(video.times), SAMPLED)}
        for each in (SeeingPredictor(), SeeingPredictor(None))
    )
    for index, row in ungated.items():
        assert gated[index]["speed_px"] == row["speed_px"]
        assert gated[index]["velocity_error_px"] == pytest.approx(row["velocity_error_px"], abs=0.05), index
    standing = [ungated[index]["velocity_error_px"] for index in range(250, 295, 5)]
    assert min(standing) > 3 * ungated[100]["velocity_error_px"]


def test_a_thing_that_creeps_is_never_predicted_from_a_picture_of_more_than_two_seconds_ago() -> None:
    video, predictor = QuietVideo(CREEPING), SeeingPredictor()
    samples = SAMPLED.frames(video.times)
    # Within two seconds it moves by half a pixel, which is as little as the noise.
    taken = {
        each.index: each
        for each in sampled_transitions(video, samples, never_stop, references(video, samples, SAMPLED))
        if each.reference
    }
    still = [
        each
        for each in taken.values()
        if each.reference
        and each.reference[0] < each.index - 1
        and highest_change(each.reference[1], each.previous) <= STILL_CHANGE
    ]
    assert len(still) > 30, "the gate closes, or nothing is tested"
    assert max(video.times[each.index] - video.times[each.reference[0] + 1] for each in still if each.reference) < 2
    gated, ungated = (
        {row.index: row.signals for row in judge(video, each, samples, SAMPLED)}
        for each in (predictor, SeeingPredictor(None))
    )
    for index, row in ungated.items():
        assert gated[index]["velocity_error_px"] == pytest.approx(row["velocity_error_px"], abs=0.05)


@pytest.mark.parametrize(
    ("times", "motion_every"),
    [
        pytest.param(np.arange(100.0), 1, id="one frame a second"),
        pytest.param(np.arange(500) / 25 + np.where(np.arange(500) >= 228, 3600.0, 0.0), 1, id="an hour's pause"),
        pytest.param(np.arange(500) / 25, 3, id="every third sample predicted"),
    ],
)
def test_no_prediction_is_taken_over_for_two_seconds(times: npt.NDArray[np.float64], motion_every: int) -> None:
    video, sampling = QuietVideo(NOBODY[: len(times)], times), Sampling(0.2, motion_every)
    predicted = sampling.frames(times)[::motion_every]
    found = references(video, predicted, sampling)
    assert (times[predicted] - times[found])[found > 0].max() < 2
    assert np.count_nonzero(found == predicted) < np.count_nonzero(found), "nothing is taken over"


def test_whoever_waits_for_a_step_of_the_analysis_does_not_wait_longer_because_nothing_moves() -> None:
    """A step decodes as many samples as are predicted at once, however few of them have to be."""

    class Noting(QuietVideo):
        furthest = 0

        def _pixels(self, index: int) -> Pixels:
            self.furthest = max(index, self.furthest)
            return super()._pixels(index)

    video, predictor = Noting(NOBODY), SeeingPredictor()
    samples = SAMPLED.frames(video.times)
    two_batches = 2 * predictor.batch_size
    for place, row in enumerate(judge(video, predictor, samples, SAMPLED)):
        assert video.furthest <= samples[min(place + two_batches, len(samples) - 1)], row.index


@pytest.mark.parametrize("first", [1, 4, 10, 13, 55])
@pytest.mark.parametrize("step", [1, 3])
def test_results_do_not_depend_on_where_the_work_begins(first: int, step: int) -> None:
    video = QuietVideo(VISITOR)
    whole = rows_of(video, SeeingPredictor())
    part = SAMPLED.frames(video.times)[first::step]
    assert rows_of(video, SeeingPredictor(), part) == {index: whole[index] for index in part.tolist()}


@pytest.mark.parametrize("stopped_after", [1, 3, 20, 60])
def test_an_interrupted_analysis_ends_as_an_uninterrupted_one(tmp_path: Path, stopped_after: int) -> None:
    video = QuietVideo(VISITOR)
    with ScoreStore(tmp_path / "whole", KEY) as store:
        list(analyse_to_store(video, SeeingPredictor(), store, sampling=SAMPLED))
        whole = dict(zip(*(each.tolist() for each in store.read()), strict=True))
    with ScoreStore(tmp_path / "parts", KEY) as store:
        steps: Iterator[Any] = analyse_to_store(video, SeeingPredictor(), store, sampling=SAMPLED, report_seconds=0)
        for _ in range(stopped_after):
            next(steps)
        steps.close()  # type: ignore[attr-defined]
    with ScoreStore(tmp_path / "parts", KEY) as store:
        list(analyse_to_store(video, SeeingPredictor(), store, sampling=SAMPLED))
        np.testing.assert_equal(dict(zip(*(each.tolist() for each in store.read()), strict=True)), whole)


def test_fewer_predictions_still_come_in_order() -> None:
    video = QuietVideo(VISITOR)
    sampling = Sampling(0.2, motion_every=3)
    samples = sampling.frames(video.times)
    rows = list(judge(video, SeeingPredictor(), samples, sampling))
    assert [row.index for row in rows] == samples.tolist()
    predicted = [not np.isnan(row.signals["velocity_error_px"]) for row in rows]
    assert predicted == [number % 3 == 0 for number in range(len(rows))]


def test_an_analysis_says_up_to_which_change_pictures_were_still(tmp_path: Path) -> None:
    video, predictor = QuietVideo(NOBODY), SeeingPredictor()
    predictor.analysis_settings = {"signals_version": 0}
    predictor.motion_settings = {"still_change": STILL_CHANGE}
    key = analysis_key(video, predictor, SAMPLED)
    assert f'"still_change": {STILL_CHANGE}' in key.settings
    assert stored_key(tmp_path, video, predictor.fingerprint, None, SAMPLED) is None


@pytest.mark.slow
def test_no_sample_of_people_who_walk_slowly_is_still(shared_data: Path) -> None:
    """Ped2's slowest walkers change a picture by many times what is ever taken for noise."""
    changes: list[float] = []
    for video in open_dataset(shared_data / "ped2").testing[:2]:
        with open_video(video.path) as source:
            samples = SAMPLED.frames(source.times)
            sampled = sampled_transitions(source, samples, never_stop, references(source, samples, SAMPLED))
            changes += (
                highest_change(each.reference[1], each.previous)
                for each in sampled
                if each.reference and each.reference[0] != each.index - 1
            )
    assert min(changes) > 20
