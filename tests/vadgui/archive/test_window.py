"""The window of an archive: its calendar, its lanes, its list, and what happens while others change it."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QTableView, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from engine.archive.schema import AnalysisState, archive_version, recordings, segments
from engine.archive.searching import Hit
from engine.common.language import tr
from engine.review.document import Verdict
from tests.vadgui.archive.conftest import NOON, MadeArchive, OpenArchive, is_settled, listed
from tests.vadgui.pseudo_language import untranslated
from vadgui.archive.window import ArchiveWindow
from vadgui.jobs import archive_reader
from vadgui.program import Program
from vadgui.settings import Settings

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)


def day_of(window: ArchiveWindow) -> object:
    return window.day.day


def cursor(window: ArchiveWindow) -> Hit:
    hit = window.day.lanes.cursor_hit
    assert hit is not None
    return hit


def tip_at(viewport: QWidget, at: QPoint) -> str:
    QToolTip.hideText()
    QApplication.sendEvent(viewport, QHelpEvent(QHelpEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
    return QToolTip.text()


def type_into(qtbot: QtBot, field: QWidget, text: str) -> None:
    field.setFocus()
    qtbot.keyClicks(field, text)


# The calendar and the lanes


def test_an_archive_opens_at_its_last_day_with_a_lane_for_each_camera(
    archive: MadeArchive, open_archive: OpenArchive
) -> None:
    window = open_archive(archive.file)
    assert day_of(window) == NOON.date()
    assert [(lane.camera, len(lane.footage), len(lane.hits)) for lane in window.day.lanes.lanes] == [
        ("north", 1, 2),
        ("south", 2, 1),
    ]
    assert listed(window) == ["9.00", "7.00", "5.00", "3.00", "1.00"]
    assert window.state.text().splitlines() == [
        "5 recordings, 5.0 hours",
        "4 of 5 analysed",
        "1 failed",
        "5 segments, 3 unreviewed",
    ]
    assert "site.archive" in window.windowTitle()


def test_days_say_what_there_is_of_them(archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot) -> None:
    window = open_archive(archive.file)
    view = window.calendar.findChild(QTableView)
    assert view is not None
    model = view.model()

    def tips() -> dict[str, str]:
        cells = [model.index(row, column) for row in range(1, 7) for column in range(7)]
        return {str(each.data()): tip for each in cells if (tip := each.data(Qt.ItemDataRole.ToolTipRole))}

    qtbot.waitUntil(lambda: len(tips()) == 2)
    assert tips()["28"].splitlines()[1:] == [
        "3.0 hours recorded",
        "3 segments, 1 unreviewed",
        "Highest score 7.00",
    ]
    assert tips()["26"].splitlines()[1:] == [
        "1.0 hours recorded",
        "1 segment, 1 of it unreviewed",
        "Highest score 9.00",
    ]


def test_arrows_in_the_calendar_choose_days_and_empty_ones_say_where_there_is_footage(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    view = window.calendar.findChild(QTableView)
    assert view is not None
    qtbot.keyClick(view, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: day_of(window) == (NOON - timedelta(days=1)).date())
    assert "Nothing was recorded" in window.day.here.text()
    assert "March 26" in window.day.here.text()
    assert "March 28" in window.day.here.text()
    qtbot.keyClick(view, Qt.Key.Key_Left)
    qtbot.waitUntil(lambda: day_of(window) == (NOON - timedelta(days=2)).date())
    assert len(window.day.lanes.lanes[0].hits) == 1


def test_page_keys_go_to_the_next_day_with_footage(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_PageUp)
    qtbot.waitUntil(lambda: day_of(window) == (NOON - timedelta(days=2)).date())
    assert not window.day.before_button.isEnabled()
    qtbot.mouseClick(window.day.after_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: day_of(window) == NOON.date())


def test_another_month_is_read_when_it_is_shown(archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot) -> None:
    archive.record(6, archive.file.with_name("june.mp4"), "north", NOON + timedelta(days=-60))
    window = open_archive(archive.file)
    window.calendar.showPreviousMonth()
    window.calendar.showPreviousMonth()
    view = window.calendar.findChild(QTableView)
    assert view is not None
    model = view.model()
    cells = [model.index(row, column) for row in range(1, 7) for column in range(7)]
    qtbot.waitUntil(
        lambda: any("1.0 hours" in (each.data(Qt.ItemDataRole.ToolTipRole) or "") for each in cells),
    )


def test_keys_go_through_segments_and_cameras(archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot) -> None:
    window = open_archive(archive.file)
    lanes = window.day.lanes
    qtbot.keyClick(lanes, Qt.Key.Key_Right)
    assert cursor(window).key == (1, 1)
    assert "5.00" in window.day.here.text()
    assert "unusually fast" in lanes.accessibleDescription()
    qtbot.keyClick(lanes, Qt.Key.Key_Right)
    assert cursor(window).key == (1, 2)
    assert "dismissed (a cat)" in window.day.here.text()
    assert window.lists.segments.currentIndex().row() == 3
    qtbot.keyClick(lanes, Qt.Key.Key_Down)
    assert cursor(window).key == (2, 1)
    qtbot.keyClick(lanes, Qt.Key.Key_Left)
    assert cursor(window).key == (2, 1)


def test_the_wheel_zooms_around_the_mouse_and_zero_shows_the_day(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    lanes = window.day.lanes
    x = lanes.x_of(NOON + timedelta(minutes=30))
    at = QPointF(x, lanes.row_rect(0).center().y())
    for _ in range(8):
        wheel = QWheelEvent(
            at, lanes.viewport().mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(lanes.viewport(), wheel)
    assert lanes.scale.shown_stop - lanes.scale.shown_start < timedelta(hours=5)
    assert abs(lanes.x_of(NOON + timedelta(minutes=30)) - x) <= 1
    before = lanes.scale.shown_start
    place = QPoint(x, lanes.row_rect(1).center().y())
    qtbot.mousePress(lanes.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.mouseMove(lanes.viewport(), place - QPoint(60, 0))
    qtbot.mouseRelease(lanes.viewport(), Qt.MouseButton.LeftButton, pos=place - QPoint(60, 0))
    assert lanes.scale.shown_start > before
    qtbot.keyClick(lanes, Qt.Key.Key_0)
    assert lanes.scale.is_whole


def test_what_is_under_the_mouse_is_told(archive: MadeArchive, open_archive: OpenArchive) -> None:
    window = open_archive(archive.file)
    lanes = window.day.lanes
    north = lanes.row_rect(0).center().y()
    on_segment = QPoint(lanes.x_of(NOON + timedelta(minutes=10)), north)
    assert "5.00, unusually fast, unreviewed" in tip_at(lanes.viewport(), on_segment)
    on_footage = QPoint(lanes.x_of(NOON + timedelta(minutes=50)), north)
    assert "north, 12:00:00–13:00:00, analysed, street.mp4" in tip_at(lanes.viewport(), on_footage)
    in_gap = QPoint(lanes.x_of(NOON + timedelta(hours=5)), north)
    assert "nothing recorded by north" in tip_at(lanes.viewport(), in_gap)


def test_gaps_and_segments_are_seen(archive: MadeArchive, open_archive: OpenArchive) -> None:
    window = open_archive(archive.file)
    lanes = window.day.lanes
    picture = lanes.viewport().grab().toImage()
    row = lanes.row_rect(0)

    def colour(moment: timedelta, y: int) -> str:
        return picture.pixelColor(lanes.x_of(NOON + moment) + 1, y).name()

    gap, footage = (colour(timedelta(hours=hours), row.center().y()) for hours in (-3, 0.8))
    segment = colour(timedelta(minutes=10), row.bottom() - 7)
    assert len({gap, footage, segment}) == 3


# The list


def test_the_list_is_narrowed_by_what_is_typed_and_cleared(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    filters = window.lists.filters
    type_into(qtbot, filters.score, "4,5")
    qtbot.waitUntil(lambda: len(listed(window)) == 3)
    filters.cameras.menu().actions()[0].trigger()
    assert filters.cameras.text() == "north"
    qtbot.waitUntil(lambda: listed(window) == ["9.00", "5.00"])
    qtbot.mouseClick(filters.day_button, Qt.MouseButton.LeftButton)
    assert filters.begins_from.text() == "2026-03-28"
    qtbot.waitUntil(lambda: listed(window) == ["5.00"])
    qtbot.mouseClick(filters.clear_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(listed(window)) == 5)


def test_reasons_and_verdicts_are_offered(archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot) -> None:
    window = open_archive(archive.file)
    filters = window.lists.filters
    assert [filters.reason.itemText(row) for row in range(filters.reason.count())] == [
        "unusual looks",
        "unusually fast",
    ]
    filters.reason.setFocus()
    qtbot.keyClicks(filters.reason.lineEdit(), "looks")
    qtbot.waitUntil(lambda: listed(window) == ["7.00"])
    filters.clear()
    next(each for each in filters.verdicts.menu().actions() if each.text() == "dismissed").trigger()
    qtbot.waitUntil(lambda: listed(window) == ["3.00"])


def test_what_is_not_understood_is_marked_and_counts_for_nothing(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    filters = window.lists.filters
    type_into(qtbot, filters.region, "0.5,0,1")
    assert filters.region.is_wrong
    assert "0.5,0,1,1" in filters.region.toolTip()
    qtbot.wait(400)
    assert len(listed(window)) == 5
    type_into(qtbot, filters.region, ",1")
    assert not filters.region.is_wrong
    qtbot.waitUntil(lambda: listed(window) == [])
    assert "Nothing fits" in window.lists._nothing.text()


def test_times_that_end_before_they_begin_are_said(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    type_into(qtbot, window.lists.filters.begins_from, "2026-03-29")
    type_into(qtbot, window.lists.filters.begins_before, "2026-03-28")
    qtbot.waitUntil(lambda: listed(window) == [])
    assert "From is not before To" in window.lists._nothing.text()


def test_the_day_follows_the_cursor_of_the_list(archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot) -> None:
    window = open_archive(archive.file)
    window.lists.segments.setFocus()
    qtbot.keyClick(window.lists.segments, Qt.Key.Key_Home)
    window.lists.segments.choose(0)
    qtbot.waitUntil(lambda: day_of(window) == (NOON - timedelta(days=2)).date())
    assert cursor(window).key == (3, 1)
    qtbot.keyClick(window.lists.segments, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: day_of(window) == NOON.date())
    assert cursor(window).key == (2, 1)


def test_recordings_that_need_attention_say_why(archive: MadeArchive, open_archive: OpenArchive) -> None:
    window = open_archive(archive.file)
    assert window.lists.tabText(1) == "To look at (2)"
    model = window.lists.noted
    shown = [[model.index(row, column).data() for column in range(4)] for row in range(2)]
    assert shown[0][:3] == ["analysis failed", "south", "broken.mp4"]
    assert shown[0][3].startswith("Frame 7 can't be decoded. Analyse it again")
    assert shown[1][:3] == ["no time of day", "south", "odd.mp4"]
    assert "Set clock" in shown[1][3]


# Nothing yet


def test_an_archive_without_recordings_says_what_to_do(empty_archive: MadeArchive, open_archive: OpenArchive) -> None:
    window = open_archive(empty_archive.file)
    assert "vad archive scan FOLDER" in window.lists._nothing.text()
    assert str(empty_archive.file) in window.lists._nothing.text()


def test_nothing_analysed_yet_says_what_to_do_and_that_others_are_at_it(
    empty_archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot, tmp_path: Path
) -> None:
    for number in (1, 2):
        state = {"analysis_state": AnalysisState.WAITING, "analysed_share": 0.0}
        empty_archive.record(number, tmp_path / f"{number}.mp4", "north", NOON, **state)
    window = open_archive(empty_archive.file)
    assert "vad archive analyse" in window.lists._nothing.text()
    assert "0 of 2 analysed" in window.state.text()
    empty_archive.change(sa.update(recordings).where(recordings.c.id == 1).values(analysis_state="running"))
    qtbot.keyClick(window, Qt.Key.Key_F5)
    qtbot.waitUntil(lambda: "1 is being analysed" in window.state.text())
    assert "are running" in window.lists._nothing.text()


# Changes and failures


def test_what_another_process_changes_comes_by_itself(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_reader, "POLL_MS", 100)
    window = open_archive(archive.file)
    window.lists.segments.choose(2)
    archive.find(2, 2, NOON + timedelta(hours=2, minutes=40), 8.0)
    archive.change(sa.update(segments).where(segments.c.peak_score == 5.0).values(verdict=Verdict.CONFIRMED))
    qtbot.waitUntil(lambda: listed(window) == ["9.00", "8.00", "7.00", "5.00", "3.00", "1.00"])
    assert window.lists.segments.currentIndex().row() == 3
    model = window.lists.ranking
    qtbot.waitUntil(lambda: model.index(3, 4).data() == "confirmed")
    qtbot.waitUntil(lambda: len(window.day.lanes.lanes[1].hits) == 2)


def test_nothing_is_read_again_while_nothing_changes(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_reader, "POLL_MS", 30)
    threads: list[str] = []
    read = archive_reader.ranking

    def watched(*arguments: object) -> object:
        threads.append(threading.current_thread().name)
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(archive_reader, "ranking", watched)
    window = open_archive(archive.file)
    qtbot.wait(500)
    assert threads == ["vadgui-archive"]
    assert is_settled(window)


@pytest.mark.parametrize(
    ("damage", "told", "advice"),
    [
        (lambda made: made.file.unlink(), "There is no such archive", "vad archive scan"),
        (lambda made: made.change(sa.update(archive_version).values(version=99)), "newer version", "Update"),
        (lambda made: made.change(sa.text("DROP TABLE segments")), "lacks tables: segments", "copy"),
        (lambda made: made.file.write_bytes(b"no data base at all" * 99), "can't be read", "Take back a copy"),
    ],
)
def test_an_archive_that_cannot_be_opened_says_why_and_what_to_do(
    archive: MadeArchive, open_archive: OpenArchive, damage: object, told: str, advice: str
) -> None:
    damage(archive)  # type: ignore[operator]
    window = open_archive(archive.file, until=lambda window: window.retry_button.isVisible())
    assert told in window.message.text()
    assert advice in window.message.text()
    assert archive.file.name in window.message.text()


def test_a_server_that_is_away_is_told(open_archive: OpenArchive, settings: Settings) -> None:
    pytest.importorskip("psycopg")
    place = "postgresql://me:secret@127.0.0.1:9/site?connect_timeout=2"
    window = open_archive(place, until=lambda window: window.retry_button.isVisible())
    assert "can't be read" in window.message.text()
    assert "secret" not in window.message.text() + window.windowTitle()
    assert settings.recent_archives == []


def test_what_is_no_url_of_a_data_base_is_told(open_archive: OpenArchive, settings: Settings) -> None:
    place = "postgresql://me:secret@host:54x/site"
    window = open_archive(place, until=lambda window: window.retry_button.isVisible())
    assert "no URL of a data base" in window.message.text()
    assert "secret" not in window.message.text() + window.windowTitle()
    assert settings.recent_archives == []


def test_an_archive_that_was_put_back_is_opened_by_trying_again(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot
) -> None:
    away = archive.file.with_name("away")
    archive.file.rename(away)
    window = open_archive(archive.file, until=lambda window: window.retry_button.isVisible())
    away.rename(archive.file)
    qtbot.mouseClick(window.retry_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: is_settled(window))


def test_what_is_on_screen_stays_while_the_archive_is_away(
    archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_reader, "POLL_MS", 50)
    window = open_archive(archive.file)
    away = archive.file.with_name("away")
    archive.file.rename(away)
    qtbot.waitUntil(window.failure.isVisible)
    assert "not where it was" in window.failure.text() or "no such archive" in window.failure.text()
    assert len(listed(window)) == 5
    away.rename(archive.file)
    qtbot.waitUntil(lambda: not window.failure.isVisible())


# The window itself


def test_the_window_comes_back_as_it_was(
    archive: MadeArchive, open_archive: OpenArchive, program: Program, qtbot: QtBot
) -> None:
    window = open_archive(archive.file)
    window.resize(900, 610)
    window._columns.setSizes([310, 590])
    sizes = window._columns.sizes()
    qtbot.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert not window.isVisible()
    program.archives.close()
    program.archives.open(str(archive.file))
    again = program.archives.window
    assert again is not None
    qtbot.waitUntil(lambda: is_settled(again))
    assert (again.width(), again.height()) == (900, 610)
    assert again._columns.sizes() == sizes


def test_f6_goes_from_part_to_part(archive: MadeArchive, open_archive: OpenArchive, qtbot: QtBot) -> None:
    window = open_archive(archive.file)
    window.activateWindow()
    qtbot.waitUntil(window.day.lanes.hasFocus)
    qtbot.keyClick(window.day.lanes, Qt.Key.Key_F6)
    assert window.lists.segments.hasFocus()
    qtbot.keyClick(window.lists.segments, Qt.Key.Key_F6)
    focus = window.focusWidget()
    assert focus is not None
    assert window.calendar.isAncestorOf(focus)
    qtbot.keyClick(focus, Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert window.lists.segments.hasFocus()


@pytest.mark.usefixtures("pseudo_language")
def test_every_text_is_translated(archive: MadeArchive, open_archive: OpenArchive) -> None:
    window = open_archive(archive.file)
    names = ["north", "south", "street.mp4", "yard.mp4", "early.mp4", "odd.mp4", "broken.mp4", "site.archive"]
    same = [*names, "a cat", str(archive.file.parent), "Frame 7 can't be decoded", window.day.title.text()]
    assert untranslated(window, same, without=[window.calendar]) == []
    assert window.day.here.text() == tr("Arrows go through segments and cameras, the wheel zooms.")
