"""Analysis of testing videos: label lengths, the cache, progress over all videos, MAX_I."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.common.errors import Cancelled, DatasetError
from engine.common.events import Progress
from engine.datasets import LabelledVideo
from engine.evaluation.dataset_analysis import MeasuredVideo, measure
from engine.models.picture import model_picture
from engine.scoring.psnr import prediction_psnr
from engine.video import open_video
from tests.engine.evaluation.conftest import MakeVideo


def measured(videos: list[LabelledVideo], *rest: Any, **named: Any) -> list[MeasuredVideo]:
    return [event for event in measure(videos, *rest, **named) if isinstance(event, MeasuredVideo)]


def test_each_video_comes_with_its_labels_times_and_signals(
    make_labelled: MakeVideo, predictor: Any, tmp_path: Path
) -> None:
    videos = [make_labelled("01", "...xx.", flashes=[3]), make_labelled("02", "xx..")]
    first, second = measured(videos, predictor, tmp_path / "cache")
    assert (first.name, second.name) == ("01", "02")
    assert (first.events, second.events) == (((3, 5),), ((0, 2),))
    assert first.seconds == pytest.approx(np.arange(6) / 25)
    assert first.duration_seconds == pytest.approx(6 / 25)
    psnr_db = first.signals["psnr_db"]
    assert np.isnan(psnr_db[0])
    assert set(np.argsort(psnr_db[1:])[:2] + 1) == {3, 4}  # the box appears and disappears


def test_progress_runs_once_over_all_videos(make_labelled: MakeVideo, predictor: Any, tmp_path: Path) -> None:
    videos = [make_labelled("01", "...x"), make_labelled("02", "x.....")]
    steps = [event for event in measure(videos, predictor, tmp_path) if isinstance(event, Progress)]
    done = [step.done for step in steps]
    assert {step.total for step in steps} == {10}
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 10)


def test_reading_the_maxima_is_progress_too(make_labelled: MakeVideo, predictor: Any, tmp_path: Path) -> None:
    videos = [make_labelled("01", "...x"), make_labelled("02", "x.....")]
    for _ in range(2):  # the second time nothing is analysed
        steps = [event for event in measure(videos, predictor, tmp_path, max_i=None) if isinstance(event, Progress)]
        done = [step.done for step in steps]
        assert {step.total for step in steps} == {20}
        assert done == sorted(done)
        assert [step.done for step in steps if step.phase == "Reading maxima"] == [8, 20]


def test_time_left_is_that_of_all_phases_of_all_videos(
    make_labelled: MakeVideo, predictor: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def analyse(source: Any, *_: Any, **__: Any) -> Iterator[Progress]:
        yield Progress("Analysing", 2, len(source), per_second=4.0, seconds_left=0.5)

    def read_maxima(source: Any, peaks: list[float], _: Any) -> Iterator[Progress]:
        peaks += [1.0] * len(source)
        yield Progress("Reading maxima", 2, len(source), per_second=20.0, seconds_left=0.1)

    monkeypatch.setattr("engine.evaluation.dataset_analysis.analyse_to_store", analyse)
    monkeypatch.setattr("engine.evaluation.dataset_analysis._read_peaks", read_maxima)
    videos = [make_labelled("01", "...x"), make_labelled("02", "x.....")]
    steps = [event for event in measure(videos, predictor, tmp_path, max_i=None) if isinstance(event, Progress)]
    assert [step.seconds_left for step in steps] == pytest.approx(
        [
            None,
            8 / 4,  # the rate of reading maxima is unknown so far
            6 / 4 + 8 / 20,
            4 / 4 + 6 / 20,
            0 / 4 + 4 / 20,
        ]
    )


def test_cached_analyses_are_not_repeated(make_labelled: MakeVideo, predictor: Any, tmp_path: Path) -> None:
    videos = [make_labelled("01", "...x")]
    before = measured(videos, predictor, tmp_path / "cache")
    predictor.predict = None
    after = measured(videos, predictor, tmp_path / "cache")
    assert after[0].signals.tobytes() == before[0].signals.tobytes()


def test_labels_of_another_length_are_found_before_anything_is_analysed(
    make_labelled: MakeVideo, predictor: Any, tmp_path: Path
) -> None:
    good, bad = make_labelled("01", "...x"), make_labelled("02", "...x")
    bad = replace(bad, abnormal=np.append(bad.abnormal, True))
    predictor.predict = None
    with pytest.raises(DatasetError, match="4 frames, its labels are of 5") as raised:
        measured([good, bad], predictor, tmp_path / "cache")
    assert raised.value.subject == str(bad.path)


def test_a_video_of_a_single_frame_is_an_error(make_labelled: MakeVideo, predictor: Any, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="single frame"):
        measured([make_labelled("01", "x")], predictor, tmp_path / "cache")


def test_stopping_keeps_the_frames_analysed_so_far(make_labelled: MakeVideo, predictor: Any, tmp_path: Path) -> None:
    videos = [make_labelled("01", "...x"), make_labelled("02", "x...")]
    work = measure(videos, predictor, tmp_path / "cache", lambda: stopped)
    stopped = False
    event: object = None
    while not isinstance(event, MeasuredVideo):
        event = next(work)
    stopped = True
    with pytest.raises(Cancelled):
        list(work)
    predictor.predict = None
    (again,) = measured(videos[:1], predictor, tmp_path / "cache")
    assert again.signals.tobytes() == event.signals.tobytes()


def test_each_frames_maximum_gives_the_same_signals_as_measuring_with_it(
    make_labelled: MakeVideo, predictor: Any, tmp_path: Path
) -> None:
    video = make_labelled("01", "..xx.", flashes=[2], brightest=180)
    (found,) = measured([video], predictor, tmp_path / "cache", max_i=None)
    with open_video(video.path) as source:
        pictures = [model_picture(frame.pixels).astype(np.float32) / 255 for frame in source.frames()]
    for number in range(1, 5):
        psnr_db, patch_psnr_db, _ = prediction_psnr(pictures[number], pictures[number - 1], max_i=None)
        assert found.signals["psnr_db"][number] == pytest.approx(psnr_db, abs=1e-3)
        assert found.signals["patch_psnr_db"][number] == pytest.approx(patch_psnr_db, abs=1e-3)
