"""A place is searched by a rectangle on the frame; the heat map shows where things happened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.review.document import Verdict
from engine.scoring.sampling import SAMPLED
from tests.engine.analysis.test_where import MOTION, Yard
from tests.engine.scoring.test_where import calibration
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, StillPredictor
from tests.vadgui.test_where import MOVING, open_yard, show
from vadgui.panels.content import Panel
from vadgui.program import Program

LEFT, CONTROL = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
NO_KEYS = Qt.KeyboardModifier.NoModifier
ABOVE, BELOW = ((0.05, 0.05), (0.95, 0.5)), ((0.05, 0.6), (0.95, 0.95))


@pytest.fixture
def program(start_program: StartProgram, analyses: Path, qtbot: QtBot, tmp_path: Path) -> Program:
    files = FakeFiles(yard=Yard)
    knows: Any = StillPredictor("knows")
    knows.settings.calibration = replace(calibration(MOTION), sampling=SAMPLED)
    files.predictors["knows"] = knows
    program = start_program(files, analyses)
    open_yard(program, qtbot, tmp_path)
    show(program, qtbot, MOVING)
    return program


def at(program: Program, x: float, y: float) -> QPoint:
    rect = program.window.panels.panel(Panel.FRAME).picture_rect()
    return QPoint(rect.left() + round(x * rect.width()), rect.top() + round(y * rect.height()))


def drag(program: Program, rectangle: tuple[tuple[float, float], tuple[float, float]]) -> None:
    panel = program.window.panels.panel(Panel.FRAME)
    one, other = (at(program, *corner) for corner in rectangle)
    QTest.mousePress(panel, LEFT, NO_KEYS, one)
    QTest.mouseMove(panel, (one + other) / 2)
    QTest.mouseMove(panel, other)
    QTest.mouseRelease(panel, LEFT, NO_KEYS, other)


def search(program: Program, qtbot: QtBot, rectangle: tuple[tuple[float, float], tuple[float, float]]) -> None:
    drag(program, rectangle)
    qtbot.waitUntil(lambda: program.session.places.rectangle is not None and not program.session.places.is_looking)


def orange(program: Program) -> int:
    """How many spans the timeline shows."""
    return len(program.window.timeline.plot.segments._starts)


def test_a_place_is_searched_by_keys_alone(program: Program) -> None:
    def press(*keys: Qt.Key, modifier: Qt.KeyboardModifier = NO_KEYS) -> None:
        for key in keys:
            QTest.keyClick(program.window.focusWidget() or program.window, key, modifier)

    press(Qt.Key.Key_F, modifier=CONTROL)
    assert "Enter" in program.window.statusBar().currentMessage()
    press(Qt.Key.Key_Return, Qt.Key.Key_Return)
    press(Qt.Key.Key_Right, *[Qt.Key.Key_Down] * 2, modifier=Qt.KeyboardModifier.ShiftModifier)
    press(Qt.Key.Key_Return)
    rectangle = program.session.places.rectangle
    assert rectangle is not None
    np.testing.assert_allclose(rectangle, ((0.5, 0.5), (0.6, 0.7)), atol=0.002)
    press(Qt.Key.Key_Escape)
    assert program.window.actions_by_name["search_place"].isChecked(), "the first Esc leaves the cursor"
    press(Qt.Key.Key_Escape)
    assert not program.window.actions_by_name["search_place"].isChecked()
    assert program.session.places.rectangle is None


def test_a_rectangle_lists_the_segments_in_which_something_stood_out_there(program: Program, qtbot: QtBot) -> None:
    rows = program.window.segment_list
    assert (rows.model.rowCount(), orange(program)) == (1, 1)
    qtbot.keyClick(program.window, Qt.Key.Key_F, CONTROL)
    assert program.window.actions_by_name["search_place"].isChecked()
    search(program, qtbot, ABOVE)
    assert (rows.model.rowCount(), orange(program)) == (0, 0)
    assert rows.place_line.isVisible()
    assert rows.place_line.text() == "In the rectangle: 0 of 1"
    assert rows.message() == "Nothing flagged happened in the rectangle."
    search(program, qtbot, BELOW)
    assert (rows.model.rowCount(), orange(program)) == (1, 1)
    assert rows.place_line.text() == "In the rectangle: 1 of 1"


def test_the_search_ends_by_escape_by_its_button_and_by_its_key(program: Program, qtbot: QtBot) -> None:
    rows, action = program.window.segment_list, program.window.actions_by_name["search_place"]
    ends = (
        lambda: QTest.keyClick(program.window.panels.panel(Panel.FRAME), Qt.Key.Key_Escape),
        lambda: qtbot.mouseClick(rows.place_line.clear_button, LEFT),
        lambda: qtbot.keyClick(program.window, Qt.Key.Key_F, CONTROL),
    )
    for end in ends:
        qtbot.keyClick(program.window, Qt.Key.Key_F, CONTROL)
        search(program, qtbot, ABOVE)
        assert rows.model.rowCount() == 0
        end()
        assert not action.isChecked()
        assert rows.model.rowCount() == 1
        assert not rows.place_line.isVisible()
        assert program.window.panels.panel(Panel.FRAME).tool is None


def test_zones_and_the_search_take_the_mouse_from_each_other(program: Program) -> None:
    zones, action = (program.window.actions_by_name[name] for name in ("zones", "search_place"))
    action.trigger()
    zones.trigger()
    assert (action.isChecked(), zones.isChecked()) == (False, True)
    assert program.window.panels.zone_tool.is_on
    action.trigger()
    assert (action.isChecked(), zones.isChecked()) == (True, False)
    assert program.window.panels.search_tool.is_on
    drag(program, BELOW)
    assert program.session.review.zones == ()


def test_what_is_searched_is_bright_and_the_rest_darker(program: Program, qtbot: QtBot) -> None:
    panel = program.window.panels.panel(Panel.FRAME)
    before = panel.grab().toImage()
    qtbot.keyClick(program.window, Qt.Key.Key_F, CONTROL)
    search(program, qtbot, BELOW)
    after = panel.grab().toImage()
    inside, outside = at(program, 0.1, 0.9), at(program, 0.5, 0.3)
    assert after.pixelColor(inside) == before.pixelColor(inside)
    assert after.pixelColor(outside).lightness() < 0.8 * before.pixelColor(outside).lightness()


def test_another_recording_begins_without_a_search(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    qtbot.keyClick(program.window, Qt.Key.Key_F, CONTROL)
    search(program, qtbot, ABOVE)
    video = program.session.video
    program.open_video(tmp_path / "yard.mp4")
    qtbot.waitUntil(lambda: program.session.video is not video)
    assert program.session.places.rectangle is None
    assert not program.window.actions_by_name["search_place"].isChecked()


def test_a_detector_that_is_not_calibrated_knows_no_places(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    program.open_detector(tmp_path / "still.safetensors")
    qtbot.waitUntil(lambda: program.session.detector.name == "still")
    assert not program.window.actions_by_name["search_place"].isEnabled()


def test_the_heat_map_is_light_where_things_happened(program: Program, qtbot: QtBot) -> None:
    grid = program.window.panels
    assert Panel.HEAT_MAP not in grid.shown_panels()
    grid.panel_actions[Panel.HEAT_MAP].trigger()
    panel = grid.panel(Panel.HEAT_MAP)
    qtbot.waitUntil(lambda: panel.picture is not None)
    assert panel.picture is not None
    height, width = panel.picture.shape[:2]
    path, above = (panel.picture[round(height * y), width // 3 : width // 2, :3].astype(int) for y in (0.75, 0.2))
    assert np.ptp(path, axis=1).min() > 40  # coloured
    assert np.ptp(above, axis=1).max() == 0  # grey
    program.session.navigation.select(program.session.scoring.segments[0])
    program.session.review.edit(
        lambda editor: editor.judge(program.session.review.segments[0], Verdict.DISMISSED, "trees")
    )
    assert panel.picture is None, "what was dismissed is not shown"
    assert "Nothing flagged" in panel.message
