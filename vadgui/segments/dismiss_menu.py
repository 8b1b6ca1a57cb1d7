"""The short list of reasons to dismiss a segment; a digit or Enter chooses one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from engine.common.language import tr, with_capital
from engine.review.edits import DISMISS_REASONS

_MOST_DIGITS = 9


class DismissMenu(QMenu):
    """Pops up with the first reason under the cursor, so that Enter alone dismisses for it."""

    reason_chosen = Signal(str)
    reason_added = Signal(str)
    """A reason that is new to the list; `reason_chosen` follows."""
    asked = Signal(object)
    """The QDialog that asks for a new reason."""

    def __init__(self, own_reasons: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setAccessibleName(tr("Why the segment is dismissed"))
        for number, reason in enumerate((*DISMISS_REASONS, *own_reasons), start=1):
            digit = f"&{number}  " if number <= _MOST_DIGITS else ""
            words = tr(reason).replace("&", "&&")
            action = self.addAction(f"{digit}{with_capital(words)}")
            action.triggered.connect(lambda _, reason=reason: self.reason_chosen.emit(reason))
        self.addSeparator()
        self.addAction(tr("&Another reason …")).triggered.connect(self._ask)

    def pop_up(self, at: QPoint) -> None:
        """Show it; the first reason has the focus."""
        self.popup(at)
        self.setActiveAction(self.actions()[0])

    def _ask(self) -> None:
        dialog = QInputDialog(self.parentWidget())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(tr("Dismiss"))
        dialog.setLabelText(tr("Why is this nothing of interest? The reason is offered again."))
        dialog.textValueSelected.connect(self._add)
        dialog.open()
        self.asked.emit(dialog)

    def _add(self, text: str) -> None:
        reason = " ".join(text.split())
        if reason:
            self.reason_added.emit(reason)
            self.reason_chosen.emit(reason)
