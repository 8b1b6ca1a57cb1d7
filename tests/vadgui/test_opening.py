"""While another recording is opened: what is decided in between, and which frame is shown first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QUndoView
from pytestqt.qtbot import QtBot

from engine.common.errors import VideoError
from engine.review.document import Review
from engine.review.files import usual_path, write_review
from engine.review.recording_list import FoundSegment
from engine.scoring.zones import Zone, ZoneKind
from engine.video.source import VideoSource
from tests.engine.review.making import recording
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.synthetic import add_rows, signals_with_bumps
from tests.vadgui.timeline.test_view import drag, pixel_of
from vadgui.dialogs.clock import ClockDialog
from vadgui.dialogs.rate import RateDialog
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.model.frame_view import FrameView
from vadgui.program import Program
from vadgui.segments.dismiss_menu import DismissMenu
from vadgui.settings import Settings

COUNT = 400
BUMPS = [(40, 60), (120, 140), (200, 220), (300, 320)]
CONTROL, LEFT = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
VERDICT_KEYS = (Qt.Key.Key_Y, Qt.Key.Key_X, Qt.Key.Key_U, Qt.Key.Key_B, Qt.Key.Key_N, Qt.Key.Key_I, Qt.Key.Key_O)

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)


class SlowFiles(FakeFiles):
    """Opens the gate only when the test lets it."""

    def __init__(self) -> None:
        super().__init__(
            street=lambda path: MemoryVideo(path, COUNT),
            gate=self._open_gate,
            broken=self._fail,
            yard=lambda path: MemoryVideo(path, COUNT + 2, damaged=[150]),
        )
        self.may_open = threading.Event()

    def _open_gate(self, path: Path) -> VideoSource:
        assert self.may_open.wait(60)
        return MemoryVideo(path, COUNT + 1)

    def _fail(self, path: Path) -> VideoSource:
        assert self.may_open.wait(60)
        raise VideoError("This file holds no video", subject=path, advice="Choose another file.")


@pytest.fixture
def files() -> SlowFiles:
    return SlowFiles()


@pytest.fixture
def program(files: SlowFiles, settings: Settings, start_program: StartProgram, qtbot: QtBot, tmp_path: Path) -> Program:
    """The street is open with its scores, the first of its segments selected."""
    settings.analyse_on_open = False
    program = start_program(files)
    program.open_detector(tmp_path / "still.safetensors")
    program.open_video(tmp_path / "street.mp4")
    qtbot.waitUntil(lambda: program.session.video is not None and program.session.detector is not None)
    with_scores(program)
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    program.session.navigation.select_next()
    qtbot.waitUntil(program.session.view_is_settled)
    return program


def with_scores(program: Program) -> None:
    """As if its analysis was done."""
    count = program.session.frame_count
    add_rows(program.session.scoring, 0, signals_with_bumps(count, BUMPS))
    while not program.session.scoring.catch_up():
        pass
    program.session.set_analysis(AnalysisState(AnalysisPhase.DONE, count, count))


def press(program: Program, qtbot: QtBot, *keys: Qt.Key, modifier: Qt.KeyboardModifier | None = None) -> None:
    for key in keys:
        target = QApplication.activePopupWidget() or program.window.focusWidget() or program.window
        qtbot.keyClick(target, key, modifier or Qt.KeyboardModifier.NoModifier)


def point(program: Program, seconds: float, score: float) -> QPoint:
    return pixel_of(program.window.timeline, seconds, score)


def drag_threshold(program: Program, qtbot: QtBot, *scores: float, releases: bool = True) -> None:
    timeline = program.window.timeline
    drag(
        timeline, qtbot, [point(program, 10.0, score) for score in (timeline.plot.threshold.value(), *scores)], releases
    )


def go_on_dragging(program: Program, qtbot: QtBot, score: float) -> None:
    viewport, place = program.window.timeline.plot.viewport(), QPointF(point(program, 10.0, score))
    kind, none = QMouseEvent.Type.MouseMove, Qt.MouseButton.NoButton
    qtbot.wait(15)  # pyqtgraph drops moves that are nearer to each other
    event = QMouseEvent(kind, place, viewport.mapToGlobal(place), none, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(viewport, event)


def told(program: Program) -> str:
    return program.window.statusBar().currentMessage()


def let_open(program: Program, files: SlowFiles, qtbot: QtBot, name: str = "gate.mp4") -> None:
    files.may_open.set()
    qtbot.waitUntil(lambda: program.session.video is not None and program.session.video.name == name)


# What is decided while another recording is on its way


def test_keys_say_nothing_of_the_recording_before_while_the_next_one_opens(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Y)
    before = program.session.review.recording
    program.open_video(tmp_path / "gate.mp4")
    for key in VERDICT_KEYS:
        program.window.messages.tell("")
        press(program, qtbot, key)
        assert told(program) == "gate.mp4 is being opened: nothing can be decided until it is there.", key
        assert QApplication.activePopupWidget() is None, "nobody is asked for a reason"
        assert program.window.focusWidget() is not program.window.verdict_bar.note
    press(program, qtbot, Qt.Key.Key_Z, modifier=CONTROL)
    assert program.session.review.recording is before
    let_open(program, files, qtbot)
    with_scores(program)
    press(program, qtbot, Qt.Key.Key_O)
    assert program.session.review.recording is not None
    assert program.session.review.recording.is_untouched, "no segment was begun in the recording before"
    press(program, qtbot, Qt.Key.Key_Down, Qt.Key.Key_Y)
    assert len(program.session.review.recording.segments) == 1


def test_a_threshold_dragged_while_the_next_recording_opens_stays_as_it_was(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    before, rule = program.session.review.recording, program.session.scoring.rule
    program.open_video(tmp_path / "gate.mp4")
    drag_threshold(program, qtbot, 0.7, 0.3)
    assert "gate.mp4 is being opened" in told(program)
    assert program.window.timeline.plot.threshold.value() == rule.enter, "the line goes back"
    box = program.window.timeline.header.threshold_box
    box.setFocus()
    box.stepBy(3)
    assert box.value() == pytest.approx(rule.enter)
    assert (program.session.review.recording, program.session.scoring.rule) == (before, rule)
    let_open(program, files, qtbot)
    drag_threshold(program, qtbot, 0.7, 0.3)
    assert program.session.review.recording is not None
    assert program.session.review.recording.name == "gate.mp4"
    assert program.session.review.recording.thresholds[program.session.scoring.scorer.name].enter < 0.4


def test_a_drag_that_begins_before_another_recording_is_there_ends_with_it(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    timeline = program.window.timeline
    drag_threshold(program, qtbot, 0.8, 0.7, releases=False)
    program.open_video(tmp_path / "gate.mp4")
    let_open(program, files, qtbot)
    rule = program.session.scoring.rule
    for score in (0.4, 0.2):
        go_on_dragging(program, qtbot, score)
    qtbot.mouseRelease(timeline.plot.viewport(), LEFT, pos=point(program, 10.0, 0.2))
    assert program.session.scoring.rule == rule
    assert timeline.plot.threshold.value() == rule.enter
    assert program.session.review.recording is not None
    assert program.session.review.recording.is_untouched


def test_a_border_that_is_dragged_while_the_next_recording_opens_goes_back(
    program: Program, qtbot: QtBot, files: SlowFiles, tmp_path: Path
) -> None:
    segment = program.session.review.segments[0]
    program.window.timeline.zoom_to(segment)
    program.open_video(tmp_path / "gate.mp4")
    start, stop = segment.start / 25, segment.stop / 25
    places = [point(program, seconds, 0.2) for seconds in (start, start + 0.2, (start + stop) / 2)]
    drag(program.window.timeline, qtbot, places)
    assert program.session.review.segments[0] == segment
    assert program.window.timeline.trim_lines.begin.value() == pytest.approx(start)
    assert "gate.mp4 is being opened" in told(program)
    files.may_open.set()


def test_zones_and_the_history_stay_while_the_next_recording_opens(
    program: Program, qtbot: QtBot, files: SlowFiles, tmp_path: Path
) -> None:
    press(program, qtbot, Qt.Key.Key_Y)
    before = program.session.review.recording
    program.open_video(tmp_path / "gate.mp4")
    program.window.panels.zone_tool.add(((0.1, 0.1), (0.5, 0.1), (0.5, 0.5)))
    (history,) = program.window.findChildren(QUndoView)
    assert not history.isEnabled()
    program.window.requests.ask_for_clock()
    assert not program.window.findChildren(ClockDialog)
    assert program.session.review.recording is before
    let_open(program, files, qtbot)
    assert history.isEnabled()
    program.window.panels.zone_tool.add(((0.1, 0.1), (0.5, 0.1), (0.5, 0.5)))
    assert program.session.review.zones == (Zone(ZoneKind.IGNORED, ((0.1, 0.1), (0.5, 0.1), (0.5, 0.5))),)


def test_the_history_of_a_review_that_may_not_be_changed_is_to_look_at(program: Program, qtbot: QtBot) -> None:
    press(program, qtbot, Qt.Key.Key_Y)
    program.session.review.set_access("", "Somebody else has it.")
    (history,) = program.window.findChildren(QUndoView)
    assert not history.isEnabled(), "a click there would take back what was decided"


def test_a_recording_that_cannot_be_opened_leaves_the_one_before_to_be_judged(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    program.open_video(tmp_path / "broken.mp4")
    with qtbot.waitSignal(program.worker.opening_failed):
        files.may_open.set()
    for box in program.window.findChildren(QDialog):
        box.reject()
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    press(program, qtbot, Qt.Key.Key_Y)
    assert program.session.review.recording is not None
    assert len(program.session.review.recording.segments) == 1


def test_of_two_recordings_that_were_asked_for_the_last_one_is_awaited(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    seen: list[tuple[str, bool]] = []
    program.worker.video_opened.connect(
        lambda opened: seen.append((opened.info.name, program.session.review.is_waiting))
    )
    program.open_video(tmp_path / "gate.mp4")
    qtbot.waitUntil(lambda: "gate" in program.window._opening.text())
    program.open_video(tmp_path / "street.mp4")
    files.may_open.set()
    qtbot.waitUntil(lambda: bool(seen) and seen[-1][0] == "street.mp4")
    assert seen == [("gate.mp4", True), ("street.mp4", False)] or seen == [("street.mp4", False)]


def test_a_question_about_the_recording_before_is_over_when_another_one_is_there(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    def menus() -> list[DismissMenu]:
        return [menu for menu in program.window.findChildren(DismissMenu) if menu.isVisible()]

    press(program, qtbot, Qt.Key.Key_X)
    assert menus()
    program.open_video(tmp_path / "gate.mp4")
    let_open(program, files, qtbot)
    assert not menus()
    with_scores(program)
    program.session.navigation.select_next()
    program.window.actions_by_name["dismiss"].trigger()
    menus()[0].actions()[-1].trigger()
    program.window.requests.ask_for_clock()
    program.window.requests.ask_for_rate()
    kinds = (QInputDialog, ClockDialog, RateDialog)
    assert all(program.window.findChildren(kind) for kind in kinds)
    program.open_video(tmp_path / "street.mp4")
    qtbot.waitUntil(lambda: program.session.video is not None and program.session.video.name == "street.mp4")
    assert not [each for kind in kinds for each in program.window.findChildren(kind) if each.isVisible()]


def test_a_threshold_dragged_right_after_another_ones_is_a_step_of_its_own(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path
) -> None:
    files.may_open.set()
    program.session.review.set_threshold(0.6)
    program.open_video(tmp_path / "gate.mp4")
    let_open(program, files, qtbot)
    program.session.review.set_threshold(0.5)
    program.open_video(tmp_path / "street.mp4")
    let_open(program, files, qtbot, "street.mp4")
    program.session.review.set_threshold(0.4)
    assert program.session.review.recording is not None
    assert len(program.session.review.recording.history) == 2


# Which frame is shown first


def shown_frames(program: Program) -> list[int]:
    """Numbers of the frames that are on screen from now on, each once in a row."""
    shown: list[int] = []

    def note() -> None:
        view: FrameView | None = program.session.view
        if view is not None and [view.index] != shown[-1:]:
            shown.append(view.index)

    program.session.view_changed.connect(note)
    return shown


def keep_review(video: Path, playhead: int, name: str) -> None:
    write_review(usual_path(video), Review(recordings=(recording(fingerprint=name, playhead=playhead),)))


def wait_until_settled(program: Program, qtbot: QtBot, name: str) -> None:
    session = program.session
    qtbot.waitUntil(lambda: session.video is not None and session.video.name == name and session.view_is_settled())


@pytest.mark.parametrize("kept", [0, 123, 9999])
def test_a_recording_is_shown_where_its_review_was_left_and_nowhere_else(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path, kept: int
) -> None:
    keep_review(tmp_path / "gate.mp4", kept, f"gate.mp4-{COUNT + 1}")
    files.may_open.set()
    shown = shown_frames(program)
    program.open_video(tmp_path / "gate.mp4")
    wait_until_settled(program, qtbot, "gate.mp4")
    assert program.session.playhead == min(kept, COUNT)
    assert shown == [min(kept, COUNT)]


@pytest.mark.parametrize("by", ["segment", "seconds"])
def test_a_moment_of_another_recording_is_the_first_that_is_shown_of_it(
    program: Program, files: SlowFiles, qtbot: QtBot, tmp_path: Path, by: str
) -> None:
    keep_review(tmp_path / "gate.mp4", 123, f"gate.mp4-{COUNT + 1}")
    files.may_open.set()
    shown = shown_frames(program)
    navigation = program.recordings.navigation
    open_there: dict[str, Callable[[], None]] = {
        "segment": lambda: navigation.open_at(str(tmp_path / "gate.mp4"), FoundSegment(200, 220, 210, 8.4, 0.9)),
        "seconds": lambda: navigation.open_at_seconds(tmp_path / "gate.mp4", 210 / 25),
    }
    open_there[by]()
    wait_until_settled(program, qtbot, "gate.mp4")
    assert shown == [210]


def test_a_review_that_was_left_at_a_damaged_frame_opens_there(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    keep_review(tmp_path / "yard.mp4", 150, f"yard.mp4-{COUNT + 2}")
    shown = shown_frames(program)
    program.open_video(tmp_path / "yard.mp4")
    qtbot.waitUntil(lambda: shown == [150])
    assert program.session.view is not None
    assert program.session.view.frame is None
    assert program.session.view.missing == "Frame 150 can't be decoded."
    qtbot.waitUntil(lambda: bool(program.window.findChildren(QDialog)))
    for box in program.window.findChildren(QDialog):
        box.reject()
