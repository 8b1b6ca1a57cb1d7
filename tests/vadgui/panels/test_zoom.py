"""All panels are zoomed and moved together, by mouse and keyboard; the loupe shows the picture's own pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QKeySequence, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.scoring.zones import ZoneKind
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.synthetic import open_session, steady_times, view_of
from vadgui.model.frame_view import Bgra
from vadgui.panels.content import Panel
from vadgui.panels.grid import PanelGrid
from vadgui.panels.picture import PicturePanel
from vadgui.panels.shape_tool import MouseMode
from vadgui.program import Program


@pytest.fixture
def grid(qtbot: QtBot) -> PanelGrid:
    session = open_session(steady_times(100), width_px=640, height_px=360)
    grid = PanelGrid(session)
    qtbot.addWidget(grid)
    grid.resize(1200, 700)
    grid.show()
    qtbot.waitExposed(grid)
    view = view_of(session, 5)
    object.__setattr__(view, "frame", quarters())
    session.show(view)
    return grid


def quarters() -> Bgra:
    """A picture whose quarters are red, green, blue and white, from the upper left."""
    picture = np.full((360, 640, 4), 255, np.uint8)
    for rows, columns, colour in (
        (slice(0, 180), slice(0, 320), (0, 0, 255)),
        (slice(0, 180), slice(320, 640), (0, 255, 0)),
        (slice(180, 360), slice(0, 320), (255, 0, 0)),
    ):
        picture[rows, columns, :3] = colour
    return picture


def spot(panel: PicturePanel, x: float, y: float) -> QPoint:
    """A place of the panel's picture as it is shown, in shares of it."""
    rect = panel.picture_rect()
    return QPoint(rect.left() + int(x * rect.width()), rect.top() + int(y * rect.height()))


def wheel(widget: QWidget, at: QPoint, notches: int) -> None:
    event = QWheelEvent(
        QPointF(at), QPointF(widget.mapToGlobal(at)), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def drag(widget: QWidget, qtbot: QtBot, begin: QPoint, end: QPoint, button: Qt.MouseButton) -> None:
    qtbot.mousePress(widget, button, pos=begin)
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, QPointF(end), QPointF(widget.mapToGlobal(end)), Qt.MouseButton.NoButton, button,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)
    qtbot.mouseRelease(widget, button, pos=end)


def colour(panel: PicturePanel, x: float, y: float) -> str:
    return QColor(panel.grab().toImage().pixel(spot(panel, x, y))).name()


def test_the_wheel_zooms_all_panels_around_what_is_under_the_mouse(grid: PanelGrid) -> None:
    frame, flow = grid.panel(Panel.FRAME), grid.panel(Panel.PREDICTED_FLOW)
    assert [colour(frame, x, y) for x, y in ((0.1, 0.1), (0.9, 0.1), (0.1, 0.9))] == ["#ff0000", "#00ff00", "#0000ff"]
    wheel(flow, spot(flow, 0.25, 0.25), 5)
    assert grid.zoom.factor == pytest.approx(1.25**5)
    assert {colour(frame, x, y) for x in (0.05, 0.5) for y in (0.05, 0.5)} == {"#ff0000"}
    for panel in (frame, flow):
        whole, rect = panel.whole_rect(), panel.picture_rect()
        assert whole.width() == pytest.approx(rect.width() * grid.zoom.factor, abs=1)
        under = (spot(panel, 0.25, 0.25) - whole.topLeft()).x() / whole.width()
        assert under == pytest.approx(0.25, abs=0.01)
    wheel(frame, spot(frame, 0.5, 0.5), -30)
    assert grid.zoom.is_whole


def test_a_drag_moves_all_panels_and_a_double_click_shows_all_again(grid: PanelGrid, qtbot: QtBot) -> None:
    frame, mask = grid.panel(Panel.FRAME), grid.panel(Panel.PSNR_MASK)
    wheel(frame, spot(frame, 0.0, 0.0), 8)
    for _ in range(8):
        drag(mask, qtbot, spot(mask, 0.9, 0.1), spot(mask, 0.1, 0.1), Qt.MouseButton.LeftButton)
    assert grid.zoom.part.right() == pytest.approx(1.0)
    assert colour(frame, 0.5, 0.5) == "#00ff00"
    qtbot.mouseDClick(frame, Qt.MouseButton.LeftButton, pos=spot(frame, 0.5, 0.5))
    assert grid.zoom.is_whole
    assert grid.enlarged is None
    qtbot.mouseDClick(frame, Qt.MouseButton.LeftButton, pos=spot(frame, 0.5, 0.5))
    assert grid.enlarged is Panel.FRAME


