"""The help dialogs: keyboard shortcuts, and about this program."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import version

from PySide6.QtCore import Qt, Signal, qVersion
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from engine.common.language import tr
from vadgui.dialogs.action_tree import ActionTree
from vadgui.ui.action_spec import ActionSpec
from vadgui.ui.action_specs import SPECS
from vadgui.ui.keymap import Keymap, shown_keys

_SIZE = (560, 640)


class ShortcutsDialog(QDialog):
    """Lists all keys in force in a window, grouped by menu; what is typed leaves only actions and keys that hold it."""

    change_requested = Signal()
    """The person wants other keys."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None, specs: Sequence[ActionSpec] = SPECS) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search actions and keys"))
        self.search.setAccessibleName(tr("Search actions and keys"))
        self.search.setClearButtonEnabled(True)
        self.tree = ActionTree()
        self.tree.setSelectionMode(ActionTree.SelectionMode.NoSelection)
        for spec in specs:
            if keys := keymap.keys(spec.name):
                self.tree.add(spec.name, shown_keys(keys))
        self.search.textChanged.connect(self.tree.filter)
        buttons = QDialogButtonBox()  # Tab goes through its buttons in the order in which they were added
        change = buttons.addButton(tr("Change keys …"), QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(QDialogButtonBox.StandardButton.Close)
        change.clicked.connect(self._change)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        for widget in (self.search, self.tree, buttons):
            layout.addWidget(widget)
        self.resize(*_SIZE)

    def listed(self) -> dict[str, str]:
        """The keys that are on screen, by the text of their action."""
        return {item.text(0): item.text(1) for item in self.tree.rows.values() if not item.isHidden()}

    def _change(self) -> None:
        self.close()
        self.change_requested.emit()


class AboutDialog(QDialog):
    """Shows the program's version, Qt, Python and system, and the licence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About vadgui"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        title = QLabel(f"vadgui {version('vadgui')}")
        title.setProperty("role", "title")
        text = QLabel(
            tr(
                "Reviews surveillance video: predicts how normal things move and look next, and flags where reality "
                "differs.\n\nIt flags what is unusual for a camera, not what is forbidden; a person decides."
            )
            + f"\n\nQt {qVersion()}, Python {platform.python_version()}, {platform.system()} {platform.machine()}\n"
            + tr("Apache License 2.0; its parts have their own, listed in NOTICE.")
        )
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.addWidget(title)
        layout.addWidget(text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        self.setMinimumWidth(420)
