from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from vadgui.ui.questions import ask


def test_a_short_question_does_not_make_its_explanation_narrow(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    explanation = "1 clip, 7 s, about 825 kB; 12 MB are free in that folder."
    box = ask(parent, "Much?", explanation, {"Export": lambda: None})
    qtbot.waitExposed(box)
    label = next(each for each in box.findChildren(QLabel) if each.text() == explanation)
    assert label.height() < 3 * label.fontMetrics().lineSpacing()
    box.reject()
