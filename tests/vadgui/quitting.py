"""What a person does who closes the program while a dialog works."""

from __future__ import annotations

from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from vadgui.dialogs.work_dialog import WorkDialog
from vadgui.program import Program


def stay_then_quit(program: Program, dialog: WorkDialog, qtbot: QtBot, explanation: str) -> None:
    """Close the window, take the safe answer, close it again and quit; the question says `explanation`."""
    program.window.close()
    assert program.window.isVisible()
    (box,) = dialog.findChildren(QMessageBox)
    assert explanation in box.informativeText()
    box.defaultButton().click()  # the safe answer
    assert dialog.is_working
    program.window.close()
    box = next(each for each in dialog.findChildren(QMessageBox) if each.isVisible())
    next(each for each in box.buttons() if "Quit" in each.text()).click()
    qtbot.waitUntil(lambda: not program.window.isVisible())
