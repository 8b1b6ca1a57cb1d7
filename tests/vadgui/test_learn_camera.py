"""Getting to know a camera from the window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.common.errors import Cancelled
from engine.common.events import Progress, ShouldStop
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.quitting import stay_then_quit
from tests.vadgui.synthetic import calibrated_detector
from vadgui.jobs import camera_learning
from vadgui.jobs.camera_learning import CameraRequest


def test_a_camera_can_be_asked_for_while_its_detector_is_being_loaded(
    start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start_program(FakeFiles(gate=lambda path: MemoryVideo(path, 40)))
    program.begin(tmp_path / "gate.mp4", None)
    qtbot.waitUntil(lambda: program.session.view is not None)
    program.session.expect_detector(True)
    program.session.read_detector(calibrated_detector())
    assert program.session.detector is None
    program.window.drift_banner.learn_button.click()
    dialog = program.learning.camera.dialog
    assert dialog is not None
    qtbot.waitExposed(dialog)
    dialog.reject()


def test_quitting_while_the_camera_is_learnt_asks_and_says_what_is_lost(
    start_program: StartProgram, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []

    def learn(_request: CameraRequest, should_stop: ShouldStop) -> Iterator[Progress]:
        yield Progress("Reading", 1, 100)
        while not should_stop():
            time.sleep(0.01)
        ended.append(True)
        raise Cancelled

    monkeypatch.setattr(camera_learning, "learn_camera", learn)
    program = start_program(FakeFiles(gate=lambda path: MemoryVideo(path, 40)))
    program.begin(tmp_path / "gate.mp4", None)
    qtbot.waitUntil(lambda: program.session.view is not None)
    program.session.read_detector(calibrated_detector())
    program.learning.camera.open(program.window, tmp_path / "gate.mp4", tmp_path / "any.safetensors", "cpu", ())
    dialog = program.learning.camera.dialog
    assert dialog is not None
    dialog._start()
    qtbot.waitUntil(lambda: dialog.bar.value() > 0)
    stay_then_quit(program, dialog, qtbot, "what it has learnt so far is lost")
    qtbot.waitUntil(lambda: ended == [True])
