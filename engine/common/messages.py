"""Texts as they are stored: what is translated and what is filled in, to be told in the language of whoever reads."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import msgspec

from engine.common.language import TranslatedText, tr
from engine.common.names import displayable


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """A text in English, or in the language that it was told in where that is all there is."""

    text: str
    values: dict[str, Value] = {}
    """By the placeholder that they fill in."""

    def in_words(self) -> str:
        """The text in the language in use."""
        words = tr(self.text)
        try:
            return words.format(**_told(self.values)) if self.values else words
        except _UNFIT:
            return words


Value = str | int | float | Message
"""What can be filled in."""

_UNFIT = (LookupError, ValueError, AttributeError)
"""Raised where values do not fit their text: the file was edited, or is of another version."""


def message_of(text: str) -> Message:
    """What is to be stored of a text that was told."""
    if not isinstance(text, TranslatedText) or not text.source:
        return Message(str(text))
    values = {name: stored for name, value in text.values.items() if (stored := _stored(value)) is not None}
    try:
        text.source.format(**_told(values))
    except _UNFIT:  # what is shown by more than its text, such as a date, can't be told again
        return Message(str(text))
    return Message(text.source, values)


def _told(values: Mapping[str, Value]) -> dict[str, str | int | float]:
    return {name: value.in_words() if isinstance(value, Message) else value for name, value in values.items()}


def _stored(value: Any) -> Value | None:
    match value:
        case TranslatedText():
            return message_of(value)
        case bool() | str() | Path() | BaseException():
            return displayable(str(value))
        case Integral():
            return int(value)
        case Real():
            return float(value)
    return None


def messages_of(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What is to be stored beside fields that are translated texts: by field, what each is made of, for JSON."""
    found = {name: message_of(value) for name, value in fields.items() if isinstance(value, TranslatedText)}
    return {name: msgspec.to_builtins(each) for name, each in found.items()}
