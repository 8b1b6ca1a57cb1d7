"""The settings dialog: made of what `vadgui/settings.py` declares, and a page for the keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.common.in_time import is_folder_in_time
from engine.common.language import tr
from vadgui.dialogs.files import ask_for_folder
from vadgui.dialogs.keys_page import KeysPage
from vadgui.setting import Form, Page, Setting, Shown
from vadgui.settings import Settings
from vadgui.ui.keymap import Keymap
from vadgui.ui.number_boxes import NumberBox
from vadgui.ui.widgets import button, text_label

_SIZE = (720, 560)
_PAGE_HEIGHT_PX = 32
_PAGES_WIDTH_PX = 150
_LINES_HEIGHT_PX = 120


class SettingsDialog(QDialog):
    """Shows all settings that have a place in it; each change holds at once."""

    def __init__(self, settings: Settings, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fields: dict[str, QWidget] = {}
        """The fields by the key of their setting."""
        self.pages = QListWidget()
        self.pages.setAccessibleName(tr("Pages of the settings"))
        self.pages.setFixedWidth(_PAGES_WIDTH_PX)
        self.keys_page = KeysPage(keymap)
        self._stack = QStackedWidget()
        for page in Page:
            self._add_page(tr(page.value), self._page(page, settings))
        self._add_page(tr("Keys"), self.keys_page)
        self.pages.currentRowChanged.connect(self._stack.setCurrentIndex)
        self.pages.setCurrentRow(0)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        # Return in a field is the field's, not the button's.
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        beside = QHBoxLayout()
        beside.addWidget(self.pages)
        beside.addWidget(self._stack, stretch=1)
        layout = QVBoxLayout(self)
        layout.addLayout(beside, stretch=1)
        layout.addWidget(buttons)
        self.resize(*_SIZE)

    def show_keys(self) -> None:
        """Go to the page of the keys."""
        self.pages.setCurrentRow(self.pages.count() - 1)
        self.keys_page.search.setFocus()

    def _add_page(self, title: str, page: QWidget) -> None:
        item = QListWidgetItem(title)
        item.setSizeHint(QSize(0, _PAGE_HEIGHT_PX))
        self.pages.addItem(item)
        self._stack.addWidget(page)

    def _page(self, page: Page, settings: Settings) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setSpacing(4)
        for setting in Settings.declared():
            if setting.shown and setting.shown.page is page:
                self.fields[setting.key] = _add_setting(column, setting, setting.shown, settings)
        column.addStretch(1)
        scrolled = QScrollArea()
        scrolled.setWidget(inside)
        scrolled.setWidgetResizable(True)
        scrolled.setFrameShape(QScrollArea.Shape.NoFrame)
        scrolled.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return scrolled


def _add_setting(column: QVBoxLayout, setting: Setting[Any], shown: Shown, settings: Settings) -> QWidget:
    """Add a setting's name, field and explanation; returns the field."""

    def use(value: object) -> None:
        setting.__set__(settings, value)

    value, name = setting.__get__(settings, Settings), tr(shown.label)
    if isinstance(setting.default, bool):
        field: QWidget = _check_box(name, value, use)
    else:
        label = text_label(name)
        label.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label)
        field = _field(shown, value, use)
    field.setAccessibleName(name)
    field.setAccessibleDescription(tr(setting.sentence))
    if shown.form is Form.FOLDER and isinstance(field, QLineEdit):
        column.addLayout(_with_choice(field, name))
    else:
        column.addWidget(field, 0, Qt.AlignmentFlag(0) if shown.form else Qt.AlignmentFlag.AlignLeft)
    column.addWidget(text_label(tr(setting.sentence), "muted"))
    column.addSpacing(12)
    return field


def _field(shown: Shown, value: Any, use: Callable[[object], None]) -> QWidget:
    if shown.choices:
        return _combo_box(shown, value, use)
    if isinstance(value, float):
        return _number_box(shown, value, use)
    return _text_field(value, use) if shown.form is Form.LINES else _folder_field(value, use)


def _check_box(label: str, value: bool, use: Callable[[object], None]) -> QCheckBox:
    box = QCheckBox(label)
    box.setChecked(value)
    box.toggled.connect(use)
    return box


def _combo_box(shown: Shown, value: str, use: Callable[[object], None]) -> QComboBox:
    box = QComboBox()
    for each, text in shown.choices.items():
        box.addItem(tr(text), each)
    if box.findData(value) < 0:
        box.addItem(value, value)  # such as the second GPU of a machine
    box.setCurrentIndex(box.findData(value))
    box.activated.connect(lambda: use(box.currentData()))
    return box


def _number_box(shown: Shown, value: float, use: Callable[[object], None]) -> NumberBox:
    box = NumberBox()
    box.setRange(0.0, shown.most)
    box.setDecimals(shown.decimals)
    box.setSingleStep(0.5 if shown.decimals else 1)
    box.setSuffix(tr(shown.unit))
    box.setValue(value)
    box.valueChanged.connect(use)
    return box


def _text_field(value: str, use: Callable[[object], None]) -> QPlainTextEdit:
    field = QPlainTextEdit(value)
    field.setTabChangesFocus(True)
    field.setFixedHeight(_LINES_HEIGHT_PX)
    field.textChanged.connect(lambda: use(_tidy(field.toPlainText())))
    return field


def _tidy(text: str) -> str:
    return "\n".join(dict.fromkeys(filter(None, (" ".join(line.split()) for line in text.splitlines()))))


def _folder_field(value: str, use: Callable[[object], None]) -> QLineEdit:
    field = QLineEdit(value)
    field.setPlaceholderText(tr("The usual place"))
    field.setClearButtonEnabled(True)

    def take() -> None:
        text = field.text().strip()
        if not text or is_folder_in_time(Path(text)):
            use(text)

    field.textChanged.connect(take)
    return field


def _with_choice(field: QLineEdit, label: str) -> QVBoxLayout:
    """A folder's field with a button that opens a dialog, and what is wrong with the folder."""
    explanation = tr("Choose the folder: {label}").format(label=label)
    choose = button(tr("Choose …"), explanation)
    choose.setAccessibleName(explanation)
    choose.clicked.connect(lambda: ask_for_folder(field, label, field.text(), lambda path: field.setText(str(path))))
    wrong = text_label(tr("There is no such folder: the one before it stays."), "alert")
    row = QHBoxLayout()
    row.addWidget(field, stretch=1)
    row.addWidget(choose)
    column = QVBoxLayout()
    column.addLayout(row)
    column.addWidget(wrong)

    def check() -> None:
        text = field.text().strip()
        wrong.setVisible(bool(text) and not is_folder_in_time(Path(text)))

    field.textChanged.connect(check)
    check()
    return column
