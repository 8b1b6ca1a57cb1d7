"""Number fields whose value is selected when they are entered, so that typing replaces it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QAbstractSpinBox


def select_all_on_focus(box: QAbstractSpinBox) -> None:
    """Select the number, without its unit, whenever the field gets the focus or is double-clicked."""
    selector = _Selector(box)
    box.installEventFilter(selector)
    box.lineEdit().installEventFilter(selector)


class _Selector(QObject):
    def __init__(self, box: QAbstractSpinBox) -> None:
        super().__init__(box)
        self._box = box

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Qt puts the cursor where the mouse is only after this event: select later."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.MouseButtonDblClick):
            QTimer.singleShot(0, self._box, self._box.selectAll)
        return bool(super().eventFilter(watched, event))
