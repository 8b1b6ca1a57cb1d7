"""While a detector is loaded: recordings are looked at and opened, and only what is still wanted of it counts."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from engine.common.errors import DetectorFileError
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import MemoryVideo, SlowDetectors
from vadgui.jobs.messages import QueueDone
from vadgui.jobs.request_queue import QueueJob
from vadgui.model.engine_state import AnalysisPhase
from vadgui.program import Program
from vadgui.settings import Settings

COUNT = 60


@pytest.fixture
def files() -> SlowDetectors:
    return SlowDetectors(**{name: lambda path: MemoryVideo(path, COUNT) for name in ("street", "yard", "gate", "long")})


@pytest.fixture
def program(
    files: SlowDetectors, settings: Settings, start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> Program:
    """The street is open, and its detector being loaded."""
    (tmp_path / "day").mkdir()
    for name in ("still", "other", "broken"):
        (tmp_path / f"{name}.safetensors").touch()
    del settings
    program = start_program(files)
    program.begin(tmp_path / "street.mp4", tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: files.asked == ["still"])
    return program


def open_and_wait(program: Program, qtbot: QtBot, path: Path) -> None:
    program.open_video(path)
    qtbot.waitUntil(lambda: program.session.video is not None and program.session.video.path == path)


def used(program: Program) -> str:
    detector = program.session.detector
    return detector.name if detector else ""


@pytest.fixture(autouse=True)
def _nothing_waits(files: SlowDetectors) -> Any:
    """A test that fails must not wait for what it has not let go."""
    timer = threading.Timer(50, files.let_all)
    timer.start()
    yield
    timer.cancel()
    timer.join()


def test_the_next_recording_is_there_and_looked_at_while_the_detector_is_loaded(
    program: Program, files: SlowDetectors, qtbot: QtBot, tmp_path: Path
) -> None:
    open_and_wait(program, qtbot, tmp_path / "yard.mp4")
    session = program.session
    assert session.detector_is_coming
    assert not session.review.is_waiting, "it is the one on screen that is decided about"
    program.window.activateWindow()
    for _ in range(3):
        qtbot.keyClick(program.window, Qt.Key.Key_Period)
    session.step(3)
    qtbot.waitUntil(lambda: session.view is not None and session.view.index == session.playhead > 0)
    assert session.view is not None
    assert session.view.frame is not None
    assert "still" in program.window._opening.text(), "the status says what is still awaited"
    files.let_all()
    qtbot.waitUntil(lambda: used(program) == "still" and session.view is not None and session.view.complete)
    assert files.asked == ["still"], "what was begun for the recording before is not begun again"
    qtbot.waitUntil(lambda: session.analysis.phase is AnalysisPhase.DONE)
    assert not program.window._opening.text()


def test_a_detector_that_was_loaded_before_the_window_asks_again_is_not_loaded_twice(
    program: Program, files: SlowDetectors, qtbot: QtBot, tmp_path: Path
) -> None:
    program.worker.video_opened.disconnect(program._video_opened)
    program.open_video(tmp_path / "yard.mp4")
    with qtbot.waitSignal(program.worker.video_opened) as opened:
        pass
    files.let_all()
    qtbot.waitUntil(lambda: not [each for each in threading.enumerate() if each.name == "vadgui-detector"])
    qtbot.wait(50)
    assert used(program) == "", "it is of the recording before"
    program.worker.video_opened.connect(program._video_opened)
    program._video_opened(opened.args[0])
    qtbot.waitUntil(lambda: used(program) == "still")
    assert files.asked == ["still"]


@pytest.mark.parametrize("others", ["other", ""])
def test_a_detector_of_the_folder_that_was_left_is_used_nowhere(
    program: Program, files: SlowDetectors, settings: Settings, qtbot: QtBot, tmp_path: Path, others: str
) -> None:
    opened: list[str] = []
    program.worker.detector_opened.connect(lambda detector: opened.append(detector.name))
    video = tmp_path / "day" / "yard.mp4"
    if others:
        settings.remember_detector(video, tmp_path / "other.safetensors")
    open_and_wait(program, qtbot, video)
    assert program.session.detector_is_coming == bool(others)
    files.let_all()
    qtbot.waitUntil(lambda: not [each for each in threading.enumerate() if each.name == "vadgui-detector"])
    qtbot.waitUntil(lambda: used(program) == others)
    qtbot.wait(100)
    assert opened == ([others] if others else [])
    remembered = settings.detector_for(video)
    assert (remembered.stem if remembered else "") == others


def test_a_recording_that_cannot_be_opened_leaves_the_detector_on_its_way(
    program: Program, files: SlowDetectors, qtbot: QtBot, tmp_path: Path
) -> None:
    with qtbot.waitSignal(program.worker.opening_failed):
        program.open_video(tmp_path / "nothing.mp4")
    assert program.session.detector_is_coming
    for box in program.window.findChildren(QDialog):
        box.reject()
    files.let_all()
    qtbot.waitUntil(lambda: used(program) == "still")


def test_of_detectors_that_are_asked_for_one_after_another_the_last_one_is_used(
    program: Program, files: SlowDetectors, qtbot: QtBot, tmp_path: Path
) -> None:
    failed: list[Exception] = []
    program.worker.failed.connect(failed.append)
    program.open_detector(tmp_path / "broken.safetensors")
    program.open_detector(tmp_path / "other.safetensors")
    files.let_all()
    qtbot.waitUntil(lambda: used(program) == "other" and not program.session.detector_is_coming)
    assert files.asked == ["still", "other"]
    assert failed == []


@pytest.mark.logs_errors
def test_a_detector_that_fails_while_another_recording_is_open_says_so(
    files: SlowDetectors, start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "broken.safetensors").touch()
    program = start_program(files)
    failed: list[Exception] = []
    program.worker.failed.connect(failed.append)
    program.begin(tmp_path / "street.mp4", tmp_path / "broken.safetensors")
    qtbot.waitUntil(lambda: files.asked == ["broken"])
    open_and_wait(program, qtbot, tmp_path / "yard.mp4")
    files.let_all()
    qtbot.waitUntil(lambda: len(failed) == 1)
    assert isinstance(failed[0], DetectorFileError)
    assert not program.session.detector_is_coming
    assert not program.window._opening.text()


def test_an_analysis_that_is_asked_for_meanwhile_begins_with_the_new_detector(
    program: Program, files: SlowDetectors, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    settings.analyse_on_open = False
    files.may_load["still"].set()
    qtbot.waitUntil(lambda: used(program) == "still")
    program.open_detector(tmp_path / "other.safetensors")
    qtbot.waitUntil(lambda: files.asked == ["still", "other"])
    program.worker.run_analysis()
    qtbot.wait(100)
    assert program.session.analysis.phase is AnalysisPhase.IDLE
    files.let_all()
    qtbot.waitUntil(lambda: used(program) == "other" and program.session.analysis.phase is AnalysisPhase.DONE)


def test_a_recording_is_opened_while_the_detector_of_a_queued_one_is_loaded(
    files: SlowDetectors, start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start_program(files)
    done: list[object] = []
    program.worker.queue_changed.connect(done.append)
    program.worker.analyse_queued(QueueJob(tmp_path / "long.mp4", tmp_path / "other.safetensors", "auto"))
    qtbot.waitUntil(lambda: files.asked == ["other"])
    open_and_wait(program, qtbot, tmp_path / "yard.mp4")
    files.let_all()
    qtbot.waitUntil(lambda: any(isinstance(each, QueueDone) for each in done))
