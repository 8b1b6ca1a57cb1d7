"""Time of day in the window: set by hand, on the axis, in the list and its filter, and when clocks change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PySide6.QtCore import Qt, QTime
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDateTimeEdit, QDialogButtonBox
from pytestqt.qtbot import QtBot

from engine.video.name_patterns import own_patterns
from engine.video.wall_clock import FROM_NAME, RecordingStart
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.synthetic import open_session, signals_with_bumps, steady_times, video_info
from vadgui.dialogs.clock import ClockDialog
from vadgui.model.session import ReviewSession
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.program import Program
from vadgui.segments.model import Hours
from vadgui.segments.view import SegmentList
from vadgui.timeline.view import TimelineView

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def program(start_program: StartProgram, qtbot: QtBot, tmp_path: Path) -> Program:
    program = start_program(FakeFiles(gate=lambda path: MemoryVideo(path, 40, is_scene=True)))
    program.begin(tmp_path / "gate.mp4", None)
    qtbot.waitUntil(lambda: program.session.view is not None)
    return program


def open_dialog(program: Program) -> ClockDialog:
    program.window.actions_by_name["set_clock"].trigger()
    (dialog,) = program.window.findChildren(ClockDialog)
    return dialog


def accept(dialog: ClockDialog, qtbot: QtBot) -> None:
    ok = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok)
    qtbot.mouseClick(ok, Qt.MouseButton.LeftButton)


def enter(dialog: ClockDialog, qtbot: QtBot, moment: str, zone: str) -> None:
    dialog.start_box.setSelectedSection(QDateTimeEdit.Section.YearSection)
    qtbot.keyClicks(dialog.start_box, "".join(filter(str.isdigit, moment)))
    dialog.zone_box.lineEdit().selectAll()
    qtbot.keyClicks(dialog.zone_box, zone)


def test_a_clock_that_is_set_is_shown_kept_and_undone(program: Program, qtbot: QtBot, tmp_path: Path) -> None:
    header = program.window.panels.header
    assert header.time_of_day() == ""
    dialog = open_dialog(program)
    enter(dialog, qtbot, "2024-07-01 09:59:30", "Asia/Tokyo")
    dialog.offset_box.setValue(30)
    accept(dialog, qtbot)
    assert header.time_of_day() == "2024-07-01 10:00:00"
    assert "time zone Asia/Tokyo" in header._time_of_day.toolTip()
    program.reviews.flush()
    QTest.keyClick(program.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert header.time_of_day() == ""
    QTest.keyClick(program.window, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)
    assert header.time_of_day() == "2024-07-01 10:00:00"
    program.open_video(tmp_path / "gate.mp4")
    qtbot.waitUntil(lambda: program.session.start is not None)
    assert program.session.start
    assert program.session.start.utc == datetime(2024, 7, 1, 1, tzinfo=UTC)


def test_what_is_handed_over_has_the_clock_that_was_set(program: Program, qtbot: QtBot) -> None:
    dialog = open_dialog(program)
    enter(dialog, qtbot, "2024-07-01 09:59:30", "Asia/Tokyo")
    dialog.offset_box.setValue(30)
    accept(dialog, qtbot)
    snapshot = ReviewSnapshot.of(program.session)
    assert snapshot
    start = snapshot.recording.info.start
    assert start
    assert start.at(0).isoformat() == "2024-07-01T10:00:00+09:00"


def test_a_zone_that_nobody_knows_is_not_accepted(program: Program, qtbot: QtBot) -> None:
    dialog = open_dialog(program)
    enter(dialog, qtbot, "2024-07-01 09:59:30", "Middle/Earth")
    assert "no time zone “Middle/Earth”" in dialog._result.text()
    assert not dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).isEnabled()
    dialog.reject()


def test_the_hour_that_comes_twice_is_asked_for(program: Program, qtbot: QtBot) -> None:
    dialog = open_dialog(program)
    enter(dialog, qtbot, "2024-10-27 02:30:00", "Europe/Berlin")
    assert dialog.second_hour.isVisible()
    assert "UTC+0200" in dialog._result.text()
    qtbot.keyClick(dialog.second_hour, Qt.Key.Key_Space)
    assert "UTC+0100" in dialog._result.text()
    enter(dialog, qtbot, "2024-10-27 04:30:00", "Europe/Berlin")
    assert not dialog.second_hour.isVisible()
    dialog.reject()


def test_an_hour_that_is_skipped_is_told(program: Program, qtbot: QtBot) -> None:
    dialog = open_dialog(program)
    enter(dialog, qtbot, "2026-03-29 02:30:00", "Europe/Berlin")
    assert not dialog.second_hour.isVisible()
    assert "2026-03-29 03:30:00 (UTC+0200)" in dialog._result.text()
    assert "Clocks were put forward over that hour" in dialog._result.text()
    # A tick that an earlier entry has left says nothing of this hour.
    dialog.second_hour.setChecked(True)
    assert "2026-03-29 03:30:00 (UTC+0200)" in dialog._result.text()
    dialog.reject()


def test_other_recordings_are_read_by_the_example(start_program: StartProgram, qtbot: QtBot, tmp_path: Path) -> None:
    name = "C1_15.01.24_103005"
    program = start_program(FakeFiles(**{name: lambda path: MemoryVideo(path, 40, is_scene=True)}))
    program.begin(tmp_path / f"{name}.mp4", None)
    qtbot.waitUntil(lambda: program.session.view is not None)
    dialog = open_dialog(program)
    enter(dialog, qtbot, "2024-01-15 10:30:05", "Europe/Berlin")
    dialog.pattern_box.setChecked(True)
    assert "%d.%m.%y_%H%M%S" in dialog._result.text()
    accept(dialog, qtbot)
    assert own_patterns() == ["C%n_%d.%m.%y_%H%M%S.mp4"]


# Timeline and list


def long_session(start: datetime, hours: float, bumps: list[tuple[int, int]] | None = None) -> ReviewSession:
    """A frame every ten seconds."""
    times = steady_times(int(hours * 360), 0.1)
    session = open_session(times, signals_with_bumps(len(times), bumps or []))
    told = RecordingStart(start.astimezone(UTC), FROM_NAME, start.tzinfo)
    session.open_video(replace(video_info(times), start=told), times)
    session.scoring.add(np.arange(len(times)), signals_with_bumps(len(times), bumps or []))
    while not session.scoring.catch_up():
        pass
    return session


def labels(timeline: TimelineView) -> list[str]:
    axis = timeline.plot.getPlotItem().getAxis("bottom")
    begin, stop = timeline.plot.box.span()
    ((step, ticks),) = axis.tickValues(begin, stop, timeline.plot.box.sceneBoundingRect().width())
    return [str(each) for each in axis.tickStrings(ticks, 1.0, step)]


def shown(session: ReviewSession, qtbot: QtBot, width: int) -> TimelineView:
    timeline = TimelineView(session)
    qtbot.addWidget(timeline)
    timeline.resize(width, 220)
    timeline.show()
    qtbot.waitExposed(timeline)
    return timeline


def test_the_axis_has_round_times_of_day(qtbot: QtBot) -> None:
    session = long_session(datetime(2024, 1, 15, 21, 47, 10, tzinfo=BERLIN), 5)
    timeline = shown(session, qtbot, 900)
    assert labels(timeline)[:2] == ["0:00", "1:00:00"]
    timeline.show_time_of_day(True)
    assert labels(timeline) == [
        "22:00", "23:00", "2024-01-16", "01:00", "02:00",
    ]  # fmt: skip
    assert "21:47:10" in timeline.reading_at(0)
    timeline.plot.box.show_span(50, 3)
    assert labels(timeline)[1] == "21:48:00.5"


@pytest.mark.parametrize(
    ("day", "hours", "words"),
    [
        (datetime(2024, 3, 31, 0, 0, tzinfo=BERLIN), ["01:00", "03:00", "04:00", "05:00"], "put forward 60 min"),
        (datetime(2024, 10, 27, 0, 0, tzinfo=BERLIN), ["01:00", "02:00", "02:00", "03:00"], "put back 60 min"),
    ],
)
def test_a_night_on_which_clocks_change(day: datetime, hours: list[str], words: str, qtbot: QtBot) -> None:
    timeline = shown(long_session(day, 5), qtbot, 600)
    timeline.show_time_of_day(True)
    assert labels(timeline)[1:5] == hours
    assert labels(timeline)[0] == f"{day:%Y-%m-%d}"
    (mark,) = timeline.plot._clock_changes
    assert words in mark.label.textItem.toPlainText()


@pytest.mark.parametrize(
    ("begin", "stop", "first", "last", "lies_in"),
    [
        ("22:00", "06:00", "23:10:00", "23:10:05", True),
        ("22:00", "06:00", "05:59:59", "06:30:00", True),
        ("22:00", "06:00", "06:00:00", "21:59:59", False),
        ("22:00", "06:00", "21:50:00", "22:00:00", True),
        ("08:00", "09:00", "07:00:00", "10:00:00", True),
        ("08:00", "09:00", "09:00:00", "10:00:00", False),
    ],
)
def test_hours_of_the_day(begin: str, stop: str, first: str, last: str, lies_in: bool) -> None:
    hours = Hours(time.fromisoformat(begin), time.fromisoformat(stop))
    day = datetime(2024, 1, 15, tzinfo=BERLIN)
    moments = [datetime.combine(day, time.fromisoformat(each), BERLIN) for each in (first, last)]
    assert hours.overlap(*moments) == lies_in


def test_the_list_shows_the_segments_of_some_hours_alone(qtbot: QtBot) -> None:
    # From 20:00 on: at 21:00 and at 23:00.
    session = long_session(datetime(2024, 1, 15, 20, 0, tzinfo=BERLIN), 4, [(360, 380), (1080, 1100)])
    view = SegmentList(session)
    qtbot.addWidget(view)
    view.resize(300, 500)
    view.show()
    qtbot.waitExposed(view)
    view.show_time_of_day(True)
    assert view.model.rowCount() == 2
    assert view.model.index(0).data().startswith(("20:59:", "21:00:"))
    qtbot.mouseClick(view.hours.button, Qt.MouseButton.LeftButton)
    assert view.hours.isVisible()
    assert [view.model.segment(row).peak_frame // 100 for row in range(view.model.rowCount())] == [10]
    view.hours.begin_box.setTime(QTime(1, 0))
    assert view.model.rowCount() == 0
    assert "these hours" in view.message()
    qtbot.mouseClick(view.hours.button, Qt.MouseButton.LeftButton)
    assert view.model.rowCount() == 2


def test_without_a_time_of_day_there_are_no_hours_to_choose(qtbot: QtBot) -> None:
    view = SegmentList(open_session(steady_times(200), signals_with_bumps(200, [(50, 90)])))
    qtbot.addWidget(view)
    view.show()
    assert not view.hours.button.isVisible()
