"""A searchable list of actions below their menus, for dialogs that tell or change keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem

from engine.common.language import tr
from vadgui.ui.action_specs import SPECS_BY_NAME


class ActionTree(QTreeWidget):
    """Two columns, action and keys; menus are always unfolded."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[str, QTreeWidgetItem] = {}
        """The rows by the name of their action."""
        self._groups: dict[str, QTreeWidgetItem] = {}
        self.setAccessibleName(tr("Actions and their keys"))
        self.setHeaderLabels([tr("Action"), tr("Keys")])
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setUniformRowHeights(True)
        header = self.header()
        header.setSectionsMovable(False)
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def add(self, name: str, keys: str) -> QTreeWidgetItem:
        """Add a row for an action."""
        spec = SPECS_BY_NAME[name]
        row = QTreeWidgetItem(self._group(spec.path), [spec.label, keys])
        row.setToolTip(0, tr(spec.hint))
        row.setData(0, Qt.ItemDataRole.UserRole, name)
        self.rows[name] = row
        return row

    def filter(self, text: str) -> None:
        """Leave only actions that hold all words of a text in what their row says, or in their menu."""
        words = text.lower().split()
        shown = set()
        for name, row in self.rows.items():
            path = SPECS_BY_NAME[name].path
            said = f"{path} {row.text(0)} {row.text(1)} {row.toolTip(0)}".lower()
            row.setHidden(not all(word in said for word in words))
            if not row.isHidden():
                shown.add(path)
        for path, group in self._groups.items():
            group.setHidden(path not in shown)

    def _group(self, path: str) -> QTreeWidgetItem:
        if path not in self._groups:
            group = self._groups[path] = QTreeWidgetItem(self, [path])
            group.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = group.font(0)
            font.setBold(True)
            group.setFont(0, font)
            group.setExpanded(True)
        return self._groups[path]
