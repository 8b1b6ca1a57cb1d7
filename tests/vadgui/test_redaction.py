"""Redacted regions in the window: drawn and moved by the mouse on the frame, at several frames, and undone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.redaction.regions import RedactionMethod
from engine.review.files import read_review
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles
from tests.vadgui.test_where import open_yard, show
from tests.vadgui.test_zones import LEFT_BUTTON, NO_KEYS, at, drag, files
from vadgui.dialogs.hand_over.page import SegmentsBox
from vadgui.panels.content import Panel
from vadgui.panels.redaction_bar import RedactionBar
from vadgui.panels.shape_tool import MouseMode
from vadgui.program import Program

__all__ = ["files"]
ONE = ((0.1, 0.1), (0.3, 0.4))


@pytest.fixture
def program(files: FakeFiles, start_program: StartProgram, analyses: Path, tmp_path: Path, qtbot: QtBot) -> Program:
    program = start_program(files, analyses)
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, 20)
    return program


def edit(program: Program, qtbot: QtBot, mode: MouseMode = MouseMode.RECTANGLE) -> RedactionBar:
    bar = program.window.panels.redaction_bar
    if not bar.isVisible():
        qtbot.keyClick(program.window, Qt.Key.Key_R)
    assert bar.isVisible()
    qtbot.mouseClick(bar.modes.buttons[mode], LEFT_BUTTON)
    return bar


def drawn(program: Program, qtbot: QtBot) -> RedactionBar:
    """A region at frame 20, selected."""
    bar = edit(program, qtbot)
    drag(program, *ONE)
    edit(program, qtbot, MouseMode.MOVE)
    return bar


def pink(program: Program, x: float, y: float) -> bool:
    """Whether a region's border is near a place of the frame."""
    panel = program.window.panels.panel(Panel.FRAME)
    image, middle = panel.grab().toImage(), at(program, x, y)
    near = (QColor(image.pixel(middle.x() + dx, middle.y() + dy)) for dx in range(-6, 7) for dy in range(-6, 7))
    return any(each.red() > 150 and each.green() < 0.75 * each.red() < each.blue() for each in near)


