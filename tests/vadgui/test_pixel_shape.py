"""A recording whose stored pixels are not square in the window: seen in its true shape, hit where it is seen."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from engine.footage_check.report import FootageReport
from tests.clips import write_discs
from tests.engine.video.test_shape import disc_size
from tests.vadgui.conftest import StartProgram
from tests.vadgui.test_redaction import edit as edit_redaction
from tests.vadgui.test_zones import drag, edit
from vadgui.jobs.view_maker import ViewMaker
from vadgui.panels.content import Panel
from vadgui.panels.shape_tool import MouseMode
from vadgui.program import Program
from vadgui.training.model.footage_draft import FootageDraft
from vadgui.training.wizard.footage_list import FootageList

FRAMES = 31
MIDDLE = 15


@pytest.fixture
def program(start_program: StartProgram, tmp_path: Path, qtbot: QtBot) -> Program:
    video = write_discs(tmp_path / "gate.mp4", (704, 288), Fraction(6, 11), frames=FRAMES)
    program = start_program()
    program.open_video(video)
    qtbot.waitUntil(lambda: program.session.frame_count == FRAMES, timeout=60_000)
    program.session.seek(MIDDLE)
    qtbot.waitUntil(lambda: program.session.view_is_settled() and program.session.view is not None, timeout=60_000)
    return program


def disc(program: Program) -> tuple[QPoint, int, int]:
    """Middle, width and height of the disc on the frame's panel."""
    panel = program.window.panels.panel(Panel.FRAME)
    rect, image = panel.picture_rect(), panel.grab().toImage()
    bright = np.array(
        [
            [QColor(image.pixel(x, y)).lightness() > 130 for x in range(rect.left(), rect.right() + 1)]
            for y in range(rect.top(), rect.bottom() + 1)
        ]
    )
    # The cursor of zones and the like would be thinner.
    rows, columns = np.flatnonzero(bright.sum(1) > 3), np.flatnonzero(bright.sum(0) > 3)
    middle = QPoint(rect.left() + int(columns.mean()), rect.top() + int(rows.mean()))
    return middle, int(columns[-1] - columns[0] + 1), int(rows[-1] - rows[0] + 1)


def test_the_frame_is_shown_in_its_shape_with_both_sizes(program: Program) -> None:
    panel = program.window.panels.panel(Panel.FRAME)
    rect = panel.picture_rect()
    assert rect.width() / rect.height() == pytest.approx(4 / 3, abs=0.02)
    # Also what the loupe shows.
    assert panel.picture is not None
    assert panel.picture.shape[:2] == (528, 704)
    _, width, height = disc(program)
    assert width > 60
    assert width == pytest.approx(height, abs=3)
    assert program.session.video is not None
    assert program.session.video.size_in_words == "704 × 288, shown as 704 × 528"
    assert panel.detail == "704 × 288, shown as 704 × 528"


def test_shapes_are_hit_where_the_picture_is_seen(program: Program, qtbot: QtBot) -> None:
    """A rectangle is drawn tightly round the disc that is seen, in the middle, so that its corners are known."""
    middle, width, height = disc(program)
    rect = program.window.panels.panel(Panel.FRAME).picture_rect()

    def share(point: QPoint) -> tuple[float, float]:
        return (point.x() - rect.left()) / rect.width(), (point.y() - rect.top()) / rect.height()

    half = QPoint(width // 2, height // 2)
    edit(program, qtbot)
    drag(program, share(middle - half), share(middle + half))
    (zone,) = program.session.review.zones
    # The disc's radius is 0.22 of 528 px.
    across, down = 0.22 * 528 / 704, 0.22
    np.testing.assert_allclose(zone.points[0], (0.5 - across, 0.5 - down), atol=0.015)
    np.testing.assert_allclose(zone.points[2], (0.5 + across, 0.5 + down), atol=0.015)
    QTest.keyClick(program.window, Qt.Key.Key_Z)
    edit_redaction(program, qtbot, MouseMode.RECTANGLE)
    drag(program, share(middle - half), share(middle + half))
    (region,) = program.session.review.redaction.regions
    np.testing.assert_allclose(region.points_at(0)[0], (0.5 - across, 0.5 - down), atol=0.015)


def test_thumbnails_have_the_shape(tmp_path: Path) -> None:
    from engine.video import open_video

    video = write_discs(tmp_path / "gate.mp4", (352, 576), Fraction(24, 11), frames=5)
    with open_video(video) as source:
        picture = ViewMaker(source, None).thumbnail(2, lambda: False)
    assert picture.shape[1] / picture.shape[0] == pytest.approx(4 / 3, abs=0.02)
    width, height = disc_size(picture[..., :3])
    assert width == pytest.approx(height, abs=2)


def test_the_wizard_lists_the_stored_size_and_tells_both(qtbot: QtBot) -> None:
    footage, path = FootageDraft(), Path("gate.mp4")
    footage.add_videos([path])
    footage.add_check_result(FootageReport(path, 250, 10.0, 25.0, 704, 528, "gate", (), unstretched_px=(704, 288)))
    table = FootageList(footage)
    qtbot.addWidget(table)
    item = table.topLevelItem(0)
    assert item is not None
    assert item.text(2) == "704 × 288"
    assert item.toolTip(2) == "704 × 288, shown as 704 × 528\n25 frames a second"
