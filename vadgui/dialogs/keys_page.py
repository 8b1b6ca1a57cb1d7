"""The page of the settings on which a person gives actions other keys."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QKeySequenceEdit, QLineEdit, QTreeWidgetItem, QVBoxLayout, QWidget

from engine.common.language import tr, tr_noop
from vadgui.dialogs.action_tree import ActionTree
from vadgui.ui.action_specs import ALL_SPECS, SPECS_BY_NAME
from vadgui.ui.keymap import Keymap, normal_key, shown_key, shown_keys
from vadgui.ui.widgets import IconLine, button, text_label

_EDITOR_NAMES = (tr_noop("Key"), tr_noop("Another key"))
"""Of the fields for the keys that an action can have."""


class KeysPage(QWidget):
    """Lists all actions; a key that is pressed in a field is the chosen action's, unless it is another's already."""

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._keymap = keymap
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search actions and keys"))
        self.search.setAccessibleName(tr("Search actions and keys"))
        self.search.setClearButtonEnabled(True)
        self.problems = IconLine()
        self.tree = ActionTree()
        for spec in ALL_SPECS:
            self.tree.add(spec.name, "")
        self._name = text_label()
        self.editors = [_editor(number) for number in range(len(_EDITOR_NAMES))]
        self.reset_button = button(tr("Reset"), tr("The usual keys of this action"))
        self.reset_all_button = button(tr("Reset all"), tr("The usual keys of all actions"))
        self.conflict = IconLine()
        self.take_button = button(tr("Take it over"), tr("The other action does without this key"))
        self._lay_out()
        self.search.textChanged.connect(self.tree.filter)
        self.tree.currentItemChanged.connect(self._choose)
        for editor in self.editors:
            editor.keySequenceChanged.connect(partial(self._enter, editor))
        self.reset_button.clicked.connect(self._reset)
        self.reset_all_button.clicked.connect(keymap.reset_all)
        self.take_button.clicked.connect(self._take_over)
        keymap.changed.connect(self._show)
        self._show()
        self.tree.setCurrentItem(self.tree.rows[ALL_SPECS[0].name])

    def _lay_out(self) -> None:
        chosen = QHBoxLayout()
        chosen.addWidget(self._name, stretch=1)
        for editor in self.editors:
            chosen.addWidget(editor)
        chosen.addWidget(self.reset_button)
        conflict = QHBoxLayout()
        conflict.addWidget(self.conflict, stretch=1)
        conflict.addWidget(self.take_button)
        last = QHBoxLayout()
        last.addStretch(1)
        last.addWidget(self.reset_all_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.search, self.problems, self.tree):
            layout.addWidget(widget)
        layout.addLayout(chosen)
        layout.addLayout(conflict)
        layout.addLayout(last)

    @property
    def _chosen(self) -> str:
        item = self.tree.currentItem()
        return (item.data(0, Qt.ItemDataRole.UserRole) if item else None) or ""

    def _choose(self, _current: QTreeWidgetItem | None, _previous: QTreeWidgetItem | None) -> None:
        self._show()

    def _show(self) -> None:
        """Show the keys in force; what was not taken over is forgotten."""
        for name, row in self.tree.rows.items():
            row.setText(1, shown_keys(self._keymap.keys(name)))
            font = row.font(1)
            font.setBold(self._keymap.is_changed(name))
            row.setFont(1, font)
        self.problems.show_line("warning", "\n".join(self._keymap.problems))
        name = self._chosen
        self._name.setText(SPECS_BY_NAME[name].label if name else tr("Choose an action"))
        keys = self._keymap.keys(name) if name else ()
        for number, editor in enumerate(self.editors):
            editor.setEnabled(bool(name))
            with QSignalBlocker(editor):
                editor.setKeySequence(QKeySequence(keys[number] if number < len(keys) else ""))
            # Setting a key brings back Qt's own text, which is longer than the field in some languages.
            for field in editor.findChildren(QLineEdit):
                field.setPlaceholderText(tr("No key"))
        self.reset_button.setEnabled(bool(name) and self._keymap.is_changed(name))
        self.reset_all_button.setEnabled(bool(self._keymap.chosen or self._keymap.problems))
        self._tell_conflict("")

    def _enter(self, editor: QKeySequenceEdit, sequence: QKeySequence) -> None:
        if sequence.isEmpty():
            # Qt empties the field before it shows the key that was pressed: only what stays empty was cleared.
            QTimer.singleShot(0, editor, partial(self._use_cleared, editor))
        elif holder := self._other_holder(_key_in(editor)):
            self._tell_conflict(_key_in(editor), holder)
        else:
            self._use_entered()

    def _use_cleared(self, editor: QKeySequenceEdit) -> None:
        if editor.keySequence().isEmpty():
            self._use_entered()

    def _other_holder(self, key: str) -> str:
        holder = self._keymap.holder(key, self._chosen) if key and self._chosen else None
        return holder if holder and holder != self._chosen else ""

    def _use_entered(self) -> None:
        self._keymap.set_keys(self._chosen, [key for key in map(_key_in, self.editors) if not self._other_holder(key)])

    def _take_over(self) -> None:
        self._keymap.set_keys(self._chosen, map(_key_in, self.editors))

    def _tell_conflict(self, key: str, holder: str = "") -> None:
        text = ""
        if key:
            words = tr("{key} belongs to “{action}”, and stays its key.")
            text = words.format(key=shown_key(key), action=SPECS_BY_NAME[holder].label)
        self.conflict.show_line("warning", text, alert=True)
        self.take_button.setVisible(bool(text))

    def _reset(self) -> None:
        self._keymap.reset(self._chosen)


def _key_in(editor: QKeySequenceEdit) -> str:
    return normal_key(editor.keySequence().toString(QKeySequence.SequenceFormat.PortableText))


def _editor(number: int) -> QKeySequenceEdit:
    editor = QKeySequenceEdit()
    editor.setMaximumSequenceLength(1)
    editor.setClearButtonEnabled(True)
    editor.setAccessibleName(tr(_EDITOR_NAMES[number]))
    editor.setToolTip(tr("Click here, and press the key"))
    return editor
