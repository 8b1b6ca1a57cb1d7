"""Leaves keys to the widget that has the focus, where it has a use for them and the window has another."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QSlider,
    QTextEdit,
    QWidget,
)

_FIELDS = (QLineEdit, QAbstractSpinBox, QComboBox, QPlainTextEdit, QTextEdit)
_EDITING = (Qt.Key.Key_A, Qt.Key.Key_C, Qt.Key.Key_V, Qt.Key.Key_X, Qt.Key.Key_Y, Qt.Key.Key_Z)
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)
_PAGES = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYS: tuple[tuple[type[QWidget], tuple[Qt.Key, ...]], ...] = (
    (QCheckBox, (Qt.Key.Key_Space,)),
    (QRadioButton, (Qt.Key.Key_Space, *_ARROWS)),
    (QAbstractButton, (Qt.Key.Key_Space, *_ENTER)),
    (QSlider, (*_ARROWS, *_ENDS, *_PAGES)),
    # The other keys go on working on the recording and the segment that the list has chosen.
    (QAbstractItemView, (Qt.Key.Key_Up, Qt.Key.Key_Down)),
)
"""What widgets use besides fields; the first entry that fits holds."""


class FocusKeys(QObject):
    """Watches the widget that has the focus, and tells Qt that the keys which it uses are for it."""

    def __init__(self, window: QWidget, resting: QWidget) -> None:
        """`resting` gets the focus of `window` when a field there gives it up."""
        super().__init__(window)
        self._window, self._resting = window, resting
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow)

    def _follow(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None:
            old.removeEventFilter(self)
        if new is not None:
            new.installEventFilter(self)
        # The window itself is not asked: it loses the focus while Qt deletes it, too.
        elif QApplication.activeWindow() is self._window and self._resting.isVisible():
            # Where nothing has it, Qt gives it to the first button when the window is next activated.
            self._resting.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Accept what would else be looked up among the shortcuts; Enter presses a button."""
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return super().eventFilter(watched, event)
        if event.type() == QEvent.Type.ShortcutOverride and is_used(watched, event):
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(watched, QAbstractButton) and _is_press(watched, event):
            if not event.isAutoRepeat():
                watched.click()
            return True
        return super().eventFilter(watched, event)


def is_used(widget: QWidget, event: QKeyEvent) -> bool:
    """Whether a widget itself has a use for a key."""
    if isinstance(widget, _FIELDS):
        return _is_for_fields(event)
    if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
        return False
    return event.key() in next((keys for kind, keys in _KEYS if isinstance(widget, kind)), ())


def _is_for_fields(event: QKeyEvent) -> bool:
    """Whether a key writes, edits or moves in a field."""
    modifiers = event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
    if modifiers == Qt.KeyboardModifier.ControlModifier:
        return event.key() in (*_EDITING, *_ARROWS, *_ENDS)
    if modifiers:
        return False
    return not Qt.Key.Key_F1 <= event.key() <= Qt.Key.Key_F35


def _is_press(button: QAbstractButton, event: QKeyEvent) -> bool:
    """Whether Enter is to press a button: Qt does so on some platforms only, and dialogs have a default button."""
    return event.key() in _ENTER and is_used(button, event) and not isinstance(button.window(), QDialog)
