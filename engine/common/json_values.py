"""Decodes untrusted JSON and checks it against the expected types."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_MAX_DEPTH = 64


def decode(text: str | bytes, wanted: type[T], *, exact: bool = False) -> T:
    """Parse JSON text into a value of the type `wanted`; see `convert`.

    Raises:
        ValueError: it is no JSON, or not of this type.
    """
    try:
        # msgspec's decoder refuses NaN and Infinity, which Python writes and which losses may be.
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    if _is_deep(values):
        raise ValueError("the JSON is nested too deeply")
    return convert(values, wanted, exact=exact)


def convert(values: Any, wanted: type[T], *, exact: bool = False) -> T:
    """Convert parsed JSON to the type `wanted`; unknown fields of dataclasses are ignored unless `exact`.

    Raises:
        ValueError: a field is missing or of another type, or `exact` and one is unknown.
    """
    converted = msgspec.convert(values, wanted)
    if exact and _has_unknown(values, converted):
        raise ValueError(f"fields of another version of {wanted.__name__}")
    return converted


def convert_each(entries: Any, wanted: type[T]) -> list[T]:
    """Those entries of a parsed JSON list that are of the type `wanted`; none of what is no list."""
    converted = []
    for entry in entries if isinstance(entries, list) else ():
        with suppress(ValueError):
            converted.append(convert(entry, wanted))
    return converted


def _is_deep(values: Any) -> bool:
    """Whether values are nested so deeply that whoever walks through them may run out of stack."""
    level = [values] if isinstance(values, dict | list) else []
    for _ in range(_MAX_DEPTH):
        children = (each.values() if isinstance(each, dict) else each for each in level)
        level = [value for each in children for value in each if isinstance(value, dict | list)]
        if not level:
            return False
    return True


def _has_unknown(values: Any, converted: object) -> bool:
    if is_dataclass(converted):
        names = {each.name for each in fields(converted)}
        return any(name not in names or _has_unknown(each, getattr(converted, name)) for name, each in values.items())
    if isinstance(converted, dict):
        return any(_has_unknown(each, converted[key]) for key, each in values.items())
    return isinstance(converted, tuple | list) and any(map(_has_unknown, values, converted))
