"""The analysis of a whole video into its store: resumable, honest about its pace, nothing lost when it ends early."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from engine.analysis.pipeline import analyse
from engine.analysis.runner import analyse_to_store, analysis_key, stored_signals
from engine.analysis.score_store import AnalysisKey, ScoreStore
from engine.common.errors import Cancelled, ScoreStoreError, VideoError
from engine.common.events import Progress
from engine.scoring.motion import baseline_frames
from engine.video import open_video
from engine.video.source import VideoInfo
from tests.clips import make_clip, numbered_picture
from tests.vadgui.fakes import MemoryVideo, StillPredictor


class Clock:
    """Seconds that pass with every frame that is measured."""

    def __init__(self, seconds_a_look: float) -> None:
        self.now = 0.0
        self.step = seconds_a_look

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.fixture
def predictor() -> Any:
    return StillPredictor()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ScoreStore]:
    with ScoreStore(tmp_path, AnalysisKey("v", "d", "{}")) as opened:
        yield opened


def video(count: int) -> MemoryVideo:
    return MemoryVideo(Path("clip"), count, burst=range(20, 30))


def as_file(folder: Path) -> Path:
    return make_clip(folder / "gate.mp4", 40)


def as_pictures(folder: Path) -> Path:
    (folder / "gate").mkdir()
    for number in range(40):
        cv2.imwrite(str(folder / "gate" / f"{number:04}.png"), numbered_picture(number))
    return folder / "gate"


def measured(source: MemoryVideo, predictor: Any) -> bytes:
    """The bytes of what the pipeline says of a video: NaN equals NaN there."""
    return b"".join(result.signals.tobytes() for result in analyse(source, predictor))


def test_an_analysis_at_another_rate_than_the_calibrations_is_another(predictor: Any) -> None:
    """Those of its own rate stay what they were before motion was brought to the calibration's frames."""
    plain = analysis_key(video(50), predictor)
    predictor.settings.calibration = SimpleNamespace(frame_seconds=0.04)
    assert analysis_key(video(50), predictor) == plain
    predictor.settings.calibration.frame_seconds = 0.1
    assert analysis_key(video(50), predictor) != plain


@pytest.mark.slow
def test_the_store_ends_up_with_what_the_pipeline_measures(store: ScoreStore, predictor: Any) -> None:
    source = video(50)
    events = list(analyse_to_store(source, predictor, store))
    assert store.read()[1].tobytes() == measured(source, predictor)
    assert events[0] == Progress("Analysing", 0, 50)
    assert (events[-1].done, events[-1].total) == (50, 50)


def test_whatever_is_reported_can_be_read(store: ScoreStore, predictor: Any) -> None:
    reported = []
    for progress in analyse_to_store(video(30), predictor, store, report_seconds=0):
        assert len(store.read(0, progress.done)[1]) == progress.done == len(store)
        reported.append(progress.done)
    assert reported == [0, *range(1, 31), 30]


@pytest.mark.slow
def test_an_interrupted_analysis_goes_on_where_it_stopped(store: ScoreStore, predictor: Any) -> None:
    source = video(50)
    steps = analyse_to_store(source, predictor, store, report_seconds=0)
    for _ in range(12):
        next(steps)
    steps.close()
    resumed_at = len(store)
    assert 10 <= resumed_at < 50
    reads: list[int] = []

    class Watched(MemoryVideo):
        def frames(self, start: int = 0, *rest: Any, **named: Any) -> Any:
            reads.append(start)
            return super().frames(start, *rest, **named)

    events = list(analyse_to_store(Watched(Path("clip"), 50, burst=range(20, 30)), predictor, store))
    assert events[0].done == resumed_at
    assert reads == [resumed_at - baseline_frames(source.times)]
    assert store.read()[1].tobytes() == measured(source, predictor)


def test_what_was_measured_is_saved_however_it_ends(tmp_path: Path, predictor: Any) -> None:
    key = AnalysisKey("v", "d", "{}")

    class Broken(MemoryVideo):
        def frames(self, *args: Any, **named: Any) -> Any:
            for frame in super().frames(*args, **named):
                if frame.index == 20:
                    raise VideoError("Frame 20 can't be decoded", subject="clip")
                yield frame

    def said_yes() -> bool:
        return len(asked) > 25 or bool(asked.append(None))

    asked: list[None] = []
    for source, should_stop, error in [
        (Broken(Path("clip"), 50), None, VideoError),
        (video(50), said_yes, Cancelled),
    ]:
        store = ScoreStore(tmp_path, key)
        before = len(store)
        with pytest.raises(error):
            list(analyse_to_store(source, predictor, store, *filter(None, [should_stop])))
        # Another process sees it without this one having closed anything.
        with ScoreStore(tmp_path, key) as other:
            assert len(other) == len(store) > before
        store.close()


@pytest.mark.slow
def test_a_long_analysis_is_on_disk_every_few_seconds(tmp_path: Path, predictor: Any) -> None:
    key = AnalysisKey("v", "d", "{}")
    with ScoreStore(tmp_path, key) as store:
        steps = analyse_to_store(video(80), predictor, store, clock=Clock(0.1))
        saved = 0
        for progress in steps:
            with ScoreStore(tmp_path, key) as other:
                saved = len(other)
            # At ten frames a second, two seconds and a report are 22 frames.
            assert progress.done - saved <= 24
        assert saved == 80


def test_a_finished_analysis_takes_no_further_look_at_the_video(store: ScoreStore, predictor: Any) -> None:
    list(analyse_to_store(video(30), predictor, store))

    class Unreadable(MemoryVideo):
        def frames(self, *_: Any, **__: Any) -> Any:
            raise AssertionError("the video was read")

    (only,) = analyse_to_store(Unreadable(Path("clip"), 30), predictor, store)
    assert (only.done, only.total) == (30, 30)


