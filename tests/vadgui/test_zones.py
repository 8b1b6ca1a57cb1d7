"""Zones in the window: drawn, moved and deleted by the mouse on the frame; scores and segments follow at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.review.camera_zones import remember_zones, zones_drawn_with
from engine.scoring.zone_files import write_zones
from engine.scoring.zones import Zone, ZoneKind
from tests.engine.analysis.test_where import MOTION, Yard
from tests.engine.scoring.test_where import calibration
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, StillPredictor
from tests.vadgui.test_where import open_yard, outlined, show
from vadgui.model.engine_state import AnalysisPhase
from vadgui.panels.content import Panel
from vadgui.panels.shape_tool import MouseMode
from vadgui.program import Program

MOVING = 60
BELOW = ((0.0, 0.5), (1.0, 1.0))
"""The half of the yard in which the thing goes along."""
LEFT_BUTTON, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def files() -> FakeFiles:
    files = FakeFiles(yard=Yard, gate=Yard)
    knows: Any = StillPredictor("knows")
    knows.settings.calibration = calibration(MOTION)
    files.predictors["knows"] = knows
    return files


@pytest.fixture
def program(
    files: FakeFiles,
    start_program: StartProgram,
    analyses: Path,
    tmp_path: Path,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Program:
    monkeypatch.setattr("engine.review.camera_zones.camera_zones_file", lambda: tmp_path / "camera-zones.json")
    program = start_program(files, analyses)
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, MOVING)
    return program


def at(program: Program, x: float, y: float) -> QPoint:
    rect = program.window.panels.panel(Panel.FRAME).picture_rect()
    return QPoint(rect.left() + round(x * rect.width()), rect.top() + round(y * rect.height()))


def drag(program: Program, one: tuple[float, float], other: tuple[float, float]) -> None:
    panel = program.window.panels.panel(Panel.FRAME)
    middle = ((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)
    QTest.mousePress(panel, LEFT_BUTTON, NO_KEYS, at(program, *one))
    QTest.mouseMove(panel, at(program, *middle))
    QTest.mouseMove(panel, at(program, *other))
    QTest.mouseRelease(panel, LEFT_BUTTON, NO_KEYS, at(program, *other))


def edit(program: Program, qtbot: QtBot, mode: MouseMode = MouseMode.RECTANGLE) -> None:
    qtbot.keyClick(program.window, Qt.Key.Key_Z)
    assert program.window.panels.zone_bar.isVisible()
    qtbot.mouseClick(program.window.panels.zone_bar.modes.buttons[mode], LEFT_BUTTON)


def until_flagged(program: Program, qtbot: QtBot, flagged: bool) -> None:
    qtbot.waitUntil(lambda: bool(program.session.scoring.segments) is flagged)


def test_an_ignored_rectangle_takes_the_segment_away_and_undo_brings_it_back(program: Program, qtbot: QtBot) -> None:
    scores = program.session.scoring.scores.copy()
    until_flagged(program, qtbot, True)
    assert outlined(program.window.panels.panel(Panel.FRAME))
    edit(program, qtbot)
    drag(program, *BELOW)
    (zone,) = program.session.review.zones
    assert zone.kind is ZoneKind.IGNORED
    np.testing.assert_allclose(zone.points, ((0, 0.5), (1, 0.5), (1, 1), (0, 1)), atol=0.01)
    until_flagged(program, qtbot, False)
    assert "1 ignored zone" in program.window.segment_list.message()  # nobody takes that for a calm recording
    assert program.session.review.undo_name == "Draw ignored zone"
    panel = show(program, qtbot, MOVING)
    qtbot.waitUntil(lambda: not outlined(panel))
    qtbot.keyClick(program.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert program.session.review.zones == ()
    until_flagged(program, qtbot, True)
    # To the last bit: nothing of the zone is left.
    qtbot.waitUntil(lambda: np.array_equal(program.session.scoring.scores, scores, equal_nan=True))


def test_what_does_not_count_is_hatched(program: Program, qtbot: QtBot) -> None:
    edit(program, qtbot)
    panel = program.window.panels.panel(Panel.FRAME)
    before = panel.grab().toImage()
    drag(program, (0.0, 0.0), (0.5, 0.4))

    def changed(x: float, y: float) -> float:
        image, middle = panel.grab().toImage(), at(program, x, y)
        near = [middle + QPoint(dx, dy) for dx in range(-8, 9) for dy in range(-8, 9)]
        return float(np.mean([QColor(image.pixel(p)).lightness() != QColor(before.pixel(p)).lightness() for p in near]))

    assert changed(0.3, 0.25) > 0.9
    assert changed(0.8, 0.2) == 0


def test_a_watched_polygon_of_clicks_leaves_nothing_else(program: Program, qtbot: QtBot) -> None:
    edit(program, qtbot, MouseMode.POLYGON)
    bar = program.window.panels.zone_bar
    bar.choice_box.setFocus()
    qtbot.keyClick(bar.choice_box, Qt.Key.Key_Down)
    panel = program.window.panels.panel(Panel.FRAME)
    assert "watched" in bar.hint()
    for corner in ((0.05, 0.05), (0.95, 0.05)):
        qtbot.mouseClick(panel, LEFT_BUTTON, pos=at(program, *corner))
    last = at(program, 0.5, 0.5)
    qtbot.mouseClick(panel, LEFT_BUTTON, pos=last)
    QTest.mouseDClick(panel, LEFT_BUTTON, NO_KEYS, last)
    (zone,) = program.session.review.zones
    assert zone.kind is ZoneKind.WATCHED
    assert len(zone.points) == 3
    until_flagged(program, qtbot, False)
    assert program.window.panels.enlarged is None  # the double click was the polygon's


def test_a_zone_is_moved_named_and_deleted(program: Program, qtbot: QtBot) -> None:
    edit(program, qtbot)
    drag(program, (0.1, 0.6), (0.3, 0.9))
    until_flagged(program, qtbot, True)
    bar = program.window.panels.zone_bar
    qtbot.mouseClick(bar.modes.buttons[MouseMode.MOVE], LEFT_BUTTON)
    drag(program, (0.2, 0.75), (0.5, 0.25))
    (zone,) = program.session.review.zones
    np.testing.assert_allclose(zone.points[0], (0.4, 0.1), atol=0.015)
    assert bar.remove_button.isEnabled()
    bar.name_edit.setFocus()
    qtbot.keyClicks(bar.name_edit, "clock z")  # letters are no shortcuts there
    qtbot.keyClick(bar.name_edit, Qt.Key.Key_Return)
    assert program.session.review.zones[0].name == "clock z"
    panel = program.window.panels.panel(Panel.FRAME)
    panel.setFocus()
    qtbot.keyClick(panel, Qt.Key.Key_Delete)
    assert program.session.review.zones == ()
    history = program.session.review.recording
    assert history is not None
    assert [step.name.split(" (")[0] for step in history.history] == [
        "Draw ignored zone", "Move zone", "Name zone", "Remove zone"
    ]  # fmt: skip


def test_zones_that_leave_nothing_are_refused_with_the_reason(program: Program, qtbot: QtBot) -> None:
    edit(program, qtbot)
    drag(program, (0.0, 0.0), (1.0, 1.0))
    assert program.session.review.zones == ()
    assert "leave nothing" in program.window.statusBar().currentMessage()


def test_zones_come_back_with_the_recording(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    edit(program, qtbot)
    drag(program, *BELOW)
    until_flagged(program, qtbot, False)
    zones = program.session.review.zones
    program.worker.close_video()
    qtbot.waitUntil(lambda: program.session.video is None)
    assert not program.window.panels.zone_bar.isVisible()
    open_yard(program, qtbot, tmp_path)
    assert program.session.review.zones == zones
    assert program.session.scoring.segments == []


def test_zones_of_a_file_are_loaded_as_a_step(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    file = tmp_path / "yard.zones.json"
    write_zones(file, (Zone.rectangle(ZoneKind.IGNORED, *BELOW),))
    program.window.zone_actions.load(file)
    until_flagged(program, qtbot, False)
    assert program.session.review.undo_name == "Load zones (yard.zones.json)"
    file.write_text("{}")
    program.window.zone_actions.load(file)
    assert "no file of zones" in program.window.statusBar().currentMessage()


def test_zones_are_offered_for_another_recording_of_the_camera(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    banner = program.window.zone_banner
    assert not banner.isVisible()
    edit(program, qtbot)
    drag(program, *BELOW)
    until_flagged(program, qtbot, False)
    zones = program.session.review.zones
    program.open_video(tmp_path / "gate.mp4")
    qtbot.waitUntil(lambda: program.session.video is not None and program.session.video.name == "gate.mp4")
    qtbot.waitUntil(lambda: program.session.analysis.phase is AnalysisPhase.DONE)
    assert program.session.scoring.segments  # nobody has said yet that it is the same camera
    assert "1 ignored zone" in banner.text()
    qtbot.mouseClick(banner.use_button, LEFT_BUTTON)
    assert program.session.review.zones == zones
    assert not banner.isVisible()
    until_flagged(program, qtbot, False)
    program.session.review.undo()
    assert program.session.review.zones == ()
    assert program.session.review.redo_name == "Use the camera's zones"


def test_zones_that_are_not_wanted_are_offered_no_more(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    edit(program, qtbot)
    drag(program, *BELOW)
    program.open_video(tmp_path / "gate.mp4")
    banner = program.window.zone_banner
    qtbot.waitUntil(banner.isVisible)
    qtbot.mouseClick(banner.hide_button, LEFT_BUTTON)
    assert not banner.isVisible()


def test_a_file_of_camera_zones_that_makes_no_sense_offers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "camera-zones.json"
    monkeypatch.setattr("engine.review.camera_zones.camera_zones_file", lambda: file)
    zones = (Zone.rectangle(ZoneKind.IGNORED, *BELOW),)
    remember_zones("a", zones)
    assert zones_drawn_with("a") == zones
    assert zones_drawn_with("b") == ()
    remember_zones("a", ())
    assert zones_drawn_with("a") == ()
    for text in ("", "[]", '{"a": [{"type": "Feature"}]}'):
        file.write_text(text)
        assert zones_drawn_with("a") == ()


# By keys


def press(program: Program, *keys: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEYS) -> None:
    """Press keys wherever the person's keys would go."""
    for key in keys:
        QTest.keyClick(program.window.focusWidget() or program.window, key, modifier)


SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


def test_a_zone_is_drawn_moved_and_removed_by_keys_alone(program: Program) -> None:
    key, status = Qt.Key, program.window.statusBar()
    playhead = program.session.playhead
    press(program, key.Key_Z)
    assert "Enter" in status.currentMessage()
    press(program, key.Key_Return)
    assert "Arrows" in status.currentMessage()
    press(program, key.Key_Left, key.Key_Up, modifier=SHIFT)
    press(program, key.Key_Left)
    press(program, key.Key_Down, modifier=CONTROL)
    assert status.currentMessage() == "Cursor at 39.0% from the left, 40.1% from the top"
    press(program, key.Key_Space)
    press(program, key.Key_Right, key.Key_Down, modifier=SHIFT)
    press(program, key.Key_Return)
    (zone,) = program.session.review.zones
    np.testing.assert_allclose(zone.points, ((0.39, 0.401), (0.49, 0.401), (0.49, 0.501), (0.39, 0.501)), atol=0.002)
    assert program.session.playhead == playhead
    assert not program.window.actions_by_name["play"].isChecked()
    program.window.panels.zone_tool.use_mode(MouseMode.MOVE)
    press(program, key.Key_Left, *[key.Key_Up] * 3, key.Key_Return)
    press(program, key.Key_Right, modifier=SHIFT)
    press(program, key.Key_Return)
    (moved,) = program.session.review.zones
    np.testing.assert_allclose(np.subtract(moved.points, zone.points), [(0.1, 0.0)] * 4, atol=0.002)
    press(program, key.Key_Delete)
    assert program.session.review.zones == ()
    press(program, key.Key_Escape)
    press(program, key.Key_Right)
    assert program.session.playhead == playhead + 1, "once the cursor is left, arrows are the window's again"


def test_what_can_be_drawn_is_told_no_more_once_nothing_is(program: Program) -> None:
    press(program, Qt.Key.Key_Z)
    assert "Enter" in program.window.statusBar().currentMessage()
    press(program, Qt.Key.Key_Z)
    assert program.window.statusBar().currentMessage() == ""


def test_a_polygon_of_keys_is_closed_by_a_second_enter_and_given_up_by_escape(program: Program) -> None:
    key = Qt.Key
    press(program, key.Key_Z)
    program.window.panels.zone_tool.use_mode(MouseMode.POLYGON)
    press(program, key.Key_Return, key.Key_Return)
    press(program, key.Key_Right, modifier=SHIFT)
    press(program, key.Key_Return, key.Key_Escape)
    press(program, key.Key_Return)
    press(program, key.Key_Down, modifier=SHIFT)
    press(program, key.Key_Return)
    press(program, key.Key_Left, modifier=SHIFT)
    press(program, key.Key_Return, key.Key_Return)
    (zone,) = program.session.review.zones
    np.testing.assert_allclose(zone.points, ((0.6, 0.5), (0.6, 0.6), (0.5, 0.6)), atol=0.002)
