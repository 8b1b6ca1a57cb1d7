"""No command takes `nan` or `inf` for a number."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from engine.__main__ import cli


def number_types(command: click.Command, name: str) -> Iterator[tuple[str, click.ParamType]]:
    """Every type of a number with decimals, with the command and the parameter that take it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            assert found is not None
            yield from number_types(found, f"{name} {each}")
    for parameter in command.params:
        types = parameter.type.types if isinstance(parameter.type, click.Tuple) else [parameter.type]
        for each_type in types:
            if isinstance(each_type, click.FloatRange | click.types.FloatParamType):
                yield f"{name} {parameter.name}", each_type


FOUND = list(number_types(cli, "vad"))


def test_there_are_many() -> None:
    assert len(FOUND) > 10


@pytest.mark.parametrize("text", ["nan", "inf", "-inf"])
@pytest.mark.parametrize("type_", [each for _, each in FOUND], ids=[where for where, _ in FOUND])
def test_what_is_no_number_is_refused(type_: click.ParamType, text: str) -> None:
    with pytest.raises(click.BadParameter):
        type_.convert(text, None, None)
