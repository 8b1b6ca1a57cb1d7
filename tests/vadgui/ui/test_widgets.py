"""Small widgets: lines of an icon and a sentence."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from vadgui.ui.widgets import IconLine, breakable

LONG = "/mnt/" + "Überwachungskamera_Nordtor_Einfahrt_Tiefgarage" * 3 + "/2026-03-14_18-00-00.mp4"


def test_a_long_name_is_wrapped_and_not_cut_off(styled: None, qtbot: QtBot) -> None:
    del styled
    line = IconLine()
    qtbot.addWidget(line)
    line.show_line("note", f"The same recording as {LONG}. Take one of them out.")
    (label,) = (each for each in line.findChildren(QLabel) if each.text())
    assert label.minimumSizeHint().width() < 200
    assert line.text() == f"The same recording as {LONG}. Take one of them out."


@pytest.mark.parametrize("text", ["Nothing is lost: it goes on.", "2026-03-14 18:00:00.5", "fps=0.0167"])
def test_usual_words_stay_as_they_are(text: str) -> None:
    assert breakable(text) == text
