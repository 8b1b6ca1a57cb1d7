"""How a command tells what it finds, and the command as it was given, for the record."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import click
from click.core import ParameterSource

from engine.common.errors import ExportError
from engine.detector_library import detector_name


@dataclass(frozen=True)
class Output:
    """Where a command writes its results, and whether it shows progress."""

    report: Path | None
    """JSON file for all results; None where none is wanted."""
    command: str
    """The command line, for the record in the JSON file."""
    quiet: bool
    """Whether progress is hidden."""


def refuse_unwritable(report: Path | None) -> None:
    """Check, before minutes of analysis, that a report can be written where it shall be.

    Raises:
        ExportError: there is no such folder.
    """
    if report and not report.absolute().parent.is_dir():
        raise ExportError(
            "There is no such folder", subject=report.absolute().parent, advice="Make it first, or choose another."
        )


def command_line(ctx: click.Context) -> str:
    """The command as it was given, for the record."""
    words = ["vad", str(ctx.info_name)]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            value = ctx.params[name]
            words += [] if isinstance(parameter, click.Argument) else [parameter.opts[0]]
            words += [] if value is True else [_as_given(value)]
    return shlex.join(words)


def _as_given(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, Path):
        # Records are passed on: a detector of the library is named without the library's path.
        return detector_name(value) or str(value)
    return str(value)
