"""The engine worker with a video in memory: views come at once, the analysis goes on, and everything can be closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.analysis.runner import analysis_key
from engine.analysis.score_store import ScoreStore
from engine.common.errors import DetectorFileError, VideoError
from engine.video.frame import Pixels
from tests.vadgui.fakes import FakeFiles, MemoryVideo, SlowDetectors, StillPredictor, brightness, predicted_brightness
from vadgui.jobs import engine_loop
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.messages import QueueDone, QueueFailed
from vadgui.jobs.request_queue import QueueJob
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.model.frame_view import NO_DETECTOR, NO_TRANSITION, FrameView

COUNT = 120
BURST = range(60, 70)


class Receiver:
    """A worker and all that its signals reported."""

    def __init__(self, fake_files: FakeFiles, folder: Path) -> None:
        self.fake_files = fake_files
        self.worker = EngineWorker(fake_files.open_video, fake_files.open_predictor, folder)
        self.messages: list[str] = []
        self.views: list[FrameView] = []
        self.states: list[AnalysisState] = []
        self.rows: dict[int, Any] = {}
        self.errors: list[Exception] = []
        self.worker.video_opened.connect(lambda opened: self.messages.append(f"video {opened.info.name}"))
        self.worker.video_closed.connect(lambda: self.messages.append("closed"))
        self.worker.detector_opened.connect(lambda summary: self.messages.append(f"detector {summary.name}"))
        self.worker.view_ready.connect(self.views.append)
        self.worker.analysis_changed.connect(self.states.append)
        self.worker.signals_ready.connect(self._take_rows)
        self.worker.failed.connect(self.errors.append)
        self.worker.opening_failed.connect(lambda _, error: self.errors.append(error))

    def _take_rows(self, frames: Any, rows: Any) -> None:
        self.rows.update(zip(frames.tolist(), rows, strict=True))

    @property
    def phase(self) -> AnalysisPhase | None:
        return self.states[-1].phase if self.states else None


class HeldPredictor(StillPredictor):
    """Predicts nothing until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.reached, self.go_on = threading.Event(), threading.Event()

    def _wait(self) -> None:
        self.reached.set()
        assert self.go_on.wait(60)

    def predict(self, pictures: list[Pixels]) -> list[Any]:
        self._wait()
        return super().predict(pictures)

    def predict_motion(self, pictures: list[Pixels]) -> list[Any]:
        self._wait()
        return super().predict_motion(pictures)


@pytest.fixture
def fake_files() -> FakeFiles:
    return FakeFiles(
        street=lambda path: MemoryVideo(path, COUNT, BURST),
        scene=lambda path: MemoryVideo(path, COUNT, BURST, is_scene=True),
        yard=lambda path: MemoryVideo(path, 30),
        slow=lambda path: MemoryVideo(path, COUNT, read_seconds=0.4),
        long=lambda path: MemoryVideo(path, 20_000),
        scratched=lambda path: MemoryVideo(path, COUNT, damaged=range(10, 13)),
    )


@pytest.fixture
def receiver(fake_files: FakeFiles, tmp_path: Path, qtbot: QtBot) -> Iterator[Receiver]:
    del qtbot  # requested only because it creates the QApplication
    receiver = Receiver(fake_files, tmp_path / "analyses")
    yield receiver
    receiver.worker.close()
    assert all(video.closed for video in fake_files.opened)


def open_both(receiver: Receiver, qtbot: QtBot, video: str = "street.mp4") -> None:
    receiver.worker.open_video(Path(video))
    receiver.worker.open_detector(Path("still.safetensors"), "auto")
    qtbot.waitUntil(lambda: {f"video {video}", "detector still"} <= set(receiver.messages))


def test_reports_the_opened_video_together_with_its_first_view(receiver: Receiver, qtbot: QtBot) -> None:
    with qtbot.waitSignal(receiver.worker.video_opened) as opened:
        receiver.worker.open_video(Path("street.mp4"))
    (message,) = opened.args
    assert message.info.name == "street.mp4"
    assert len(message.times) == COUNT
    assert message.first_view.index == 0
    assert message.first_view.missing == NO_TRANSITION


