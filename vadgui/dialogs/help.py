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
    QLabel,
    QVBoxLayout,
    QWidget,
)

from vadgui.ui.actions import MENUS, SPECS, shown_keys, without_mnemonic


class ShortcutsDialog(QDialog):
    """Lists all keyboard shortcuts, grouped by menu."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        columns = QGridLayout()
        for position, menu in enumerate(MENUS):
            columns.addWidget(_menu_box(menu), position // 2, position % 2, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.addLayout(columns)
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


def _menu_box(menu: str) -> QGroupBox:
    box = QGroupBox(without_mnemonic(menu))
    grid = QGridLayout(box)
    for row, spec in enumerate(spec for spec in SPECS if spec.menu == menu and spec.keys):
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
