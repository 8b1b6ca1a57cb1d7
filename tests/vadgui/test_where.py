"""Outlines in the window: on the frame while it is flagged, off by a key, and in the panel of evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.common.events import never_stop
from engine.hand_over.jobs import ExportTools, Subject
from engine.hand_over.joint_jobs import ReportJob
from engine.scoring.motion import PLACES
from tests.engine.analysis.test_where import MOTION, Yard
from tests.engine.scoring.test_where import calibration
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, StillPredictor
from vadgui.dialogs.hand_over.dialog import HandOverDialog
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.panels.content import Panel
from vadgui.panels.picture import PicturePanel
from vadgui.panels.window_mark import window_in_words
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.timeline.lanes import WINDOW

MOVING, STILL = 60, 95


@pytest.fixture
def files() -> FakeFiles:
    files = FakeFiles(yard=Yard)
    knows: Any = StillPredictor("knows")
    knows.settings.calibration = calibration(MOTION)
    files.predictors["knows"] = knows
    return files


@pytest.fixture
def program(files: FakeFiles, start_program: StartProgram, analyses: Path) -> Program:
    return start_program(files, analyses)


def open_yard(program: Program, qtbot: QtBot, tmp_path: Path, detector: str = "knows") -> None:
    program.begin(tmp_path / "yard.mp4", tmp_path / f"{detector}.safetensors")
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)


def show(program: Program, qtbot: QtBot, frame: int) -> PicturePanel:
    program.session.seek(frame)
    qtbot.waitUntil(lambda: program.session.view_is_settled() and program.session.view is not None)
    return program.window.panels.panel(Panel.FRAME)


def outlined(panel: PicturePanel) -> list[QPoint]:
    """Where on the panel's picture the outline's colour is, as shares of it."""
    image = panel.grab().toImage()
    rect = panel.picture_rect()
    found = []
    for y in range(rect.top(), rect.bottom(), 2):
        for x in range(rect.left(), rect.right(), 2):
            colour = QColor(image.pixel(x, y))
            if colour.red() > 240 and 190 < colour.green() < 225 and colour.blue() < 40:
                found.append(QPoint(x - rect.left(), y - rect.top()))
    return found


def test_what_stands_out_is_outlined_where_it_is(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_yard(program, qtbot, tmp_path)
    panel = show(program, qtbot, MOVING)
    points = outlined(panel)
    assert points
    middle = np.mean([(point.x() / panel.picture_rect().width()) for point in points])
    assert middle == pytest.approx((3 * MOVING - 28) / 256, abs=0.08)
    assert min(point.y() for point in points) > panel.picture_rect().height() / 2
    assert not outlined(show(program, qtbot, STILL))


def test_a_moment_that_is_not_flagged_is_outlined_once_it_is_chosen(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    open_yard(program, qtbot, tmp_path)
    program.session.review.set_threshold(float(program.session.scoring.scores.max()) + 1)
    panel = show(program, qtbot, MOVING)
    qtbot.waitUntil(lambda: not program.session.scoring.segments)
    assert not outlined(panel)
    qtbot.keyClick(program.window, Qt.Key.Key_M, Qt.KeyboardModifier.ShiftModifier)
    moment = program.session.scoring.moment
    assert moment is not None
    assert program.session.playhead == moment.peak_frame
    qtbot.waitUntil(program.session.view_is_settled)
    assert outlined(panel)
    assert not outlined(show(program, qtbot, STILL))


def test_a_key_turns_outlines_off_and_that_is_remembered(
    program: Program, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    open_yard(program, qtbot, tmp_path)
    panel = show(program, qtbot, MOVING)
    action = program.window.actions_by_name["outlines"]
    assert action.isChecked()
    qtbot.keyClick(program.window, Qt.Key.Key_W)
    assert not action.isChecked()
    assert not outlined(panel)
    assert not settings.outlines
    qtbot.keyClick(program.window, Qt.Key.Key_W)
    assert outlined(panel)


def test_the_frame_on_screen_gets_its_outline_when_the_analysis_has_come_there(
    files: FakeFiles, start_program: StartProgram, settings: Settings, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start_program(files)
    settings.analyse_on_open = False
    program.begin(tmp_path / "yard.mp4", tmp_path / "knows.safetensors")
    qtbot.waitUntil(lambda: program.session.detector is not None)
    panel = show(program, qtbot, MOVING)
    assert not outlined(panel)
    qtbot.keyClick(program.window, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    qtbot.waitUntil(lambda: bool(outlined(panel)))


def test_the_evidence_panel_is_light_where_something_stands_out(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_yard(program, qtbot, tmp_path)
    grid = program.window.panels
    assert Panel.EVIDENCE not in grid.shown_panels()
    show(program, qtbot, MOVING)
    grid.panel_actions[Panel.EVIDENCE].trigger()
    panel = grid.panel(Panel.EVIDENCE)
    picture = panel.picture
    assert picture is not None
    assert panel.detail.startswith("worst ")
    height, width = picture.shape[:2]
    at_thing = picture[round(height * 0.75), round(width * (3 * MOVING - 28) / 256), :3].astype(int)
    elsewhere = picture[round(height * 0.2), round(width * 0.2), :3].astype(int)
    assert np.ptp(at_thing) > 60  # coloured
    assert np.ptp(elsewhere) < 10  # grey


def test_without_calibration_the_evidence_panel_says_why_it_is_empty(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    open_yard(program, qtbot, tmp_path, detector="still")
    program.window.panels.set_panel_shown(Panel.EVIDENCE, True)
    show(program, qtbot, MOVING)
    assert "calibrated" in program.window.panels.panel(Panel.EVIDENCE).message


def yellow(picture: np.ndarray) -> np.ndarray:
    """Which pixels of an RGB picture have about the outline's colour."""
    red, green, blue = (picture[..., channel].astype(int) for channel in range(3))
    return (red > 200) & (green > 150) & (blue < 100)


