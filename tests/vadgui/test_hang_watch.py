"""FFmpeg does not come back from a recording: the window says so, and goes on without it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from engine.review.recording_list import AnalysisStage, ListedRecording
from engine.video.decoder_calls import DecoderCalls
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.training.wizard.driving import answer
from vadgui import hang_watch
from vadgui.jobs import engine_worker
from vadgui.program import Program
from vadgui.recordings.model import name_of
from vadgui.settings import Settings


class StuckVideo(MemoryVideo):
    """From frame 50 on, reading does not come back until it may."""

    def __init__(self, path: Path, comes_back: threading.Event) -> None:
        super().__init__(path, 100, is_scene=True)
        self._comes_back = comes_back

    def read(self, index: int, *more: Any) -> Any:
        if index >= 50:
            calls = DecoderCalls(self.info.path)
            calls.since = time.monotonic()
            assert self._comes_back.wait(60)
            calls.since = None
        return super().read(index, *more)


@pytest.fixture
def comes_back() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def program(
    start_program: StartProgram, comes_back: threading.Event, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> Program:
    monkeypatch.setattr(hang_watch, "HANGS_SECONDS", 0.2)
    # As much shorter: else the call that was abandoned would count as the new threads'.
    monkeypatch.setattr(engine_worker, "_AHEAD_SECONDS", 0.1)
    monkeypatch.setattr(hang_watch, "_LOOK_MS", 50)
    files = FakeFiles(
        gate=lambda path: StuckVideo(path, comes_back),
        yard=lambda path: MemoryVideo(path, 30, is_scene=True),
        street=lambda path: MemoryVideo(path, 30, is_scene=True),
    )
    program = start_program(files)
    program.open_video(Path("/videos/gate.mp4"))
    qtbot.waitUntil(lambda: program.session.frame_count == 100)
    program.session.seek(70)
    return program


def boxes(program: Program) -> list[QMessageBox]:
    return [box for box in program.window.findChildren(QMessageBox) if box.isVisible()]


def test_the_recording_is_closed_and_another_opened_while_the_decoder_hangs(
    program: Program, comes_back: threading.Event, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(boxes(program)) == 1)
    assert "gate.mp4" in boxes(program)[0].text()
    answer(program.window, "Close the recording", qtbot)
    qtbot.waitUntil(lambda: program.session.video is None)
    program.open_video(Path("/videos/yard.mp4"))
    qtbot.waitUntil(lambda: program.session.frame_count == 30)
    program.session.seek(20)
    qtbot.waitUntil(program.session.view_is_settled)
    comes_back.set()
    qtbot.wait(200)
    assert program.session.view is not None
    assert program.session.view.index == 20, "what comes back late is not shown"


def test_a_decoder_that_comes_back_takes_the_question_back(
    program: Program, comes_back: threading.Event, qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: len(boxes(program)) == 1)
    comes_back.set()
    qtbot.waitUntil(lambda: not boxes(program))
    qtbot.waitUntil(program.session.view_is_settled)
    assert program.session.playhead == 70


def test_the_list_goes_on_without_the_recording_that_hangs(
    program: Program, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    (tmp_path / "still.safetensors").touch()
    for folder in (tmp_path, Path("/videos")):
        settings.remember_detector(folder / "any.mp4", tmp_path / "still.safetensors")
    model = program.recordings.model
    model.add([ListedRecording(path=str(tmp_path / name)) for name in ("yard.mp4", "street.mp4")])
    qtbot.waitUntil(lambda: len(boxes(program)) == 1)
    answer(program.window, "Close the recording", qtbot)
    qtbot.waitUntil(lambda: [each.stage for each in model.recordings][1:] == [AnalysisStage.ANALYSED] * 2)
    gate = model.recordings[0]
    assert (name_of(gate), model.state_words(gate)) == ("gate.mp4", "Failed: The decoder does not come back from it")
    assert not boxes(program), "it is not tried again by itself"


def test_a_second_question_is_taken_back_as_well(
    program: Program, comes_back: threading.Event, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = DecoderCalls(Path("/videos/yard.mp4"))
    monkeypatch.setattr(program.worker, "waits_for", lambda _: True)
    qtbot.waitUntil(lambda: len(boxes(program)) == 1)
    calls.since = time.monotonic()
    comes_back.set()
    qtbot.waitUntil(lambda: [box.text().split()[0] for box in boxes(program)] == ["yard.mp4"])
    calls.since = None
    qtbot.waitUntil(lambda: not boxes(program))


def test_the_window_closes_while_the_decoder_hangs(program: Program, comes_back: threading.Event, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: len(boxes(program)) == 1)
    rescue = threading.Timer(20, comes_back.set)
    rescue.start()
    program.close()
    rescue.cancel()
    rescue.join()
    assert not comes_back.is_set(), "nobody waited for it"
