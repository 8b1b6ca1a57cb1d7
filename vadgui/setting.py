"""One persistent setting: its declaration, how it is read, and how the settings dialog shows it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Generic, Protocol, TypeVar, overload

from PySide6.QtCore import QByteArray, QSettings, SignalInstance

from engine.common.language import tr_noop

T = TypeVar("T", str, bool, float, QByteArray)

_BOOLS = {"true": True, "false": False, "1": True, "0": False}  # how Qt writes them, and people

_logger = logging.getLogger(__name__)


class Page(Enum):
    """A page of the settings dialog; the value is its title, in English."""

    APPEARANCE = tr_noop("Appearance")
    PLAYBACK = tr_noop("Playback")
    ANALYSIS = tr_noop("Analysis")
    REVIEW = tr_noop("Review")
    FILES = tr_noop("Files")


class Form(Enum):
    """The field by which a text is entered."""

    FOLDER = auto()
    LINES = auto()


@dataclass(frozen=True)
class Shown:
    """How the settings dialog shows a setting; texts are English, and translated there."""

    page: Page
    label: str
    choices: Mapping[str, str] = field(default_factory=dict)
    """Values and what people see of them, where only these are possible."""
    form: Form | None = None
    most: float = 0.0
    """The largest number."""
    unit: str = ""
    decimals: int = 1


class SettingsOwner(Protocol):
    """The object whose attributes settings are."""

    store: QSettings
    odd_keys: set[str]
    """Settings that can't be used, and of which that was said."""

    @property
    def changed(self) -> SignalInstance:
        """Emitted with the Setting whose value is another now."""


@dataclass(frozen=True)
class Setting(Generic[T]):
    """A descriptor for one persistent value, read and written as an attribute of Settings."""

    key: str
    default: T
    sentence: str
    """What the setting decides, in words for people."""
    is_valid: Callable[[T], bool] = lambda _: True
    """Whether a value can be used; of one that can't, or of another type, the default is taken."""
    shown: Shown | None = None
    """None where a person changes it elsewhere only."""

    @overload
    def __get__(self, settings: None, owner: type[Any]) -> Setting[T]: ...
    @overload
    def __get__(self, settings: SettingsOwner, owner: type[Any]) -> T: ...
    def __get__(self, settings: SettingsOwner | None, owner: type[Any]) -> Setting[T] | T:
        if settings is None:
            return self
        value = self._converted(settings.store.value(self.key, self.default))
        if value is not None and self.is_valid(value):
            return value
        if self.key not in settings.odd_keys:
            settings.odd_keys.add(self.key)
            _logger.warning("%s in %s can't be used: its default is taken", self.key, settings.store.fileName())
        return self.default

    def _converted(self, value: Any) -> T | None:
        """A stored value in the setting's type; None where it is of another, as after an edit by hand."""
        if isinstance(self.default, bool) and isinstance(value, str):
            value = _BOOLS.get(value.lower())
        elif isinstance(self.default, float) and isinstance(value, str):
            with suppress(ValueError):
                value = float(value)
        return value if type(value) is type(self.default) else None

    def __set__(self, settings: SettingsOwner, value: T) -> None:
        if value != self.__get__(settings, type(settings)):
            settings.store.setValue(self.key, value)
            settings.changed.emit(self)
