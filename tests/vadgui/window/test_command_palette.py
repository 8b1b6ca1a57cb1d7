"""The command palette by keyboard and mouse: what it finds, runs and remembers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.vadgui.window.test_keys import CONTROL, KEY, Press, press, program
from vadgui.program import Program
from vadgui.settings import Settings
from vadgui.ui.action_specs import SPECS
from vadgui.window.command_palette import CommandPalette

__all__ = ["press", "program"]


@pytest.fixture
def palette(program: Program, press: Press) -> CommandPalette:
    """The palette, opened by its key."""
    press(KEY.Key_K, modifier=CONTROL)
    assert program.window.command_palette.isVisible()
    return program.window.command_palette


def labels(palette: CommandPalette) -> list[str]:
    return [row.label for row in palette.rows]


def test_every_other_action_is_there(palette: CommandPalette) -> None:
    assert len(palette.rows) == len(SPECS) - 1
    assert "Command palette" not in labels(palette)


def test_an_action_is_found_and_run(
    palette: CommandPalette, program: Program, press: Press, qtbot: QtBot, settings: Settings
) -> None:
    qtbot.keyClicks(palette.field, "last frm")
    assert labels(palette)[0] == "Last frame"
    press(KEY.Key_Return)
    assert not palette.isVisible()
    assert program.session.playhead == 1999
    assert settings.recent_commands == ["last"]
    assert program.window.timeline.isAncestorOf(QApplication.focusWidget()), "the keyboard is where it was"


def test_arrows_choose_and_keys_of_the_window_rest(
    palette: CommandPalette, program: Program, press: Press, qtbot: QtBot
) -> None:
    qtbot.keyClicks(palette.field, "10 frames")
    assert labels(palette)[:2] == ["Back 10 frames", "Forward 10 frames"]
    press(KEY.Key_Down)
    assert palette.field.accessibleDescription().startswith("Forward 10 frames, Playback › Steps")
    assert program.session.playhead == 0
    press(KEY.Key_Return)
    assert program.session.playhead == 10


def test_what_is_not_possible_says_what_it_needs(
    palette: CommandPalette, program: Program, press: Press, qtbot: QtBot
) -> None:
    qtbot.keyClicks(palette.field, "pause analysis")
    (row,) = palette.rows
    assert (row.possible, row.detail) == (False, "Needs an analysis that runs")
    press(KEY.Key_Return)
    assert palette.isVisible()
    program.window.actions_by_name["pause"].setEnabled(True)
    press(KEY.Key_Escape)
    press(KEY.Key_K, modifier=CONTROL)
    qtbot.keyClicks(palette.field, "pause analysis")
    assert palette.rows[0].possible


def test_what_is_possible_comes_before_what_fits_better(palette: CommandPalette, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "pause")
    assert labels(palette) == ["Play or pause", "Pause analysis"]


def test_all_that_is_not_possible_says_what_it_needs(
    palette: CommandPalette, program: Program, press: Press, qtbot: QtBot
) -> None:
    press(KEY.Key_Escape)
    press(KEY.Key_W, modifier=CONTROL)
    qtbot.waitUntil(lambda: program.session.video is None)
    press(KEY.Key_K, modifier=CONTROL)
    impossible = [row for row in palette.rows if not row.possible]
    assert len(impossible) > 50
    assert [row.label for row in impossible if not row.detail.startswith("Needs ")] == []


def test_what_was_run_last_comes_first(palette: CommandPalette, press: Press, qtbot: QtBot) -> None:
    for typed in ("full screen", "last frame"):
        qtbot.keyClicks(palette.field, typed)
        press(KEY.Key_Return)
        press(KEY.Key_K, modifier=CONTROL)
    assert labels(palette)[:2] == ["Last frame", "Full screen"]
    press(KEY.Key_Return)
    assert not palette.isVisible()


@pytest.mark.parametrize(
    ("typed", "frame"), [("frame 1200", 1200), ("1200", 1200), ("1:05", 1625), ("go to +10", 17), ("frame -2", 5)]
)
def test_a_place_is_gone_to(
    palette: CommandPalette, program: Program, press: Press, qtbot: QtBot, typed: str, frame: int
) -> None:
    program.session.seek(7)
    qtbot.keyClicks(palette.field, typed)
    assert palette.rows[0].label == "Go to"
    assert palette.rows[0].detail.startswith(f"Frame {frame} ")
    press(KEY.Key_Return)
    assert program.session.playhead == frame


def test_what_is_not_there_is_said(palette: CommandPalette, press: Press, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "frame 9999")
    assert (palette.rows, palette.message()) == ([], "The last frame is 1999.")
    press(KEY.Key_Return)
    assert palette.isVisible()
    palette.field.clear()
    qtbot.keyClicks(palette.field, "qqqq")
    assert palette.message() == "There is no action like “qqqq”."


@pytest.mark.parametrize(("key", "modifier"), [(KEY.Key_Escape, None), (KEY.Key_K, CONTROL)])
def test_it_is_closed(
    palette: CommandPalette, program: Program, press: Press, key: Qt.Key, modifier: Qt.KeyboardModifier | None
) -> None:
    press(key, modifier=modifier or Qt.KeyboardModifier.NoModifier)
    assert not palette.isVisible()
    press(KEY.Key_Right)
    assert program.session.playhead == 1


def test_a_click_runs(palette: CommandPalette, program: Program, qtbot: QtBot) -> None:
    qtbot.keyClicks(palette.field, "10 frames")
    place = palette.list.visualRect(palette.list.model().index(1, 0)).center()
    qtbot.mouseClick(palette.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert program.session.playhead == 10
    assert not palette.isVisible()


def test_it_fits_a_small_window(palette: CommandPalette, program: Program) -> None:
    assert program.window.rect().contains(palette.geometry())
    assert palette.list.height() < palette.height()