def test_a_video_that_ends_early_is_done_with_the_frames_it_has(store: ScoreStore, predictor: Any) -> None:
    class Truncated(MemoryVideo):
        def frames(self, start: int = 0, stop: int | None = None, *rest: Any, **named: Any) -> Any:
            return super().frames(start, min(stop or 30, 30), *rest, **named)

    source = Truncated(Path("clip"), 50)
    *_, last = analyse_to_store(source, predictor, store)
    assert (last.done, last.total) == (30, 30)
    signals = stored_signals(store, 50)
    assert not np.isnan(signals["psnr_db"][1:30]).any()
    assert np.isnan(signals["psnr_db"][30:]).all()


@pytest.mark.slow
def test_speed_and_time_left_follow_the_last_seconds(store: ScoreStore, predictor: Any) -> None:
    clock = Clock(0.05)
    seen = []
    for progress in analyse_to_store(video(300), predictor, store, clock=clock):
        seen.append(progress)
        if progress.done > 150:
            clock.step = 0.1
    # In the first second the device warms up, and nobody should be told of hours.
    assert all(progress.seconds_left is None for progress in seen if progress.done < 15)
    early = next(progress for progress in seen if progress.done > 120)
    late = seen[-2]
    # The clock moves once for each frame; after the change at frame 150 half as many pass in a second.
    assert early.per_second == pytest.approx(20, rel=0.1)
    assert early.seconds_left == pytest.approx((300 - early.done) / 20, rel=0.1)
    assert late.per_second == pytest.approx(10, rel=0.1)


def test_a_store_that_cannot_be_written_is_an_error(tmp_path: Path, predictor: Any) -> None:
    key = AnalysisKey("v", "d", "{}")
    store = ScoreStore(tmp_path, key)
    with sqlite3.connect(tmp_path / key.file_name) as database:
        database.execute("DROP TABLE chunks")
    database.close()
    with pytest.raises(ScoreStoreError, match="can't be saved"):
        list(analyse_to_store(video(30), predictor, store))


def test_another_video_detector_or_setting_is_another_analysis(predictor: Any) -> None:
    other = StillPredictor("other")
    otherwise: Any = StillPredictor()
    otherwise.analysis_settings = {"teacher": "raft"}
    keys = {
        analysis_key(source, each)
        for source, each in [(video(10), predictor), (video(11), predictor), (video(10), other), (video(10), otherwise)]
    }
    assert len(keys) == 4
    assert analysis_key(video(10), predictor) in keys


def video_info(fingerprint: str, **facts: Any) -> VideoInfo:
    return VideoInfo(Path("a.mp4"), "a.mp4", 64, 48, 10, 0.4, 25.0, "h264", fingerprint, **facts)


def test_analyses_at_other_times_are_others() -> None:
    predictor: Any = SimpleNamespace(
        fingerprint="detector", settings=SimpleNamespace(calibration=None), analysis_settings={}
    )
    facts = ({}, {"rate": "given"}, {"rate": "given", "average_fps": 10.0}, {"times_are_made": True})
    infos = [replace(video_info("video"), **each) for each in facts]
    keys = {analysis_key(SimpleNamespace(info=info, frame_seconds=0.04), predictor) for info in infos}  # type: ignore[arg-type]
    assert len(keys) == len(infos)


@pytest.mark.parametrize(
    ("calibration", "settings", "file_name"),
    [
        (
            None,
            '{"device": "cpu", "dtype": "float32", "signals_version": 5, "teacher": "dis-medium"}',
            "70273c9922f94148af79d8a2234fb284.sqlite3",
        ),
        (
            SimpleNamespace(frame_seconds=0.1),
            '{"device": "cpu", "dtype": "float32", "motion": "calibrated", "signals_version": 5, '
            '"teacher": "dis-medium"}',
            "3165dc2547c6577e0b892ce05bdb0d9d.sqlite3",
        ),
    ],
)
def test_keys_stay_those_of_analyses_on_disk(calibration: Any, settings: str, file_name: str) -> None:
    source: Any = SimpleNamespace(info=video_info("video"), frame_seconds=0.04)
    predictor: Any = SimpleNamespace(
        fingerprint="detector",
        settings=SimpleNamespace(calibration=calibration),
        analysis_settings={"teacher": "dis-medium", "signals_version": 5, "dtype": "float32", "device": "cpu"},
    )
    assert analysis_key(source, predictor) == AnalysisKey("video", "detector", settings)
    assert analysis_key(source, predictor).file_name == file_name


@pytest.mark.parametrize("make", [as_file, as_pictures])
def test_of_a_recording_that_is_changed_meanwhile_nothing_is_kept(
    tmp_path: Path, predictor: Any, store: ScoreStore, make: Callable[[Path], Path]
) -> None:
    """It may be still recorded, or another recording may have taken its name."""
    path = make(tmp_path)
    changed = path if path.is_file() else path / "0003.png"
    with open_video(path) as source:
        work = analyse_to_store(source, predictor, store, report_seconds=0.0)
        while len(store) < 2:
            next(work)
        changed.write_bytes(changed.read_bytes() + b"more")
        with pytest.raises(VideoError, match="changed while it was analysed"):
            list(work)
    assert len(store) == 0


def test_of_a_recording_that_is_gone_meanwhile_all_that_was_measured_is_kept(
    tmp_path: Path, predictor: Any, store: ScoreStore
) -> None:
    path = as_pictures(tmp_path)
    with open_video(path) as source:
        work = analyse_to_store(source, predictor, store, report_seconds=0.0)
        while len(store) < 2:
            next(work)
        path.rename(tmp_path / "elsewhere")
        with pytest.raises(VideoError):
            list(work)
    assert 2 <= len(store) < 40
