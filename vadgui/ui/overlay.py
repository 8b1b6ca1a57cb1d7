"""A small box over the window, for something to be typed: Escape or a click elsewhere closes it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

_TOP_SHARE = 0.12
_MARGIN_PX = 10


class Overlay(QFrame):
    """Lies over its window, at the top; the keyboard goes back to where it was when the box is closed."""

    def __init__(self, window: QWidget, width_px: int) -> None:
        super().__init__(window)
        self._over = window
        self.setProperty("role", "overlay")
        self.setAutoFillBackground(True)
        self._width_px = width_px
        self._focus_before: QWidget | None = None
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, _MARGIN_PX)
        self.hide()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._close_without_focus)

    def open_over_window(self, field: QWidget) -> None:
        """Show the box, with the cursor in a field of it."""
        if not self.isVisible():
            self._focus_before = QApplication.focusWidget()
        self.place()
        self.show()
        self.raise_()
        field.setFocus(Qt.FocusReason.PopupFocusReason)

    def place(self) -> None:
        """Be as high as needed, at the top of the window."""
        width = min(self._width_px, self._over.width() - 2 * _MARGIN_PX)
        self.setFixedWidth(width)
        self.adjustSize()
        self.move(QPoint((self._over.width() - width) // 2, round(_TOP_SHARE * self._over.height())))

    def close_box(self) -> None:
        """Hide the box."""
        if self.isVisible():
            self.hide()
            before, self._focus_before = self._focus_before, None
            given = QApplication.focusWidget()
            if before is not None and before.isVisible():
                before.setFocus(Qt.FocusReason.PopupFocusReason)
            elif before is None and given is not None:
                given.clearFocus()  # Qt gave it to whatever comes next, whose keys would then work there

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Escape closes."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_box()
        else:
            super().keyPressEvent(event)

    def _close_without_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        # Without a new one another program has the keyboard: the box stays.
        if self.isVisible() and new is not None and not self.isAncestorOf(new) and new.window() is self.window():
            self._focus_before = None
            self.hide()
