"""What screen readers say of widgets that take the keyboard."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QDialogButtonBox, QLabel, QScrollArea, QWidget


def focusable(window: QWidget) -> list[QWidget]:
    """The widgets of a window, also the hidden ones, that the keyboard reaches."""
    return [each for each in window.findChildren(QWidget) if each.window() is window and _takes_keyboard(each)]


def unnamed(window: QWidget) -> list[str]:
    """Those for which a screen reader has no name, told by their classes."""
    return [
        f"{type(each).__name__} {each.objectName()} of {type(each.parent()).__name__}"
        for each in focusable(window)
        if not _is_named(each)
    ]


def _takes_keyboard(widget: QWidget) -> bool:
    # What has a proxy hands the keyboard on, such as the editor in a spin box; Qt names the buttons of its own dialogs.
    # Labels take the keyboard for their text alone, and areas that scroll for their contents.
    handed_on = widget.focusProxy() is not None or isinstance(widget, (QLabel, QScrollArea))
    is_of_qt = isinstance(widget.parent(), QDialogButtonBox) or widget.objectName().startswith("qt_")
    return widget.focusPolicy() != Qt.FocusPolicy.NoFocus and not handed_on and not is_of_qt


def _is_named(widget: QWidget) -> bool:
    if isinstance(widget, QAbstractButton) and widget.isHidden() and not widget.text():
        return True  # some get their text when they are shown
    told = QAccessible.queryAccessibleInterface(widget)
    return bool(told and told.text(QAccessible.Text.Name))
