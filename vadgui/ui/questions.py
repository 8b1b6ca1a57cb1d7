"""Message boxes that ask a question, without blocking the event loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from engine.common.language import tr

_WIDTH_PX = 360
"""Of an explanation, unless it is shorter."""


def ask(
    parent: QWidget,
    question: str,
    explanation: str,
    answers: Mapping[str, Callable[[], None]],
    *,
    otherwise: str = "",
) -> QMessageBox:
    """Open a message box; the function of the chosen answer is called, the button `otherwise` calls nothing."""
    box = QMessageBox(parent)
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.setWindowTitle("vadgui")
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(question)
    box.setInformativeText(explanation)
    if explained := box.findChild(QLabel, "qt_msgbox_informativelabel"):
        # Qt makes it as narrow as the question, where that is short.
        explained.setMinimumWidth(min(explained.fontMetrics().horizontalAdvance(explanation), _WIDTH_PX))
    buttons = {box.addButton(text, QMessageBox.ButtonRole.AcceptRole): call for text, call in answers.items()}
    nothing = box.addButton(otherwise or tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
    box.setEscapeButton(nothing)
    box.setDefaultButton(nothing)

    def answered() -> None:
        call = next((call for one, call in buttons.items() if one is box.clickedButton()), None)
        if call:
            call()

    box.finished.connect(lambda _: answered())
    box.open()
    return box
