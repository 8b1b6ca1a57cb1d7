"""The keys of an archive's window: all can be others, and all are listed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.vadgui.archive.conftest import NOON, MadeArchive, OpenArchive
from vadgui.archive.window import ArchiveWindow
from vadgui.dialogs.help import ShortcutsDialog
from vadgui.dialogs.settings import SettingsDialog
from vadgui.program import Program

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard)", extend=True)
CTRL, ALT, SHIFT = (
    Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier, Qt.KeyboardModifier.ShiftModifier
)  # fmt: skip


@pytest.fixture
def window(archive: MadeArchive, open_archive: OpenArchive) -> ArchiveWindow:
    return open_archive(archive.file)


def focus() -> object:
    return QApplication.focusWidget()


def test_a_key_of_the_window_can_be_another(program: Program, window: ArchiveWindow, qtbot: QtBot) -> None:
    keymap = program.window.actions_by_name.keymap
    keymap.set_keys("archive_refresh", ["Ctrl+Shift+R"])
    with qtbot.waitSignal(window.refresh_requested):
        qtbot.keyClick(window, Qt.Key.Key_R, CTRL | SHIFT)
    with qtbot.assertNotEmitted(window.refresh_requested):
        qtbot.keyClick(window, Qt.Key.Key_F5)
    assert keymap.keys("show_recordings") == ("F5",)  # another window's


def test_its_keys_are_listed_and_can_be_changed_there(window: ArchiveWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F1)
    dialog = window.findChild(ShortcutsDialog)
    assert dialog is not None
    assert dialog.listed()["Refresh"] == "F5"
    assert "Confirm" not in dialog.listed()
    dialog.change_requested.emit()
    settings = window.findChild(SettingsDialog)
    assert settings is not None
    assert "archive_refresh" in settings.keys_page.tree.rows
    for each in (dialog, settings):
        each.close()


def test_the_command_palette_has_the_windows_actions(window: ArchiveWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_K, CTRL)
    palette = window.actions_by_name.command_palette
    qtbot.keyClicks(palette.field, "day before")
    assert palette.rows[0].label == "The day before that has footage"
    qtbot.keyClick(palette.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.day.day == (NOON - timedelta(days=2)).date())


def test_keys_go_to_days_filters_and_lists(window: ArchiveWindow, qtbot: QtBot) -> None:
    qtbot.keyClick(window, Qt.Key.Key_Left, ALT)
    qtbot.waitUntil(lambda: window.day.day == (NOON - timedelta(days=2)).date())
    qtbot.keyClick(window, Qt.Key.Key_Right, ALT)
    qtbot.waitUntil(lambda: window.day.day == NOON.date())
    qtbot.keyClick(window, Qt.Key.Key_2, CTRL)
    assert focus() is window.lists.recordings
    qtbot.keyClick(window, Qt.Key.Key_1, CTRL)
    assert focus() is window.lists.segments
    qtbot.keyClick(window, Qt.Key.Key_F, CTRL)
    assert focus() is window.lists.filters.reason


def test_a_recording_is_opened_at_a_time_by_keys(window: ArchiveWindow, qtbot: QtBot) -> None:
    lanes = window.day.lanes
    lanes.setFocus()
    qtbot.keyClick(lanes, Qt.Key.Key_Down)
    qtbot.keyClick(lanes, Qt.Key.Key_Right)  # the segment of the south camera, five minutes after its recording began
    qtbot.keyClick(lanes, Qt.Key.Key_Right, SHIFT)
    step = (lanes.scale.shown_stop - lanes.scale.shown_start) * 0.02
    assert "yard.mp4" in lanes.accessibleDescription()
    assert "yard.mp4" in window.day.here.text()
    with qtbot.waitSignal(lanes.footage_opened) as opened:
        qtbot.keyClick(lanes, Qt.Key.Key_Return)
    assert opened.args is not None
    assert opened.args[1] == pytest.approx((timedelta(minutes=5) + step).total_seconds())
    qtbot.keyClick(lanes, Qt.Key.Key_Right)  # back to segments
    with qtbot.waitSignal(lanes.hit_opened):
        qtbot.keyClick(lanes, Qt.Key.Key_Return)


def test_a_zoomed_lane_is_moved_by_keys(window: ArchiveWindow, qtbot: QtBot) -> None:
    lanes = window.day.lanes
    for _ in range(4):
        qtbot.keyClick(lanes, Qt.Key.Key_Plus)
    begins = lanes.scale.shown_start
    for _ in range(60):
        qtbot.keyClick(lanes, Qt.Key.Key_Left, SHIFT)
    assert lanes.scale.shown_start < begins
