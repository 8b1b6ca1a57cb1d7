"""Keys go to the widget that has the focus where it uses them, and to the window else."""

from __future__ import annotations

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QComboBox, QLineEdit, QPushButton, QSlider, QWidget
from pytestqt.qtbot import QtBot

from tests.vadgui.window.test_keys import KEY, Press, press, program
from vadgui.program import Program
from vadgui.ui.focus_keys import FocusKeys

__all__ = ["press", "program"]

MOUSE = Qt.FocusPolicy.ClickFocus


def reach(program: Program, widget: QWidget) -> None:
    """Give a widget the focus as Tab does."""
    assert widget.isVisible()
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    assert program.window.focusWidget() is widget


def transport_button(program: Program, name: str) -> QAbstractButton:
    return next(each for each in program.window.transport.buttons if each.objectName() == name)


@pytest.mark.parametrize("key", [KEY.Key_Space, KEY.Key_Return, KEY.Key_Enter])
def test_a_button_is_pressed_by_space_and_enter(program: Program, press: Press, key: Qt.Key) -> None:
    program.session.navigation.select(program.session.scoring.segments[0])
    here = program.session.playhead
    reach(program, transport_button(program, "forward_10"))
    press(key)
    assert program.session.playhead == here + 10
    assert not program.player.playing


def test_a_button_leaves_the_other_keys_to_the_window(program: Program, press: Press) -> None:
    reach(program, transport_button(program, "forward_10"))
    press(KEY.Key_Right, KEY.Key_Period)
    assert program.session.playhead == 2


def test_a_check_box_is_ticked_by_space_and_enter_plays(program: Program, press: Press) -> None:
    program.session.navigation.select(program.session.scoring.segments[0])
    (box,) = (each for each in program.window.panels.findChildren(QCheckBox) if each.text() == "Mask on frame")
    reach(program, box)
    press(KEY.Key_Space)
    assert box.isChecked()
    assert not program.player.playing
    press(KEY.Key_Return)
    assert program.player.playing


def test_a_slider_is_moved_by_its_keys(program: Program, press: Press) -> None:
    program.window.panels.overlay_action.setChecked(True)
    (slider,) = program.window.panels.findChildren(QSlider)
    reach(program, slider)
    here, value = program.session.playhead, slider.value()
    press(KEY.Key_Right, KEY.Key_Up)
    assert slider.value() == value + 2
    press(KEY.Key_PageDown)
    assert slider.value() == value - 8
    press(KEY.Key_Home)
    assert slider.value() == slider.minimum()
    assert program.session.playhead == here
    press(KEY.Key_Right, modifier=Qt.KeyboardModifier.ShiftModifier)
    assert program.session.playhead == here + 10, "keys that it has no use for are the window's"


def test_lists_are_gone_through_by_arrows(program: Program, press: Press) -> None:
    window = program.window
    press(KEY.Key_F3)
    before = program.session.scoring.rule.enter
    program.session.review.set_threshold(0.5)
    history = window.docks.history.widget()
    reach(program, history)
    press(KEY.Key_Up)
    assert program.session.scoring.rule.enter == before
    press(KEY.Key_Right)
    assert program.session.playhead == 1


def test_after_a_click_on_a_button_space_plays(program: Program, press: Press, qtbot: QtBot) -> None:
    qtbot.mouseClick(transport_button(program, "forward_10"), Qt.MouseButton.LeftButton)
    assert program.session.playhead == 10
    press(KEY.Key_Space)
    assert program.player.playing


def test_a_click_leaves_the_keyboard_where_it_is(program: Program) -> None:
    """Else the next Space would press the button that was clicked last, in place of playing."""
    kinds = (QAbstractButton, QComboBox, QSlider)
    clicked = [each for kind in kinds for each in program.window.findChildren(kind) if each.window() is program.window]
    assert len(clicked) > 30
    taking = [each for each in clicked if each.focusPolicy() & MOUSE and not program.window.empty.isAncestorOf(each)]
    assert taking == []


def test_a_window_that_is_deleted_is_not_asked(qtbot: QtBot) -> None:
    window = QWidget()
    field, resting = QLineEdit(window), QPushButton(window)
    FocusKeys(window, resting)
    with qtbot.waitActive(window):
        window.show()
    field.setFocus()
    shiboken6.delete(window)  # an error in a slot fails the test