def test_a_view_carries_the_pictures_of_its_own_transition(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    receiver.worker.show(37, True)
    qtbot.waitUntil(lambda: bool(receiver.views) and receiver.views[-1].complete)
    view = receiver.views[-1]
    assert view.index == 37
    assert view.pts_seconds == pytest.approx(37 / 25)
    assert view.predicted_frame is not None
    assert view.signals is not None
    assert (view.frame[..., :3] == brightness(37)).all()
    assert (view.predicted_frame[..., :3] == predicted_brightness(37)).all()
    difference = (brightness(37) - predicted_brightness(37)) / 255
    expected_db = 10 * np.log10(1 / difference**2)
    assert view.signals["psnr_db"] == pytest.approx(expected_db, abs=1e-3)


def test_a_view_without_detector_says_so(receiver: Receiver, qtbot: QtBot) -> None:
    with qtbot.waitSignal(receiver.worker.video_opened):
        receiver.worker.open_video(Path("street.mp4"))
    with qtbot.waitSignal(receiver.worker.view_ready) as shown:
        receiver.worker.show(5, True)
    assert shown.args[0].missing == NO_DETECTOR
    assert not shown.args[0].complete


def test_first_frame_has_no_pictures_and_says_why(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    with qtbot.waitSignal(receiver.worker.view_ready) as shown:
        receiver.worker.show(0, True)
    assert shown.args[0].missing == NO_TRANSITION


def test_slow_pictures_come_after_their_frame(receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot) -> None:
    fake_files.predictors["still"] = StillPredictor(seconds=0.3)
    open_both(receiver, qtbot)
    receiver.worker.show(50, True)
    qtbot.waitUntil(lambda: len(receiver.views) == 2)
    assert [view.index for view in receiver.views] == [50, 50]
    assert [view.predicting for view in receiver.views] == [True, False]
    assert [view.complete for view in receiver.views] == [False, True]


def test_quick_pictures_come_in_one_view_with_their_frame(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    receiver.worker.show(10, True)  # the worker estimates the duration of a view from earlier ones
    qtbot.waitUntil(lambda: bool(receiver.views) and receiver.views[-1].complete)
    receiver.views.clear()
    for index in (80, 20, 100, 90):
        with qtbot.waitSignal(receiver.worker.view_ready):
            receiver.worker.show(index, True)
    qtbot.wait(50)
    assert [(view.index, view.complete) for view in receiver.views] == [
        (80, True),
        (20, True),
        (100, True),
        (90, True),
    ]


def test_a_newer_request_abandons_the_older_one(receiver: Receiver, qtbot: QtBot) -> None:
    with qtbot.waitSignal(receiver.worker.video_opened):
        receiver.worker.open_video(Path("slow.mp4"))
    for index in range(1, 100):
        receiver.worker.show(index, False)
    qtbot.waitUntil(lambda: bool(receiver.views) and receiver.views[-1].index == 99)
    assert len(receiver.views) <= 2


def test_requests_for_another_video_are_ignored(receiver: Receiver, qtbot: QtBot) -> None:
    with qtbot.waitSignal(receiver.worker.video_opened):
        receiver.worker.open_video(Path("street.mp4"))
    receiver.worker.open_video(Path("yard.mp4"))
    # Until `video_opened` arrives, the GUI thread still sends frame numbers of street.mp4; yard.mp4 has only 30 frames.
    receiver.worker.show(100, True)
    receiver.worker.make_thumbnail(101)
    qtbot.waitUntil(lambda: "video yard.mp4" in receiver.messages)
    with qtbot.waitSignal(receiver.worker.view_ready) as shown:
        receiver.worker.show(29, True)
    assert shown.args[0].index == 29
    assert not receiver.errors


def test_thumbnails_are_small_pictures_of_their_frames(receiver: Receiver, qtbot: QtBot) -> None:
    with qtbot.waitSignal(receiver.worker.video_opened):
        receiver.worker.open_video(Path("street.mp4"))
    with qtbot.waitSignal(receiver.worker.thumbnail_ready) as thumbnail:
        receiver.worker.make_thumbnail(42)
    index, picture = thumbnail.args
    assert index == 42
    assert picture.shape == (120, 160, 4)
    assert (picture[..., :3] == brightness(42)).all()


def test_analysis_measures_every_frame_and_ends(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.DONE)
    assert sorted(receiver.rows) == list(range(COUNT))
    psnr = np.array([receiver.rows[i]["psnr_db"] for i in range(COUNT)])
    assert np.isnan(psnr[0])
    assert set(np.argsort(psnr[1:])[:9] + 1) <= set(range(BURST.start, BURST.stop + 1))
    assert receiver.states[-1].done == receiver.states[-1].total == COUNT


def test_stored_rows_come_at_once(receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot, tmp_path: Path) -> None:
    open_both(receiver, qtbot)
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.DONE)
    fake_files.predictors["still"]._seconds = 60.0  # an analysis that predicted anything again would time out
    again = Receiver(fake_files, tmp_path / "analyses")
    try:
        open_both(again, qtbot)
        again.worker.run_analysis()
        qtbot.waitUntil(lambda: again.phase is AnalysisPhase.DONE)
        assert sorted(again.rows) == list(range(COUNT))
    finally:
        again.worker.close()


def test_pause_and_resume(receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot) -> None:
    fake_files.predictors["still"] = StillPredictor(seconds=0.004)
    open_both(receiver, qtbot)
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: len(receiver.rows) > 5)
    receiver.worker.pause_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.PAUSED)
    measured_count = len(receiver.rows)
    assert measured_count < COUNT
    qtbot.wait(200)
    assert len(receiver.rows) == measured_count
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.DONE)
    assert sorted(receiver.rows) == list(range(COUNT))


