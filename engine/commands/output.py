"""Output settings of a command, and its command line for reports."""

from __future__ import annotations

import json
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
    """JSON file for all results; None to write none."""
    command: str
    """The command line, which the JSON file records."""
    quiet: bool
    """Whether progress is hidden."""


def refuse_unwritable(report: Path | None) -> None:
    """Check before a long analysis that there is a folder for the report, and nothing but an older report in its place.

    Raises:
        ExportError: there is no such folder, or something else would be replaced.
    """
    if report is None:
        return
    if not report.absolute().parent.is_dir():
        raise ExportError(
            "There is no such folder", subject=report.absolute().parent, advice="Make it first, or choose another."
        )
    if report.exists() and not _is_report(report):
        raise ExportError(
            "There is such a file already, and it is no report", subject=report, advice="Choose another name."
        )


def _is_report(path: Path) -> bool:
    """Whether a file is empty or holds what a command reported before; devices such as /dev/stdout take anything."""
    if not path.is_file() or not path.stat().st_size:
        return True
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "command" in content


def command_line(ctx: click.Context) -> str:
    """The command line with the given options, for reports."""
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
        # Reports are shared, so a detector in the library is named without its path.
        return detector_name(value) or str(value)
    return str(value)
