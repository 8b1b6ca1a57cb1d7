"""Getting to know a camera from the window."""

from __future__ import annotations

from pathlib import Path

from pytestqt.qtbot import QtBot

from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.synthetic import calibrated_detector


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
