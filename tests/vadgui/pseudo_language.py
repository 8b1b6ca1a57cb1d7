"""A language made up for tests: what is translated stands in ⟦brackets⟧, so that what was forgotten stands out."""

from __future__ import annotations

import gettext
import re
from collections.abc import Collection, Iterator

import pytest
from PySide6.QtCore import QAbstractItemModel, QAbstractListModel, QModelIndex, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDialogButtonBox,
    QDoubleSpinBox,
    QGroupBox,
    QLabel,
    QLineEdit,
    QMenu,
    QPlainTextEdit,
    QPushButton,
    QSpinBox,
    QTabWidget,
    QTextEdit,
    QWidget,
)

from engine.common.language import use_translations

_BEGIN, _END = "⟦", "⟧"
_UNITS = ("px", "dB", "fps", "ms", "min", "kB", "KB", "MB", "GB", "MiB", "GiB", "Hz", "nats")
_KEYS = (
    *("Ctrl", "Shift", "Alt", "Meta", "AltGr", "Space", "Home", "End", "Left", "Right", "Up", "Down"),
    *("PgUp", "PgDown", "Return", "Enter", "Esc", "Del", "Ins", "Tab", "Backspace"),
)
_NAMES = ("vadgui", "vad", "FFmpeg", "PSNR", "CPU", "GPU", "CUDA")
_ALIKE = re.compile(rf"\b(?:{'|'.join((*_UNITS, *_KEYS, *_NAMES))}|F\d+|[^\W\d_])\b")
"""What is the same in every language: units, keys, names, and single letters."""
_TAG = re.compile(r"<[^<>]*>")
_SHOWN_ROLES = (
    Qt.ItemDataRole.DisplayRole,
    Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole,
)
_MOST_ROWS = 50


class PseudoTranslations(gettext.NullTranslations):
    """Puts brackets round every text that is translated."""

    def gettext(self, message: str) -> str:
        return f"{_BEGIN}{message}{_END}"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@pytest.fixture
def pseudo_language() -> Iterator[None]:
    """Let the program speak the made-up language; ask for it before anything is shown."""
    use_translations(PseudoTranslations())
    yield
    use_translations(gettext.NullTranslations())


def is_translated(text: str, same: Collection[str] = ()) -> bool:
    """Whether no letters are outside of brackets but those of `same`, units, keys and names."""
    outside, depth = [], 0
    for letter in _TAG.sub(" ", text):
        depth += (letter == _BEGIN) - (letter == _END)
        outside.append(letter if depth == 0 and letter != _END else " ")
    left = "".join(outside)
    for each in sorted(same, key=len, reverse=True):
        left = left.replace(each, " ")
    return not any(letter.isalpha() for letter in _ALIKE.sub(" ", left))


def untranslated(widget: QWidget, same: Collection[str] = (), without: Collection[QWidget] = ()) -> list[str]:
    """What a person would read in a widget and all in it, also where it is hidden, that was not translated.

    `same` are texts that are alike in all languages, such as names of files; the widgets of `without` are left out.
    """
    return [text for text in dict.fromkeys(_texts(widget, without)) if not is_translated(text, same)]


def _texts(widget: QWidget, without: Collection[QWidget]) -> Iterator[str]:
    if widget in without or _is_of_qt(widget):
        return
    yield from (widget.toolTip(), widget.accessibleName(), widget.accessibleDescription(), widget.windowTitle())
    yield from _own_texts(widget)
    for action in widget.actions():
        yield from (action.text(), action.toolTip(), action.statusTip())
    for child in widget.children():
        if isinstance(child, QWidget):
            yield from _texts(child, without)


def _is_of_qt(widget: QWidget) -> bool:
    """Whether Qt itself names a widget: the buttons of docks and tool bars, and the usual ones of dialogs."""
    box = widget.parent()
    if isinstance(box, QDialogButtonBox) and isinstance(widget, QPushButton):
        usual = QDialogButtonBox(box.standardButton(widget))
        return widget.text() in [each.text() for each in usual.buttons()]
    return widget.objectName().startswith("qt_")


def _own_texts(widget: QWidget) -> Iterator[str]:
    """The texts that this kind of widget has; what a person typed into a field is none."""
    match widget:
        case QLabel() | QAbstractButton():
            yield widget.text()
        case QGroupBox() | QMenu():
            yield widget.title()
        case QLineEdit():
            yield widget.placeholderText()
        case QPlainTextEdit() | QTextEdit():
            yield widget.placeholderText()
            if widget.isReadOnly():
                yield widget.toPlainText()
        case QSpinBox() | QDoubleSpinBox():
            yield from (widget.prefix(), widget.suffix(), widget.specialValueText())
        case QAbstractSpinBox():
            yield widget.specialValueText()
        case QComboBox():
            yield widget.placeholderText()
            yield from _items(widget.model())
        case QTabWidget():
            for number in range(widget.count()):
                yield from (widget.tabText(number), widget.tabToolTip(number))
        case QAbstractItemView() if model := widget.model():
            yield from _items(model)


def _items(model: QAbstractItemModel) -> Iterator[str]:
    """The headers and the first rows of a table or list."""
    top = QModelIndex()
    # PySide lets nobody ask a list for its columns.
    columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(top)
    rows = min(model.rowCount(top), _MOST_ROWS)
    shown = []
    for role in _SHOWN_ROLES:
        shown += [model.headerData(column, Qt.Orientation.Horizontal, role) for column in range(columns)]
        shown += [model.index(row, column).data(role) for row in range(rows) for column in range(columns)]
    yield from (text for text in shown if isinstance(text, str))
