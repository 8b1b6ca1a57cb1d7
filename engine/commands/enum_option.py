"""Options whose values are those of an enumeration."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, TypeVar

import click

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


def enum_option(*names: str, default: StrEnum, text: str) -> Callable[[_Decorated], _Decorated]:
    """An option that is one of the values of the default's enumeration."""
    kind = type(default)

    def member(_: click.Context, __: click.Parameter, value: str) -> StrEnum:
        return kind(value)

    # Values as text: newer versions of click would take the members' names instead.
    values = [each.value for each in kind]
    return click.option(
        *names, type=click.Choice(values), default=default.value, show_default=True, callback=member, help=text
    )
