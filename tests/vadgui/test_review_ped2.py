"""The test clips of UCSD Ped2, reviewed from start to finish by keyboard alone."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit
from pytestqt.qtbot import QtBot

from engine.review.document import Verdict
from engine.review.files import read_review, usual_path
from resources import detector_path
from tests.vadgui.conftest import StartProgram
from vadgui.model.engine_state import AnalysisPhase
from vadgui.program import Program
from vadgui.settings import Settings

MOST_KEYS_A_SEGMENT = 3
MOST_SECONDS_A_KEY = 0.5
"""Of the program's own work; a busy machine included."""


class Keyboard:
    """Presses keys wherever a person's would go; counts them, and the time in which the program handled them."""

    def __init__(self, program: Program, qtbot: QtBot) -> None:
        self._program, self._qtbot = program, qtbot
        self.keys = 0
        self.seconds = 0.0

    def press(self, *keys: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        for key in keys:
            target = QApplication.activePopupWidget() or self._program.window.focusWidget() or self._program.window
            began = time.perf_counter()
            self._qtbot.keyClick(target, key, modifier)
            self.seconds += time.perf_counter() - began
            self.keys += 1

    def open(self, video: Path) -> None:
        """Ctrl+O, the file's name, Enter; not counted, as any way to open forty files is better."""
        window = self._program.window
        window.activateWindow()
        self._qtbot.waitUntil(window.isActiveWindow)
        self._qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
        self._qtbot.waitUntil(lambda: any(dialog.isVisible() for dialog in window.findChildren(QFileDialog)))
        dialog = next(dialog for dialog in window.findChildren(QFileDialog) if dialog.isVisible())
        name = dialog.findChild(QLineEdit, "fileNameEdit")
        assert isinstance(name, QLineEdit)
        self._qtbot.keyClicks(name, video.name)
        self._qtbot.wait(200)  # completions pop up, and have the keyboard then
        self._qtbot.keyClick(QApplication.activePopupWidget() or name, Qt.Key.Key_Return)


@pytest.fixture
def program(settings: Settings, start_program: StartProgram, tmp_path: Path) -> Program:
    settings.video_folder = str(tmp_path)
    program = start_program()
    program.open_detector(detector_path("ped2"), "cpu")
    return program


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("every", "least"), [(3, 3), pytest.param(1, 8, marks=pytest.mark.abuse)])
@pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)
def test_clips_are_reviewed_by_keyboard(
    program: Program, qtbot: QtBot, tmp_path: Path, shared_data: Path, every: int, least: int
) -> None:
    testing = sorted((shared_data / "ped2" / "testing").glob("*.mp4"))
    assert len(testing) == 12
    clips = [Path(shutil.copy(clip, tmp_path)) for clip in testing[::every]]
    keyboard = Keyboard(program, qtbot)
    segments = 0
    for clip in clips:
        keyboard.open(clip)
        qtbot.waitUntil(lambda clip=clip: program.session.video is not None and program.session.video.path == clip)
        qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
        program.window.activateWindow()
        qtbot.waitUntil(program.window.isActiveWindow)
        segments += len(program.session.review.segments)
        while left := len(program.session.review.unreviewed):
            keyboard.press(Qt.Key.Key_Down, modifier=Qt.KeyboardModifier.ShiftModifier)
            while len(program.session.review.unreviewed) == left:
                # As somebody would who finds every other one of interest.
                keys = (Qt.Key.Key_Y,) if (segments + left) % 2 else (Qt.Key.Key_X, Qt.Key.Key_Return)
                keyboard.press(*keys)
    program.reviews.flush()
    kept = [read_review(usual_path(clip)).review.recordings[0] for clip in clips if usual_path(clip).exists()]
    verdicts = [segment.verdict for recording in kept for segment in recording.segments]
    assert len(verdicts) == segments >= least
    assert set(verdicts) == {Verdict.CONFIRMED, Verdict.DISMISSED}
    print(f"{segments} segments, {keyboard.keys} keys, {keyboard.seconds:.2f} s of the program's own")
    assert keyboard.keys <= MOST_KEYS_A_SEGMENT * segments
    assert keyboard.seconds <= MOST_SECONDS_A_KEY * keyboard.keys