def test_cancel_keeps_what_was_measured(receiver: Receiver, qtbot: QtBot, tmp_path: Path) -> None:
    open_both(receiver, qtbot, "long.mp4")
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: len(receiver.rows) > 5)
    receiver.worker.cancel_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.CANCELLED)
    key = analysis_key(receiver.fake_files.opened[0], receiver.fake_files.predictors["still"])  # type: ignore[arg-type]

    def kept() -> int:
        with ScoreStore(tmp_path / "analyses", key) as store:
            return len(store)

    qtbot.waitUntil(lambda: kept() == len(receiver.rows))  # it is told before it is written


def test_the_playhead_does_not_wait_for_the_analysis(receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot) -> None:
    fake_files.predictors["still"] = StillPredictor(seconds=0.01)
    open_both(receiver, qtbot, "long.mp4")
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: len(receiver.rows) > 5)
    for index in (5_000, 10_000, 15_000):
        receiver.worker.show(index, True)
        qtbot.waitUntil(lambda index=index: any(v.index == index and v.complete for v in receiver.views))  # type: ignore[misc]
    assert receiver.phase is AnalysisPhase.RUNNING, "it takes minutes"


def test_playing_does_not_starve_the_analysis(receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot) -> None:
    fake_files.predictors["still"] = StillPredictor(seconds=0.02)
    open_both(receiver, qtbot, "long.mp4")
    receiver.worker.run_analysis()
    shown = iter(range(1, 10_000))
    receiver.worker.view_ready.connect(lambda view: view.complete and receiver.worker.show(next(shown), True))
    receiver.worker.show(next(shown), True)
    qtbot.waitUntil(lambda: len(receiver.views) > 10)
    measured_count, shown_count = len(receiver.rows), len(receiver.views)
    qtbot.waitUntil(lambda: len(receiver.rows) >= measured_count + 4)
    assert len(receiver.views) < shown_count + 60


@pytest.mark.parametrize(
    ("request_opening", "kind"),
    [
        (lambda worker: worker.open_video(Path("broken.mp4")), VideoError),
        (lambda worker: worker.open_detector(Path("broken.safetensors"), "auto"), DetectorFileError),
    ],
)
def test_a_file_that_cannot_be_opened_does_not_disturb_the_analysis(
    receiver: Receiver,
    fake_files: FakeFiles,
    qtbot: QtBot,
    request_opening: Callable[[EngineWorker], None],
    kind: type[Exception],
) -> None:
    fake_files.predictors["still"] = StillPredictor(seconds=0.004)
    open_both(receiver, qtbot)
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: len(receiver.rows) > 5)
    request_opening(receiver.worker)
    qtbot.waitUntil(lambda: bool(receiver.errors))
    assert isinstance(receiver.errors[0], kind)
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.DONE)
    assert sorted(receiver.rows) == list(range(COUNT))
    with qtbot.waitSignal(receiver.worker.view_ready):
        receiver.worker.show(3, False)


