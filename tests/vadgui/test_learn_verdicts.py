"""Learning from verdicts in the window: from the menu to the detector in use."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.calibrating.reviewed import Effect
from engine.common.errors import Cancelled, ExportError
from engine.common.events import Progress, ShouldStop
from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from engine.review.files import read_review, usual_path
from engine.review.verdicts import FoundVerdicts, JudgedRecording
from tests.engine.analysis.test_where import MOTION, Yard
from tests.engine.scoring.test_where import calibration
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, StillPredictor
from tests.vadgui.quitting import stay_then_quit
from vadgui.dialogs.learn_verdicts import LearnVerdictsDialog
from vadgui.jobs import verdict_learning
from vadgui.jobs.verdict_learning import VerdictRequest
from vadgui.model.engine_state import AnalysisPhase
from vadgui.program import Program
from vadgui.settings import Settings

PEAK = 60


@pytest.fixture
def program(start_program: StartProgram, analyses: Path) -> Program:
    files = FakeFiles(yard=lambda path: Yard(path))
    for name in ("knows", "learnt"):
        detector: Any = StillPredictor(name)
        detector.settings.calibration = calibration(MOTION)
        files.predictors[name] = detector
    return start_program(files, analyses)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    (tmp_path / "yard.mp4").touch()
    return tmp_path / "yard.mp4"


@pytest.fixture
def asked(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replaces the engine's work by one confirmed segment that is lost; what was asked of it is listed."""
    asked: list[Any] = []

    def find(videos: Mapping[Path, str], fingerprint: str, _: ShouldStop) -> Iterator[FoundVerdicts]:
        recording = read_review(usual_path(video)).review.recordings[0]
        asked.append((list(videos), fingerprint, [each.verdict for each in recording.segments]))
        yield FoundVerdicts([JudgedRecording(usual_path(video), recording, video, {"normal": [5.0]})], [])

    def learn(request: VerdictRequest, _: ShouldStop) -> Iterator[Any]:
        asked.append(request.detector.stem)
        (judged,) = request.recordings[0].recording.segments
        segment = ReviewedSegment(judged.start, judged.stop, PEAK, 5.0, judged)
        yield SimpleNamespace(effects=[Effect(video, segment, judged.start / 25, 5.0, 1.0, 3.0)])

    def keep(*_: object) -> Iterator[Path]:
        yield tmp_path / "learnt.safetensors"

    monkeypatch.setattr(verdict_learning, "find_verdicts", find)
    monkeypatch.setattr(verdict_learning, "learn_from_verdicts", learn)
    monkeypatch.setattr(verdict_learning, "keep_learnt", keep)
    return asked


def open_yard(program: Program, qtbot: QtBot, video: Path, detector: str) -> None:
    program.begin(video, video.with_name(f"{detector}.safetensors"))
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)


def choose_from_menu(program: Program, qtbot: QtBot) -> LearnVerdictsDialog:
    bar, action = program.window.menuBar(), program.window.actions_by_name["learn_verdicts"]
    title = next(each for each in bar.actions() if each.text() == "&Detectors")
    qtbot.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(title).center())
    menu = title.menu()
    qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    (dialog,) = program.window.findChildren(LearnVerdictsDialog)
    qtbot.waitUntil(lambda: dialog.list.count() == 1)
    return dialog


def begin_learning(program: Program, qtbot: QtBot, video: Path) -> LearnVerdictsDialog:
    """Confirm the yard's segment, and have a detector learn from that."""
    open_yard(program, qtbot, video, "knows")
    program.session.navigation.select(program.session.review.segments[0])
    qtbot.keyClick(program.window, Qt.Key.Key_Y)
    dialog = choose_from_menu(program, qtbot)
    qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    return dialog


def test_from_a_verdict_to_the_detector_in_use(program: Program, asked: list[Any], qtbot: QtBot, video: Path) -> None:
    open_yard(program, qtbot, video, "knows")
    session = program.session
    session.navigation.select(session.review.segments[0])
    qtbot.keyClick(program.window, Qt.Key.Key_Y)
    dialog = choose_from_menu(program, qtbot)
    # What was said a moment ago is on disk already.
    assert asked == [([video], "knows-fingerprint", [Verdict.CONFIRMED])]
    qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.places.count() == 1)
    assert session.detector is not None
    assert session.detector.name == "knows"
    session.seek(0)
    session.navigation.select(None)
    place = dialog.places.visualItemRect(dialog.places.item(0)).center()
    qtbot.mouseClick(dialog.places.viewport(), Qt.MouseButton.LeftButton, pos=place)
    selected = program.window.reviewing.current
    assert selected is not None
    assert selected.start <= PEAK < selected.stop
    assert dialog.isVisible()
    qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.detector is not None and session.detector.name == "learnt")
    assert asked[-1] == "knows"