def test_a_drag_over_a_whole_picture_does_nothing(grid: PanelGrid, qtbot: QtBot) -> None:
    frame = grid.panel(Panel.FRAME)
    drag(frame, qtbot, spot(frame, 0.5, 0.5), spot(frame, 0.2, 0.2), Qt.MouseButton.LeftButton)
    assert grid.zoom.is_whole


def test_a_zone_is_drawn_where_the_mouse_is_in_a_zoomed_picture(grid: PanelGrid, qtbot: QtBot) -> None:
    frame = grid.panel(Panel.FRAME)
    grid.edit_zones(True)
    grid.zone_tool.use_mode(MouseMode.RECTANGLE)
    grid.zone_tool.use_kind(ZoneKind.IGNORED)
    grid.zoom.zoom(2.0, QPointF(1.0, 1.0))
    drag(frame, qtbot, spot(frame, 0.0, 0.0), spot(frame, 0.5, 0.5), Qt.MouseButton.LeftButton)
    (zone,) = grid.zone_tool._review.zones
    assert min(zone.points) == pytest.approx((0.5, 0.5), abs=0.01)
    assert max(zone.points) == pytest.approx((0.75, 0.75), abs=0.01)
    drag(frame, qtbot, spot(frame, 0.1, 0.1), spot(frame, 0.9, 0.1), Qt.MouseButton.MiddleButton)
    assert grid.zoom.part.left() < 0.5


# In the window: keys


@pytest.fixture
def program(start_program: StartProgram, qtbot: QtBot, tmp_path: Path) -> Program:
    program = start_program(FakeFiles(scene=lambda path: MemoryVideo(path, 40, is_scene=True)))
    program.begin(tmp_path / "scene.mp4", None)
    qtbot.waitUntil(lambda: program.session.view is not None)
    return program


def press(program: Program, keys: str) -> None:
    combination = QKeySequence(keys)
    QTest.keySequence(program.window, combination)


def test_keys_zoom_and_move_pictures_and_timeline(program: Program) -> None:
    zoom = program.window.panels.zoom
    press(program, "Ctrl++")
    press(program, "Ctrl++")
    assert zoom.factor == pytest.approx(2.25)
    left, top = zoom.part.left(), zoom.part.top()
    press(program, "Alt+Right")
    press(program, "Alt+Up")
    assert zoom.part.left() > left
    assert zoom.part.top() < top
    press(program, "Ctrl+0")
    assert zoom.is_whole
    box = program.window.timeline.plot.box
    whole = box.span()
    press(program, "+")
    assert box.span()[1] - box.span()[0] == pytest.approx((whole[1] - whole[0]) / 2)
    press(program, "Shift+Z")
    assert box.span() == pytest.approx(whole)


def test_another_recording_begins_with_the_whole_picture(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    press(program, "Ctrl++")
    program.open_video(tmp_path / "scene.mp4")
    qtbot.waitUntil(lambda: program.window.panels.zoom.is_whole)


def test_the_loupe_shows_original_pixels_while_its_key_is_held(program: Program, qtbot: QtBot) -> None:
    panels = program.window.panels
    frame, loupe = panels.panel(Panel.FRAME), panels.loupe
    at = spot(frame, 0.9, 0.5)
    qtbot.mouseMove(frame, at)
    QTest.keyPress(program.window, Qt.Key.Key_C)
    assert loupe.isVisible()
    assert loupe.geometry().contains(frame.mapTo(loupe.parentWidget(), at))
    assert frame.picture is not None
    x = (at - frame.whole_rect().topLeft()).x() * frame.picture.shape[1] // frame.whole_rect().width()
    y = (at - frame.whole_rect().topLeft()).y() * frame.picture.shape[0] // frame.whole_rect().height()
    blue, green, red = (int(each) for each in frame.picture[y, x, :3])
    middle = loupe.rect().center()
    image = loupe.grab().toImage()
    assert QColor(image.pixel(middle)) == QColor(red, green, blue)
    # Near the edge of the panels the loupe does not lie around the mouse: marks say which place it shows.
    x, y = loupe.width() // 2, loupe.height() // 2
    arms = [QColor(image.pixel(x + across, y + down)) for across, down in ((12, 0), (-12, 0), (0, 12), (0, -12))]
    assert arms == [QColor(Qt.GlobalColor.white)] * 4
    QTest.keyRelease(program.window, Qt.Key.Key_C)
    assert not loupe.isVisible()