def test_views_still_work_after_a_failed_analysis(receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)

    def fail(_: object) -> list[object]:
        raise VideoError("A frame can't be decoded", subject="street.mp4")

    fake_files.predictors["still"].predict = fail  # type: ignore[method-assign, assignment]
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.FAILED)
    qtbot.waitUntil(lambda: len(receiver.errors) == 1)
    with qtbot.waitSignal(receiver.worker.view_ready):
        receiver.worker.show(3, False)


def test_a_damaged_stretch_is_reported_once(receiver: Receiver, qtbot: QtBot) -> None:
    with qtbot.waitSignal(receiver.worker.video_opened):
        receiver.worker.open_video(Path("street.mp4"))

    def fail(index: int, *_: object) -> None:
        raise VideoError(f"Frame {index} can't be decoded", subject="street.mp4")

    receiver.fake_files.opened[0].read = fail  # type: ignore[method-assign, assignment]
    for index in range(5):
        receiver.worker.show(index, False)
        qtbot.waitUntil(lambda index=index: bool(receiver.views) and receiver.views[-1].index == index)  # type: ignore[misc]
    qtbot.waitUntil(lambda: bool(receiver.errors))
    assert len(receiver.errors) == 1


def test_another_video_while_analysing(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot, "long.mp4")
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: len(receiver.rows) > 5)
    receiver.worker.video_opened.connect(receiver.rows.clear)
    receiver.worker.open_video(Path("yard.mp4"))
    qtbot.waitUntil(lambda: "video yard.mp4" in receiver.messages)
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.DONE)
    assert sorted(receiver.rows) == list(range(30))
    assert receiver.fake_files.opened[0].closed