def test_thumbnails_of_segments_are_outlined(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_yard(program, qtbot, tmp_path)
    (segment,) = program.session.scoring.segments
    qtbot.waitUntil(lambda: program.session.thumbnails.get(segment.peak_frame) is not None)
    picture = program.session.thumbnails.get(segment.peak_frame)
    assert picture is not None
    assert yellow(picture[..., 2::-1]).sum() > 10


@pytest.mark.parametrize("outlines", [True, False])
def test_exported_clips_are_outlined_unless_that_is_unticked(
    program: Program, qtbot: QtBot, tmp_path: Path, outlines: bool
) -> None:
    open_yard(program, qtbot, tmp_path)
    program.session.navigation.select_next()
    qtbot.keyClick(program.window, Qt.Key.Key_E)
    qtbot.waitUntil(lambda: bool(program.window.findChildren(HandOverDialog)))
    (dialog,) = program.window.findChildren(HandOverDialog)
    page = dialog.clips
    assert page.outlines_box.isChecked()
    page.strip_box.click()
    for panel, box in page.panel_boxes.items():
        if panel != "frame":
            box.click()
    if not outlines:
        page.outlines_box.click()
    dialog.folder_edit.setText(str(tmp_path))
    page.names_edit.setText("clip")
    states: list[ExportState] = []
    program.exports.changed.connect(states.append)
    dialog.export_button.click()
    qtbot.waitUntil(lambda: bool(states) and states[-1].phase is ExportPhase.DONE)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert bool(yellow(frames[len(frames) // 2]).sum() > 50) is outlines


def test_what_is_handed_over_tells_where_and_why(
    program: Program, files: FakeFiles, analyses: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    open_yard(program, qtbot, tmp_path)
    snapshot = ReviewSnapshot.of(program.session)
    assert snapshot is not None
    assert snapshot.knows_where
    tools = ExportTools(files.open_video, files.open_predictor, analyses)
    subject = Subject(snapshot.recording, snapshot.detector, knows_where=True)
    segments = subject.outlined(tools, never_stop).segments
    assert len(segments) == len(program.session.scoring.segments) > 0
    for segment in segments:
        assert segment.outlines
        assert segment.flagged_because == program.session.scoring.reason(segment)
        assert "score" in segment.peak_in_words


def test_the_report_has_a_heat_map(
    program: Program,
    files: FakeFiles,
    analyses: Path,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_yard(program, qtbot, tmp_path)
    snapshot = ReviewSnapshot.of(program.session)
    assert snapshot is not None
    tools = ExportTools(files.open_video, files.open_predictor, analyses)
    monkeypatch.setattr("engine.report.report.open_video", files.open_video)
    monkeypatch.setattr("engine.report.report.sha256_of", lambda *_, **__: iter(()))
    job = ReportJob((Subject(snapshot.recording, snapshot.detector, knows_where=True),), tmp_path / "report.html")
    list(job.run(tools, never_stop))
    assert "Heat map of" in (tmp_path / "report.html").read_text("utf-8")


# A place over time


def click_at(program: Program, qtbot: QtBot, x: float, y: float) -> None:
    """Click a place of the frame, in shares of it; a click is told once it can't become a double click."""
    panel = program.window.panels.panel(Panel.FRAME)
    rect = panel.picture_rect()
    at = QPoint(rect.left() + int(x * rect.width()), rect.top() + int(y * rect.height()))
    with qtbot.waitSignal(panel.place_clicked):
        qtbot.mouseClick(panel, Qt.MouseButton.LeftButton, pos=at)


def test_a_click_on_a_place_shows_it_over_time_and_says_how_it_ranks(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, MOVING)
    session, lanes = program.session, program.window.timeline.lanes
    x, y = (3 * MOVING - 28) / 256, 192 / 256
    click_at(program, qtbot, x, y)
    assert lanes.shown == [WINDOW]
    qtbot.waitUntil(lambda: bool(np.isfinite(session.trace.scores[5:95]).all()))
    assert abs(int(np.nanargmax(session.trace.scores)) - MOVING) <= 12
    assert lanes.value_at(WINDOW, MOVING) > 3 > lanes.value_at(WINDOW, STILL)
    words = window_in_words(session)
    assert words.startswith(("Here: unusually fast", "Here: unexpected motion"))
    assert "px a frame" in words
    assert "calmer here in 9" in words or "calmer here in 8" in words
    show(program, qtbot, STILL)
    assert "nothing unusual moves" in window_in_words(session)
    click_at(program, qtbot, x, y)
    assert session.trace.window is None
    assert lanes.shown == []


def test_the_lane_of_a_place_and_the_words_in_the_picture_say_the_same_of_the_frame_on_screen(
    program: Program, qtbot: QtBot, tmp_path: Path
) -> None:
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, MOVING)
    session, lanes = program.session, program.window.timeline.lanes
    qtbot.keyClick(program.window, Qt.Key.Key_P)
    qtbot.waitUntil(lambda: bool(np.isfinite(session.trace.scores[5:95]).all()))
    for frame in range(MOVING - 6, MOVING + 6):
        show(program, qtbot, frame)
        said = f"score {lanes.value_at(WINDOW, frame):.1f},"
        assert said in window_in_words(session)
    session.trace.read_again()  # as when samples come: what was said of single frames holds
    qtbot.wait(50)
    assert f"score {lanes.value_at(WINDOW, session.playhead):.1f}," in window_in_words(session)


def test_a_key_follows_the_place_that_stands_out_most(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, MOVING)
    qtbot.keyClick(program.window, Qt.Key.Key_P)
    assert program.session.trace.window is not None
    row, column = program.session.trace.window
    assert (row + 1.5) * 8 == pytest.approx(192, abs=24)
    assert (column + 1.5) * 8 == pytest.approx(3 * MOVING - 28, abs=32)
    qtbot.keyClick(program.window, Qt.Key.Key_P)
    assert program.session.trace.window is None


def test_keys_go_from_place_to_place(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, MOVING)
    modifiers = Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(program.window, Qt.Key.Key_P)
    assert program.session.trace.window is not None
    row, column = program.session.trace.window
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Right):
        qtbot.keyClick(program.window, key, modifiers)
    assert program.session.trace.window == (row - 1, column - 1)
    for _ in range(40):
        qtbot.keyClick(program.window, Qt.Key.Key_Down, modifiers)
    assert program.session.trace.window == (PLACES - 1, column - 1)


def test_a_double_click_chooses_no_place(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_yard(program, qtbot, tmp_path)
    panel = show(program, qtbot, MOVING)
    middle = panel.picture_rect().center()
    qtbot.mouseClick(panel, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseDClick(panel, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.wait(QApplication.doubleClickInterval() + 50)
    assert program.session.trace.window is None
    assert program.window.panels.enlarged is Panel.FRAME


def test_another_recording_has_no_place_chosen(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, MOVING)
    qtbot.keyClick(program.window, Qt.Key.Key_P)
    program.open_video(tmp_path / "yard.mp4")
    qtbot.waitUntil(lambda: program.session.trace.window is None)
