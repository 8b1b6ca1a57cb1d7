"""JSON that somebody wrote, checked against the types that it must have."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def decode(text: str | bytes, wanted: type[T], *, exact: bool = False) -> T:
    """JSON as a value of a type; see `convert`.

    Raises:
        ValueError: it is no JSON, or not of this type.
    """
    try:
        # msgspec's own decoder refuses NaN and Infinity, which Python writes and losses may be.
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("the JSON is nested too deeply") from error
    return convert(values, wanted, exact=exact)


def convert(values: Any, wanted: type[T], *, exact: bool = False) -> T:
    """What JSON was parsed into as a value of a type; fields that its dataclasses lack are ignored unless `exact`.

    Raises:
        ValueError: a field is missing or of another type, or `exact` and one is unknown.
    """
    made = msgspec.convert(values, wanted)
    if exact and _has_unknown(values, made):
        raise ValueError(f"fields of another version of {wanted.__name__}")
    return made


def _has_unknown(values: Any, made: object) -> bool:
    if is_dataclass(made):
        known = {each.name for each in fields(made)}
        return any(name not in known or _has_unknown(each, getattr(made, name)) for name, each in values.items())
    if isinstance(made, dict):
        return any(_has_unknown(each, made[key]) for key, each in values.items())
    return isinstance(made, tuple | list) and any(map(_has_unknown, values, made))