def test_everything_but_loading_a_detector_runs_in_one_thread(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    with qtbot.waitSignal(receiver.worker.view_ready):
        receiver.worker.show(3, True)
    assert receiver.fake_files.opened[0].threads == {"vadgui-engine"}
    assert [thread.name for thread in threading.enumerate()].count("vadgui-engine") == 1


@pytest.fixture
def slow_files() -> SlowDetectors:
    return SlowDetectors(street=lambda path: MemoryVideo(path, COUNT), yard=lambda path: MemoryVideo(path, 30))


@pytest.fixture
def slow(slow_files: SlowDetectors, tmp_path: Path, qtbot: QtBot) -> Iterator[Receiver]:
    """A receiver whose recording is open, and whose detector is being loaded."""
    receiver = Receiver(slow_files, tmp_path / "analyses")
    receiver.worker.open_video(Path("street.mp4"))
    receiver.worker.open_detector(Path("still.safetensors"), "auto")
    qtbot.waitUntil(lambda: slow_files.asked == ["still"])
    yield receiver
    slow_files.let_all()
    receiver.worker.close()
    assert all(video.closed for video in slow_files.opened)


def test_thumbnails_wait_for_the_detector_as_it_outlines_what_is_on_them(
    slow: Receiver, slow_files: SlowDetectors, qtbot: QtBot
) -> None:
    made: list[int] = []
    slow.worker.thumbnail_ready.connect(lambda index, _: made.append(index))
    slow.worker.make_thumbnail(5)
    slow.worker.show(7, True)
    qtbot.waitUntil(lambda: bool(slow.views))
    slow.worker.show(8, True)
    qtbot.waitUntil(lambda: slow.views[-1].index == 8)
    assert not made
    slow_files.may_load["still"].set()
    qtbot.waitUntil(lambda: "detector still" in slow.messages)
    slow.worker.make_thumbnail(6)
    qtbot.waitUntil(lambda: bool(made))
    assert made == [6]


def test_a_detector_is_loaded_although_what_is_known_before_fails(
    slow_files: SlowDetectors, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Iterator[object]:
        yield from ()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(engine_loop, "known_before_loading", fail)
    receiver = Receiver(slow_files, tmp_path / "analyses")
    slow_files.may_load["still"].set()
    open_both(receiver, qtbot)
    assert [type(error) for error in receiver.errors] == [OSError]
    receiver.worker.close()


def test_the_status_tells_of_the_detector_until_it_is_there(
    slow: Receiver, slow_files: SlowDetectors, qtbot: QtBot
) -> None:
    told: list[str] = []
    slow.worker.opening_changed.connect(lambda opening: told.append(opening.name))
    slow.worker.open_video(Path("yard.mp4"))
    qtbot.waitUntil(lambda: "video yard.mp4" in slow.messages)
    assert told[-1] == ""  # what was asked for the recording before does not count
    slow.worker.open_detector(Path("still.safetensors"), "auto")
    qtbot.waitUntil(lambda: told[-1] == "still")
    assert told[0] == "yard.mp4"
    slow_files.may_load["still"].set()
    qtbot.waitUntil(lambda: told[-1] == "")


@pytest.mark.parametrize("after", ["other", ""])
def test_a_detector_that_is_no_longer_wanted_is_not_used(
    slow: Receiver, slow_files: SlowDetectors, qtbot: QtBot, after: str
) -> None:
    if after:
        slow.worker.open_detector(Path("other.safetensors"), "auto")
        slow_files.may_load["other"].set()
    else:
        slow.worker.close_detector()
    slow.worker.show(7, True)
    qtbot.waitUntil(lambda: bool(slow.views))  # by now the engine has seen the request
    slow_files.may_load["still"].set()
    if after:
        qtbot.waitUntil(lambda: "detector other" in slow.messages)
    slow.worker.show(8, True)
    qtbot.waitUntil(lambda: slow.views[-1].index == 8)
    assert "detector still" not in slow.messages
    assert slow_files.asked == list(filter(None, ["still", after]))


def test_the_present_detector_and_its_analysis_stay_where_another_cannot_be_loaded(
    slow: Receiver, slow_files: SlowDetectors, qtbot: QtBot
) -> None:
    slow_files.may_load["still"].set()
    qtbot.waitUntil(lambda: "detector still" in slow.messages)
    slow.worker.run_analysis()
    slow.worker.open_detector(Path("broken.safetensors"), "auto")
    slow_files.may_load["broken"].set()
    qtbot.waitUntil(lambda: slow.phase is AnalysisPhase.DONE)
    assert isinstance(slow.errors[0], DetectorFileError)
    assert sorted(slow.rows) == list(range(COUNT))


def test_with_frames_first_frames_do_not_wait_for_pictures_or_the_analysis(
    receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot
) -> None:
    predictor = fake_files.predictors["still"] = HeldPredictor()
    open_both(receiver, qtbot, "long.mp4")
    receiver.worker.run_analysis()
    assert predictor.reached.wait(60)
    receiver.worker.set_frames_first(True)
    for index in range(1, 26):
        receiver.worker.show(index, True)
        qtbot.waitUntil(lambda index=index: any(view.index == index for view in receiver.views))
    frame = next(view for view in receiver.views if view.index == 25)
    assert frame.predicting
    assert (frame.frame[..., :3] == brightness(25)).all()
    predictor.go_on.set()
    receiver.worker.set_frames_first(False)
    qtbot.waitUntil(lambda: receiver.views[-1].index == 25 and receiver.views[-1].complete)
    predicted = receiver.views[-1].predicted_frame
    assert predicted is not None
    assert (predicted[..., :3] == predicted_brightness(25)).all()


def test_with_frames_first_a_damaged_stretch_is_reported_once_and_passed(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot, "scratched.mp4")
    receiver.worker.set_frames_first(True)
    for index in range(9, 16):
        receiver.worker.show(index, False)
        qtbot.waitUntil(lambda index=index: any(view.index == index for view in receiver.views))
    by_index = {view.index: view for view in receiver.views}
    assert [by_index[index].frame is None for index in range(9, 16)] == [False, True, True, True, False, False, False]
    assert "can't be decoded" in by_index[11].missing
    qtbot.waitUntil(lambda: bool(receiver.errors))
    assert len(receiver.errors) == 1


def test_with_frames_first_another_recording_is_read_next(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    receiver.worker.set_frames_first(True)
    receiver.worker.show(20, False)
    qtbot.waitUntil(lambda: bool(receiver.views))
    with qtbot.waitSignal(receiver.worker.video_opened):
        receiver.worker.open_video(Path("yard.mp4"))
    receiver.worker.show(29, False)
    qtbot.waitUntil(lambda: receiver.views[-1].index == 29)
    assert receiver.views[-1].frame is not None


@pytest.mark.parametrize("moment", ["idle", "analysing", "reading"])
def test_closes_quickly_whatever_it_is_doing(
    receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot, moment: str
) -> None:
    fake_files.predictors["still"] = StillPredictor(seconds=0.05)
    open_both(receiver, qtbot, "long.mp4")
    if moment == "analysing":
        receiver.worker.run_analysis()
        qtbot.waitUntil(lambda: len(receiver.rows) > 2)
    if moment == "reading":
        receiver.fake_files.opened[0].read_seconds = 600
        receiver.worker.show(50, True)
        qtbot.waitUntil(lambda: receiver.fake_files.opened[0].reading == 50)
    began = time.monotonic()
    receiver.worker.close()
    assert time.monotonic() - began < 30, "the work takes minutes"


def test_the_view_of_a_damaged_frame_says_why_it_is_empty(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot, "scratched.mp4")
    for index in (10, 11, 12):
        receiver.worker.show(index, True)
        qtbot.waitUntil(lambda index=index: bool(receiver.views) and receiver.views[-1].index == index)
        assert receiver.views[-1].frame is None
        assert receiver.views[-1].missing == f"Frame {index} can't be decoded."
    assert len(receiver.errors) == 1  # reported for the first damaged frame only
    receiver.worker.show(14, True)
    qtbot.waitUntil(lambda: receiver.views[-1].complete)


def test_a_view_that_was_interrupted_by_a_broken_file_is_made_afterwards(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    video = receiver.fake_files.opened[0]
    video.read_seconds = 600
    receiver.worker.show(5, True)
    qtbot.waitUntil(lambda: video.reading == 5)
    video.read_seconds = 0
    assert not receiver.views, "the frame is still being read"
    receiver.worker.open_video(Path("broken.mp4"))
    qtbot.waitUntil(lambda: bool(receiver.views) and receiver.views[-1].complete)
    assert receiver.views[-1].index == 5
    assert [type(error) for error in receiver.errors] == [VideoError]


# Recordings that are not open


def job(path: str) -> QueueJob:
    return QueueJob(Path(path).absolute(), Path("still.safetensors"), "auto")


def queue(receiver: Receiver, path: str, messages: list[Any]) -> None:
    receiver.worker.queue_changed.connect(messages.append)
    receiver.worker.analyse_queued(job(path))


def test_a_queued_recording_is_analysed_without_being_opened(receiver: Receiver, qtbot: QtBot) -> None:
    messages: list[Any] = []
    queue(receiver, "scene.mp4", messages)
    qtbot.waitUntil(lambda: bool(messages) and isinstance(messages[-1], QueueDone))
    done = messages[-1]
    assert (done.path, done.detector, done.score) == (Path("scene.mp4").absolute(), "still", "paper")
    assert [each.start <= BURST.start < BURST.stop <= each.stop for each in done.segments] == [True]
    shares = [each.share for each in messages[:-1]]
    assert shares == sorted(shares)
    assert receiver.messages == [], "nothing was opened on screen"
    qtbot.waitUntil(lambda: receiver.fake_files.opened[0].closed)


def test_a_queued_recording_that_fails_says_so_and_the_next_one_goes_on(receiver: Receiver, qtbot: QtBot) -> None:
    receiver.worker.open_detector(Path("still.safetensors"), "auto")
    messages: list[Any] = []
    queue(receiver, "nothing.mp4", messages)
    qtbot.waitUntil(lambda: bool(messages))
    assert isinstance(messages[0], QueueFailed)
    assert isinstance(messages[0].error, VideoError)
    receiver.worker.analyse_queued(job("scratched.mp4"))
    qtbot.waitUntil(lambda: isinstance(messages[-1], QueueFailed | QueueDone) and len(messages) > 1)
    assert messages[-1].path.name == "scratched.mp4"
    receiver.worker.analyse_queued(job("yard.mp4"))
    qtbot.waitUntil(lambda: isinstance(messages[-1], QueueDone) and messages[-1].path.stem == "yard")
    assert receiver.errors == []


def test_the_open_recording_is_analysed_before_queued_ones(receiver: Receiver, qtbot: QtBot) -> None:
    open_both(receiver, qtbot)
    order: list[str] = []
    receiver.worker.analysis_changed.connect(lambda state: order.append("open") if state.done < state.total else None)
    receiver.worker.queue_changed.connect(lambda _: order.append("queued"))
    receiver.worker.run_analysis()
    receiver.worker.analyse_queued(job("yard.mp4"))
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.DONE and "queued" in order)
    assert order == sorted(order)


def test_a_queued_recording_keeps_what_was_measured_when_it_has_to_stop(receiver: Receiver, qtbot: QtBot) -> None:
    receiver.worker.open_detector(Path("still.safetensors"), "auto")
    messages: list[Any] = []
    queue(receiver, "long.mp4", messages)
    qtbot.waitUntil(lambda: bool(messages) and messages[-1].share > 0.01)
    receiver.worker.analyse_queued(None)
    qtbot.waitUntil(lambda: all(video.closed for video in receiver.fake_files.opened))
    share = messages[-1].share
    count = len(messages)
    receiver.worker.analyse_queued(job("long.mp4"))
    qtbot.waitUntil(lambda: len(messages) > count)
    assert messages[count].share >= share


def test_opening_the_queued_recording_takes_its_analysis_over(receiver: Receiver, qtbot: QtBot) -> None:
    receiver.worker.open_detector(Path("still.safetensors"), "auto")
    messages: list[Any] = []
    queue(receiver, "long.mp4", messages)
    qtbot.waitUntil(lambda: bool(messages) and messages[-1].share > 0.01)
    receiver.worker.open_video(Path("long.mp4").absolute())
    receiver.worker.run_analysis()
    qtbot.waitUntil(lambda: receiver.phase is AnalysisPhase.RUNNING)
    assert receiver.states[0].done / receiver.states[0].total >= messages[-1].share
    count = len(messages)
    qtbot.wait(300)
    assert len(messages) == count, "it is not analysed twice"


def test_a_recording_that_cannot_be_opened_is_named(receiver: Receiver, qtbot: QtBot) -> None:
    named: list[Path] = []
    receiver.worker.opening_failed.connect(lambda path, _: named.append(path))
    receiver.worker.open_video(Path("nothing.mp4"))
    qtbot.waitUntil(lambda: bool(receiver.errors))
    assert named == [Path("nothing.mp4")]


def test_frames_that_playback_reads_late_do_not_push_out_the_view_that_is_wanted(
    receiver: Receiver, fake_files: FakeFiles, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_read = threading.Event()
    read = MemoryVideo.read

    def held_at_29(video: MemoryVideo, index: int, *more: Any) -> Any:
        if index == 29:
            assert may_read.wait(60)
        return read(video, index, *more)

    monkeypatch.setattr(MemoryVideo, "read", held_at_29)
    predictor = fake_files.predictors["still"] = HeldPredictor()
    open_both(receiver, qtbot)
    receiver.worker.run_analysis()
    assert predictor.reached.wait(60), "the engine's thread has something to do"
    receiver.worker.set_frames_first(True)
    receiver.worker.show(30, True)  # needs frame 29, too
    qtbot.waitUntil(lambda: [view.index for view in receiver.views] == [30])
    receiver.worker.set_frames_first(False)
    receiver.worker.show(90, True)
    may_read.set()
    qtbot.waitUntil(lambda: receiver.fake_files.opened[1].reading == 31)
    predictor.go_on.set()
    qtbot.waitUntil(lambda: receiver.views[-1].index == 90 and receiver.views[-1].complete)
