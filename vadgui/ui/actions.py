"""The actions of menus and keyboard, made of their declarations, with the keys that are in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QWidget

from engine.common.language import tr
from vadgui.ui.action_spec import ActionSpec, without_mnemonic
from vadgui.ui.action_specs import SPECS, SPECS_BY_NAME
from vadgui.ui.icons import set_icon
from vadgui.ui.keymap import Keymap, shown_key


class Actions(Mapping[str, QAction]):
    """A window's actions by name; each is added to the window, so that its keys work in all of it."""

    def __init__(self, window: QWidget, keymap: Keymap, specs: Sequence[ActionSpec] = SPECS) -> None:
        self._window = window
        self.keymap = keymap
        self.specs = specs
        self._actions: dict[str, QAction] = {}
        self._hints: dict[str, str] = {}
        for spec in specs:
            action = QAction(tr(spec.text), window)
            action.setCheckable(spec.checkable)
            if spec.icon:
                set_icon(action, spec.icon)
            self._take(spec, action, tr(spec.hint))
        self.keymap.changed.connect(self._give_keys)

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def adopt(self, name: str, action: QAction) -> None:
        """Use an action that a view has made in place of the one with this name; it keeps its own explanation."""
        spec = SPECS_BY_NAME[name]
        made = self._actions[name]
        self._window.removeAction(made)
        made.deleteLater()
        explanation = action.toolTip() if action.toolTip() != action.text() else ""
        action.setText(tr(spec.text))
        self._take(spec, action, tr(spec.hint) or explanation)

    def set_text(self, name: str, text: str) -> None:
        """Call an action otherwise for now, as what it would do is another thing."""
        self._actions[name].setText(text)
        self._give(SPECS_BY_NAME[name])

    def _take(self, spec: ActionSpec, action: QAction, hint: str) -> None:
        action.setObjectName(spec.name)
        self._actions[spec.name], self._hints[spec.name] = action, hint
        self._window.addAction(action)
        self._give(spec)

    def _give_keys(self) -> None:
        for spec in self.specs:
            self._give(spec)

    def _give(self, spec: ActionSpec) -> None:
        action, keys = self._actions[spec.name], self.keymap.keys(spec.name)
        action.setShortcuts([QKeySequence(key, QKeySequence.SequenceFormat.PortableText) for key in keys])
        action.setToolTip(tool_tip(without_mnemonic(action.text()), keys, self._hints[spec.name]))


def explain_button(button: QAbstractButton, action: QAction) -> None:
    """Give a button that does what an action does the action's tool tip, which tells its keys."""
    button.setToolTip(action.toolTip())
    action.changed.connect(lambda: button.setToolTip(action.toolTip()))


def tool_tip(label: str, keys: tuple[str, ...], hint: str) -> str:
    """An action's text and first key, and its explanation in a second line."""
    first = f" ({shown_key(keys[0])})" if keys else ""
    return f"{label}{first}" + (f"\n{hint}" if hint else "")
