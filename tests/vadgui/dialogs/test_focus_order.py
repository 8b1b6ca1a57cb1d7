"""Tab goes through dialogs as one reads them: to the right, or down."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QListWidget, QWidget
from pytestqt.qtbot import QtBot

from tests.vadgui.dialogs.test_accessible_names import DIALOGS, VIDEO
from tests.vadgui.dialogs.test_hand_over import open_dialog
from tests.vadgui.dialogs.test_learn_verdicts import FOUND
from vadgui.dialogs.learn_camera import LearnCameraDialog
from vadgui.dialogs.learn_verdicts import LearnVerdictsDialog
from vadgui.dialogs.rate import ask_for_rate
from vadgui.dialogs.settings import SettingsDialog
from vadgui.settings import Settings
from vadgui.ui.keymap import Keymap


def reached_by_tab(window: QWidget, qtbot: QtBot) -> list[QWidget]:
    """The widgets that Tab reaches, until it is where it began."""
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    reached: list[QWidget] = []
    window.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_Tab)
    while (widget := window.focusWidget()) and widget not in reached:
        reached.append(widget)
        qtbot.keyClick(widget, Qt.Key.Key_Tab)
    assert reached
    return reached


def place(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), widget.rect().topLeft()), widget.size())


def turned_back(reached: list[QWidget]) -> list[str]:
    """The steps that lead neither to the right nor down, but for the one from the last widget to the first."""
    steps = [
        f"{type(one).__name__} {one.accessibleName()} -> {type(after).__name__} {after.accessibleName()}"
        for one, after in zip(reached, reached[1:] + reached[:1], strict=True)
        if place(after).left() < place(one).right() and place(after).top() < place(one).bottom()
    ]
    return steps if len(steps) > 1 else []


def open_window(window: QWidget, qtbot: QtBot) -> None:
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # qtbot closes it
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)


@pytest.mark.parametrize("name", DIALOGS)
def test_tab_goes_right_or_down(name: str, settings: Settings, tmp_path: Path, qtbot: QtBot) -> None:
    window = DIALOGS[name](settings, tmp_path)
    open_window(window, qtbot)
    assert turned_back(reached_by_tab(window, qtbot)) == []


def test_settings(settings: Settings, qtbot: QtBot) -> None:
    dialog = SettingsDialog(settings, Keymap())
    open_window(dialog, qtbot)
    pages = dialog.findChildren(QListWidget)[0]
    for row in range(pages.count()):
        pages.setCurrentRow(row)
        assert turned_back(reached_by_tab(dialog, qtbot)) == []


def test_learning(qtbot: QtBot) -> None:
    camera = LearnCameraDialog(VIDEO)
    open_window(camera, qtbot)
    assert turned_back(reached_by_tab(camera, qtbot)) == []
    verdicts = LearnVerdictsDialog()
    open_window(verdicts, qtbot)
    verdicts.show_verdicts(FOUND)
    assert turned_back(reached_by_tab(verdicts, qtbot)) == []


def test_frame_rate(qtbot: QtBot) -> None:
    parent = QWidget()
    open_window(parent, qtbot)
    assert turned_back(reached_by_tab(ask_for_rate(parent, 25.0, lambda _: None), qtbot)) == []


def test_hand_over(tmp_path: Path, settings: Settings, qtbot: QtBot) -> None:
    video = tmp_path / "gate.mp4"
    video.write_bytes(bytes(3000))
    dialog = open_dialog(qtbot, settings, video, has_sound=True)
    for row in range(dialog.kinds.count()):
        dialog.kinds.setCurrentRow(row)
        assert turned_back(reached_by_tab(dialog, qtbot)) == []
