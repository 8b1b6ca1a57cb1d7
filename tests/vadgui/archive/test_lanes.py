"""Lanes of a day: the frame round the segment that the cursor is on, and what is left of another archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from engine.archive.lanes import DayFootage, Lane
from engine.archive.overview import Overview, day_ends
from engine.archive.searching import Hit
from engine.review.document import Verdict
from vadgui.archive.lanes import DayLanes
from vadgui.archive.window import ArchiveWindow
from vadgui.settings import Settings
from vadgui.ui import theme
from vadgui.ui.keymap import Keymap

DAY = date(2026, 3, 28)
START, STOP = day_ends(DAY)


def lane(camera: str, recording: int, *hours: int) -> Lane:
    """A segment of ten minutes at each of these hours."""
    hits = [
        Hit(
            path=Path("/f/1.mp4"), camera=camera, number=number, start=0, stop=9, start_seconds=0.0,
            stop_seconds=600.0, start_time=START + timedelta(hours=hour), peak_seconds=1.0, peak_score=4.0, reason="",
            box=None, verdict=Verdict.UNREVIEWED, verdict_reason="", note="", reviewer="", detector_name="", score="",
            threshold=None, fingerprint="", detector_fingerprint="", recording_id=recording,
        )
        for number, hour in enumerate(hours, 1)
    ]  # fmt: skip
    return Lane(camera, [], hits)


def footage(*lanes: Lane) -> DayFootage:
    return DayFootage(DAY, START, STOP, lanes, None, None)


@pytest.fixture
def lanes(qtbot: QtBot) -> DayLanes:
    """The cursor is on the only segment, of the camera north."""
    lanes = DayLanes()
    qtbot.addWidget(lanes)
    lanes.resize(800, 300)
    lanes.show()
    qtbot.waitExposed(lanes)
    lanes.show_day(footage(lane("north", 1, 6), lane("south", 2)))
    lanes.put_cursor((1, 1))
    return lanes


def framed_rows(lanes: DayLanes) -> Sequence[int]:
    """The lanes in which something has the cursor's colour."""
    image, accent = lanes.viewport().grab().toImage(), QColor(theme.current().accent)
    return [row for row in range(len(lanes.lanes)) if _has(image, lanes, row, accent)]


def _has(image: QImage, lanes: DayLanes, row: int, colour: QColor) -> bool:
    place = lanes.row_rect(row)
    left = lanes.x_of(START)
    return any(
        image.pixelColor(x, y) == colour for y in range(place.top(), place.bottom()) for x in range(left, place.right())
    )


def test_the_cursor_stays_on_its_lane_while_an_empty_one_is_clicked(lanes: DayLanes, qtbot: QtBot) -> None:
    assert framed_rows(lanes) == [0]
    empty = QPoint(500, lanes.row_rect(1).center().y())
    qtbot.mouseClick(lanes.viewport(), Qt.MouseButton.LeftButton, pos=empty)
    assert framed_rows(lanes) == [0]


def test_the_cursor_stays_on_its_lane_while_keys_go_to_an_empty_one(lanes: DayLanes, qtbot: QtBot) -> None:
    qtbot.keyClick(lanes, Qt.Key.Key_Down)
    assert framed_rows(lanes) == [0]


def test_the_cursor_and_the_current_camera_stay_while_one_comes_above(lanes: DayLanes, qtbot: QtBot) -> None:
    lanes.show_day(footage(lane("east", 3), lane("north", 1, 6, 8), lane("south", 2)))
    assert framed_rows(lanes) == [1]
    qtbot.keyClick(lanes, Qt.Key.Key_Right)
    assert lanes.cursor_hit is not None
    assert lanes.cursor_hit.key == (1, 2)


def test_a_low_segment_that_shares_its_pixels_with_a_high_one_does_not_hide_it(lanes: DayLanes) -> None:
    low, high = lane("north", 1, 6, 6).hits
    hits = [replace(low, peak_score=1.0, verdict=Verdict.CONFIRMED), replace(high, peak_score=4.0)]
    for each in (hits, hits[::-1]):
        lanes.show_day(footage(Lane("north", [], each)))
        lanes.put_cursor((9, 9))
        assert framed_rows(lanes) == [], "confirmed has the colour of the cursor"
        assert _has(lanes.viewport().grab().toImage(), lanes, 0, QColor(theme.current().alert))


def test_another_archive_shows_nothing_of_the_one_before(settings: Settings, qtbot: QtBot) -> None:
    window = ArchiveWindow(settings, Keymap())
    qtbot.addWidget(window)
    window.begin("/a.archive")
    window.show_overview(Overview((), (), (), DAY))
    window.show_day(footage(lane("north", 1, 6)))
    window.day.put_cursor((1, 1))
    window.begin("/b.archive")
    window.show_overview(Overview((), (), (), DAY))
    assert not window.day.lanes.lanes
    assert not window.day.lanes.accessibleDescription()
    # A segment of the other archive may have the same number.
    window.show_day(footage(lane("south", 1, 6)))
    assert window.day.lanes.cursor_hit is None