def test_a_detector_without_calibration_can_learn_nothing(program: Program, qtbot: QtBot, video: Path) -> None:
    action = program.window.actions_by_name["learn_verdicts"]
    assert not action.isEnabled()
    open_yard(program, qtbot, video, "still")
    assert not action.isEnabled()
    open_yard(program, qtbot, video, "knows")
    qtbot.waitUntil(action.isEnabled)


@pytest.mark.usefixtures("asked")
def test_quitting_while_a_detector_learns_asks_and_says_what_is_lost(
    program: Program, qtbot: QtBot, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def learn(_request: VerdictRequest, should_stop: ShouldStop) -> Iterator[Progress]:
        yield Progress("Reading", 1, 100)
        while not should_stop():
            time.sleep(0.01)
        raise Cancelled

    monkeypatch.setattr(verdict_learning, "learn_from_verdicts", learn)
    dialog = begin_learning(program, qtbot, video)
    qtbot.waitUntil(lambda: dialog.bar.value() > 0)
    stay_then_quit(program, dialog, qtbot, "Your verdicts are saved")


@pytest.mark.parametrize("fails", [False, True])
def test_quitting_while_the_learnt_detector_is_being_kept_waits_for_that(
    program: Program,
    settings: Settings,
    qtbot: QtBot,
    video: Path,
    asked: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    fails: bool,
) -> None:
    may_go_on = threading.Event()
    keep = verdict_learning.keep_learnt

    def slow(learnt: Any, request: VerdictRequest) -> Iterator[Any]:
        assert may_go_on.wait(60)
        if fails:
            raise ExportError("The disk is full", subject="library", advice="Free some space.")
        yield from keep(learnt, request)

    monkeypatch.setattr(verdict_learning, "keep_learnt", slow)
    dialog = begin_learning(program, qtbot, video)
    qtbot.waitUntil(lambda: dialog.places.count() == 1)
    qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    program.window.close()
    assert program.window.isVisible()
    assert "Then the program closes" in dialog.line.text()
    may_go_on.set()
    if fails:
        qtbot.waitUntil(lambda: "The disk is full" in dialog.line.text())
        assert program.window.isVisible()
    else:
        qtbot.waitUntil(lambda: not program.window.isVisible())
        assert asked[-1] == "knows"
        learnt = settings.detector_for(video)
        assert learnt is not None
        assert learnt.stem == "learnt", "it is that of the next start"


def test_an_analysis_that_runs_waits_and_goes_on(
    program: Program, asked: list[Any], qtbot: QtBot, video: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del asked
    open_yard(program, qtbot, video, "knows")
    program.session.navigation.select(program.session.review.segments[0])
    qtbot.keyClick(program.window, Qt.Key.Key_Y)
    dialog = choose_from_menu(program, qtbot)
    told: list[str] = []
    monkeypatch.setattr(program.worker, "pause_analysis", lambda: told.append("pause"))
    monkeypatch.setattr(program.worker, "run_analysis", lambda: told.append("run"))
    program.session.set_analysis(replace(program.session.analysis, phase=AnalysisPhase.RUNNING))
    qtbot.mouseClick(dialog.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: told == ["pause", "run"])
    qtbot.mouseClick(dialog.discard_button, Qt.MouseButton.LeftButton)


def test_other_folders_recordings_say_that_a_newer_detector_learnt_and_offer_it(
    program: Program, settings: Settings, asked: list[Any], qtbot: QtBot, video: Path
) -> None:
    del asked
    for name in ("knows", "learnt"):
        video.with_name(f"{name}.safetensors").touch()
    folders = [video.parent / name for name in ("gate", "door")]
    for folder in folders:
        folder.mkdir()
        (folder / video.name).touch()
        settings.remember_detector(folder / video.name, video.with_name("knows.safetensors"))
    dialog = begin_learning(program, qtbot, video)
    qtbot.waitUntil(lambda: dialog.places.count() == 1)
    qtbot.mouseClick(dialog.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: detector_in_use(program) == "learnt")
    banner = program.window.detector_banner
    assert not banner.isVisible()

    program.open_video(folders[0] / video.name)
    qtbot.waitUntil(banner.isVisible)
    assert "learnt has learnt from verdicts" in banner.text()
    assert "still judged by knows" in banner.text()
    assert detector_in_use(program) == "knows"
    qtbot.mouseClick(banner.use_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: detector_in_use(program) == "learnt")
    assert not banner.isVisible()

    program.open_video(folders[1] / video.name)
    qtbot.waitUntil(banner.isVisible)
    qtbot.mouseClick(banner.keep_button, Qt.MouseButton.LeftButton)
    assert not banner.isVisible()
    open_again = folders[0] / video.name, folders[1] / video.name
    for path, name in zip(open_again, ("learnt", "knows"), strict=True):
        program.open_video(path)
        qtbot.waitUntil(lambda path=path: bool(program.session.video) and program.session.video.path == path)
        qtbot.waitUntil(lambda name=name: detector_in_use(program) == name)
        assert not banner.isVisible()


def detector_in_use(program: Program) -> str:
    return program.session.detector.name if program.session.detector else ""
