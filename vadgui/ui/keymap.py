"""Which keys trigger which action: the declared ones, and in their place those that a person has chosen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QKeySequence

from engine.common.language import tr
from vadgui.ui.action_specs import SPECS_BY_NAME, specs_beside

_PORTABLE, _NATIVE = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText

_UNKNOWN = QKeySequence(Qt.Key.Key_unknown)


class Keymap(QObject):
    """The keys of every action by its name; no key belongs to two of one window."""

    changed = Signal()

    def __init__(self, chosen: Mapping[str, Any] | None = None, parent: QObject | None = None) -> None:
        """`chosen` are a person's keys by action, lists of texts; of what can't be used, `problems` says why."""
        super().__init__(parent)
        self._chosen: dict[str, tuple[str, ...]] = {}
        self.problems: list[str] = []
        """What was left out of `chosen`, a sentence each."""
        for name, keys in (chosen or {}).items():
            if name not in SPECS_BY_NAME:
                self.problems.append(tr("There is no action “{name}”: its keys are ignored.").format(name=name))
            elif not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
                problem = tr("The keys of “{action}” can't be read: it has the usual ones.")
                self.problems.append(problem.format(action=SPECS_BY_NAME[name].label))
            elif (usable := self._usable(name, keys)) is not None:
                self._chosen[name] = usable

    @property
    def chosen(self) -> dict[str, tuple[str, ...]]:
        """The keys that a person has chosen, by action; those of all others are the declared ones."""
        return dict(self._chosen)

    def keys(self, name: str) -> tuple[str, ...]:
        """The keys of an action. Of the declared ones, those are left out that a person gave to another action."""
        if name in self._chosen:
            return self._chosen[name]
        taken = {key for spec in specs_beside(name) for key in self._chosen.get(spec.name, ())}
        return tuple(key for key in SPECS_BY_NAME[name].keys if key not in taken)

    def is_changed(self, name: str) -> bool:
        """Whether the keys of an action are others than declared."""
        return self.keys(name) != SPECS_BY_NAME[name].keys

    def holder(self, key: str, beside: str) -> str | None:
        """The name of the action that a key triggers in the window that has the action `beside`."""
        wanted = normal_key(key)
        return next((spec.name for spec in specs_beside(beside) if wanted in self.keys(spec.name)), None)

    def set_keys(self, name: str, keys: Iterable[str]) -> None:
        """Give an action these keys alone, and take them from whatever had them."""
        wanted = tuple(dict.fromkeys(filter(None, map(normal_key, keys))))
        for other in {self.holder(key, name) for key in wanted} - {None, name}:
            if other is not None:
                self._choose(other, tuple(key for key in self.keys(other) if key not in wanted))
        self._choose(name, wanted)
        self.changed.emit()

    def reset(self, name: str) -> None:
        """Give an action its declared keys back, and take them from whatever had them."""
        self.set_keys(name, SPECS_BY_NAME[name].keys)

    def reset_all(self) -> None:
        """Give all actions their declared keys back."""
        self._chosen.clear()
        self.problems.clear()
        self.changed.emit()

    def _choose(self, name: str, keys: tuple[str, ...]) -> None:
        if keys == SPECS_BY_NAME[name].keys:
            self._chosen.pop(name, None)
        else:
            self._chosen[name] = keys

    def _usable(self, name: str, keys: Iterable[str]) -> tuple[str, ...] | None:
        """The keys of an entry that can be used; None where none of several can: then the declared ones stay."""
        given, usable = list(keys), []
        beside = [spec.name for spec in specs_beside(name)]
        for key in given:
            normal = normal_key(key)
            other = next((each for each in beside if normal in self._chosen.get(each, ())), None)
            label = SPECS_BY_NAME[name].label
            if not normal:
                self.problems.append(tr("“{key}” is no key: “{action}” does without it.").format(key=key, action=label))
            elif other:
                owner = SPECS_BY_NAME[other].label
                problem = tr("{key} belongs to “{owner}” already: “{action}” does without it.")
                self.problems.append(problem.format(key=shown_key(normal), owner=owner, action=label))
            else:
                usable.append(normal)
        return None if given and not usable else tuple(usable)


def normal_key(text: str) -> str:
    """A key in Qt's portable text format; empty where the text means none, or several one after the other."""
    sequence = QKeySequence(text, _PORTABLE)
    normal = sequence.toString(_PORTABLE)
    # Of a text that it does not understand, Qt makes Key_unknown, whose name is no text that can be written.
    is_key = sequence.count() == 1 and sequence != _UNKNOWN and normal.isprintable()
    return normal if is_key else ""


def shown_key(key: str) -> str:
    """A key in the native text format of this system."""
    return QKeySequence(key, _PORTABLE).toString(_NATIVE)


def shown_keys(keys: Iterable[str]) -> str:
    """Several keys of one action in a line."""
    return tr("   or   ").join(map(shown_key, keys))