def test_a_region_is_drawn_shown_and_undone(program: Program, qtbot: QtBot) -> None:
    bar = edit(program, qtbot)
    drag(program, *ONE)
    (region,) = program.session.review.redaction.regions
    assert region.method is RedactionMethod.FILL
    assert region.is_fixed
    np.testing.assert_allclose(region.points_at(0), ((0.1, 0.1), (0.3, 0.1), (0.3, 0.4), (0.1, 0.4)), atol=0.01)
    assert pink(program, 0.3, 0.25)
    qtbot.mouseClick(bar.done_button, LEFT_BUTTON)
    assert not bar.isVisible()
    assert pink(program, 0.3, 0.25)  # whoever reviews sees what will be left out
    assert program.session.review.undo_name == "Redact region"
    qtbot.keyClick(program.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not program.session.review.redaction
    assert not pink(program, 0.3, 0.25)


def test_a_region_that_is_moved_at_another_frame_moves_in_between(program: Program, qtbot: QtBot) -> None:
    bar = drawn(program, qtbot)
    assert "stays in place" in bar.hint()
    show(program, qtbot, 40)
    drag(program, (0.2, 0.25), (0.6, 0.45))
    (region,) = program.session.review.redaction.regions
    assert [each.frame for each in region.keyframes] == [20, 40]
    np.testing.assert_allclose(region.points_at(30)[0], (0.3, 0.2), atol=0.015)
    assert "keyframes at 20, 40" in bar.hint()
    show(program, qtbot, 30)
    assert pink(program, 0.5, 0.35)
    assert not bar.keyframe_action.isEnabled()
    show(program, qtbot, 40)
    bar.keyframe_action.trigger()
    assert program.session.review.redaction.regions[0].is_fixed
    program.session.review.undo()
    assert program.session.review.redaction.regions == (region,)


def test_a_corner_is_dragged(program: Program, qtbot: QtBot) -> None:
    drawn(program, qtbot)
    drag(program, (0.3, 0.4), (0.5, 0.8))
    (region,) = program.session.review.redaction.regions
    np.testing.assert_allclose(region.points_at(20), ((0.1, 0.1), (0.5, 0.1), (0.5, 0.8), (0.1, 0.8)), atol=0.02)
    assert region.is_fixed  # at its own frame it is put right, not moved


def test_frames_method_and_removal_of_the_selected_region(program: Program, qtbot: QtBot) -> None:
    bar = drawn(program, qtbot)
    bar.choice_box.setFocus()
    qtbot.keyClick(bar.choice_box, Qt.Key.Key_Down)
    bar.begin_action.trigger()
    show(program, qtbot, 30)
    bar.end_action.trigger()
    (region,) = program.session.review.redaction.regions
    assert (region.method, region.start, region.stop) == (RedactionMethod.PIXELATE, 20, 31)
    assert "Frames 20 to 30" in bar.hint()
    show(program, qtbot, 31)
    assert not pink(program, 0.3, 0.25)
    bar.all_action.trigger()
    assert pink(program, 0.3, 0.25)
    panel = program.window.panels.panel(Panel.FRAME)
    panel.setFocus()
    qtbot.keyClick(panel, Qt.Key.Key_Delete)
    assert not program.session.review.redaction
    assert not bar.remove_button.isEnabled()


def test_the_mouse_is_for_zones_or_for_redaction(program: Program, qtbot: QtBot) -> None:
    bar, zones = edit(program, qtbot), program.window.panels.zone_bar
    qtbot.keyClick(program.window, Qt.Key.Key_Z)
    assert (bar.isVisible(), zones.isVisible()) == (False, True)
    drag(program, *ONE)
    assert program.session.review.zones
    assert not program.session.review.redaction
    qtbot.keyClick(program.window, Qt.Key.Key_R)
    assert (bar.isVisible(), zones.isVisible()) == (True, False)


def test_it_is_kept_with_the_review_and_goes_into_exports(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    bar = drawn(program, qtbot)
    bar.blur_box.click()
    redaction = program.session.review.redaction
    assert redaction.blurs_picture
    path = tmp_path / "yard.mp4.review.json"
    qtbot.waitUntil(path.exists)
    program.worker.close_video()
    qtbot.waitUntil(lambda: program.session.video is None)
    assert not bar.isVisible()
    assert read_review(path).review.recordings[0].redaction == redaction
    open_yard(program, qtbot, tmp_path)
    assert program.session.review.redaction == redaction
    dialog = program.window.hand_over.ask(SegmentsBox.ALL)
    assert dialog is not None
    assert dialog.clips.subjects[0].recording.redaction == redaction
    assert not dialog.clips.cut_button.isEnabled()
    assert dialog.clips.redaction_hint.isVisibleTo(dialog.clips)
    assert dialog.package.hash_button.isChecked()
    dialog.close()


def test_a_polygon_and_a_press_that_draws_nothing(program: Program, qtbot: QtBot) -> None:
    edit(program, qtbot, MouseMode.POLYGON)
    panel = program.window.panels.panel(Panel.FRAME)
    for corner in ((0.2, 0.2), (0.6, 0.2), (0.4, 0.6)):
        qtbot.mouseClick(panel, LEFT_BUTTON, pos=at(program, *corner))
    QTest.mouseDClick(panel, LEFT_BUTTON, NO_KEYS, at(program, 0.4, 0.6))
    assert len(program.session.review.redaction.regions[0].points_at(0)) == 3
    edit(program, qtbot)
    drag(program, (0.7, 0.7), (0.701, 0.9))
    assert len(program.session.review.redaction.regions) == 1


def test_a_bookmark_leaves_the_region_selected(program: Program, qtbot: QtBot) -> None:
    segment = program.session.scoring.segments[0]
    program.session.navigation.select(segment)
    qtbot.keyClick(program.window, Qt.Key.Key_Y)
    program.session.navigation.select(program.session.scoring.segments[0])
    drawn(program, qtbot)
    qtbot.keyClick(program.window, Qt.Key.Key_B)
    panel = program.window.panels.panel(Panel.FRAME)
    panel.setFocus()
    qtbot.keyClick(panel, Qt.Key.Key_Delete)
    assert not program.session.review.redaction
    assert [each.verdict for each in program.session.review.segments if each.judged] == ["confirmed"]
