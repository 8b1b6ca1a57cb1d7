"""What screen readers say of the widgets that take the keyboard, and the order in which Tab reaches them."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.vadgui.accessible import focusable, unnamed
from tests.vadgui.window.test_keys import KEY, program
from vadgui.program import Program

__all__ = ["program"]


def test_all_that_takes_the_keyboard_has_a_name(program: Program) -> None:
    assert len(focusable(program.window)) > 50
    assert unnamed(program.window) == []


def reached_by_tab(program: Program, qtbot: QtBot) -> list[QWidget]:
    """The widgets that Tab reaches, from the first control of the panels on."""
    window = program.window
    reached: list[QWidget] = []
    widget = window.timeline.plot
    widget.setFocus()
    while widget not in reached:
        reached.append(widget)
        qtbot.keyClick(widget, KEY.Key_Tab)
        widget = window.focusWidget()
    first = next(n for n, each in enumerate(reached) if window.panels.isAncestorOf(each))
    return reached[first:] + reached[:first]


def test_tab_goes_from_area_to_area(program: Program, qtbot: QtBot) -> None:
    window = program.window
    for dock in (window.docks.recordings, window.docks.history, window.docks.exports):
        dock.show()
    areas = [window.panels, window.transport, window.timeline, window.docks.recordings, window.docks.segments,
             window.docks.history, window.docks.exports]  # fmt: skip
    order = [
        next(n for n, area in enumerate(areas) if area.isAncestorOf(each)) for each in reached_by_tab(program, qtbot)
    ]
    assert order == sorted(order)
    assert set(order) == set(range(len(areas)))


def test_tab_goes_through_bars_from_left_to_right(program: Program, qtbot: QtBot) -> None:
    window = program.window
    window.panels.overlay_action.setChecked(True)
    reached = reached_by_tab(program, qtbot)
    for bar in (window.panels, window.transport, window.timeline.header, window.verdict_bar):
        inside = [each for each in reached if bar.isAncestorOf(each) and each is not window.verdict_bar.note]
        places = [each.mapTo(window, each.rect().topLeft()).x() for each in inside]
        assert len(places) > 3
        assert places == sorted(places), f"{type(bar).__name__}: {[type(each).__name__ for each in inside]}"
