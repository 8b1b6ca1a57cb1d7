"""A list whose keys are for it alone."""

from __future__ import annotations

from PySide6.QtCore import QStringListModel
from PySide6.QtWidgets import QStyledItemDelegate
from pytestqt.qtbot import QtBot

from vadgui.ui.list_view import ListView


def test_the_current_row_stays_in_sight_when_the_list_is_halved(qtbot: QtBot) -> None:
    view = ListView("Recordings", QStringListModel([f"{number}.mp4" for number in range(40)]), QStyledItemDelegate())
    qtbot.addWidget(view)
    view.resize(200, 300)
    view.show()
    qtbot.waitExposed(view)
    view.choose(39)
    assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))
    view.resize(200, 150)
    qtbot.waitUntil(lambda: view.viewport().rect().contains(view.visualRect(view.currentIndex())), timeout=2000)
    view.scrollToTop()
    view.resize(200, 120)
    qtbot.wait(50)
    assert view.verticalScrollBar().value() == 0, "whoever scrolled away looks at something else"
