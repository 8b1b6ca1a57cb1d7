"""The help dialogs: keyboard shortcuts, and about this program."""

from __future__ import annotations

import platform
from importlib.metadata import version

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vadgui.ui.actions import MENUS, SPECS, ActionSpec, shown_keys, without_mnemonic

_COLUMNS = 3
_BOX_LINES = 2  # how many lines a box's title and frame take


class ShortcutsDialog(QDialog):
    """Lists all keyboard shortcuts, grouped by menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        row = QHBoxLayout()
        for menus in _columns():
            column = QVBoxLayout()
            for menu in menus:
                column.addWidget(_menu_box(menu))
            column.addStretch()
            row.addLayout(column)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(_close_button(self))


class AboutDialog(QDialog):
    """Shows the program's version, Qt, Python and system, and the licence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About vadgui")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = QLabel(f"vadgui {version('vadgui')}")
        title.setProperty("role", "title")
        text = QLabel(
            "Reviews surveillance video: predicts how normal things move and look next, and flags where reality "
            "differs.\n\nIt flags what is unusual for a camera, not what is forbidden; a person decides.\n\n"
            f"Qt {qVersion()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}\n"
            "Apache License 2.0; its parts have their own, listed in NOTICE."
        )
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addWidget(text)
        layout.addWidget(_close_button(self))
        self.setMinimumWidth(420)


def _columns() -> list[list[str]]:
    """The menus in columns about equally high, the longest ones first: the dialog has to fit a small screen."""
    columns: list[list[str]] = [[] for _ in range(_COLUMNS)]
    heights = [0] * _COLUMNS
    for menu in sorted(MENUS, key=lambda menu: -len(_with_keys(menu))):
        shortest = heights.index(min(heights))
        columns[shortest].append(menu)
        heights[shortest] += len(_with_keys(menu)) + _BOX_LINES
    return columns


def _with_keys(menu: str) -> list[ActionSpec]:
    return [spec for spec in SPECS if spec.menu == menu and spec.keys]


def _menu_box(menu: str) -> QGroupBox:
    box = QGroupBox(without_mnemonic(menu))
    grid = QGridLayout(box)
    for row, spec in enumerate(_with_keys(menu)):
        keys = QLabel("  or  ".join(shown_keys(key) for key in spec.keys))
        keys.setProperty("role", "keys")
        grid.addWidget(QLabel(without_mnemonic(spec.text)), row, 0)
        grid.addWidget(keys, row, 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnMinimumWidth(0, 150)
    return box


def _close_button(dialog: QDialog) -> QDialogButtonBox:
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    return buttons
