"""`--detector`: a detector file, or the name of a detector in the user's library or bundled with the program."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from engine.common.atomic_write import may_write
from engine.common.errors import DetectorFileError, ExportError
from engine.common.paths import is_same_file
from engine.detector_library import DetectorLibrary, find_detector
from engine.export.list_files import cannot_write

WHICH = "file, or a name out of `vad detectors list`"
"""What an option that takes a detector accepts, for help texts."""


def detector_option(
    name: str = "detector", *, required: bool = False, text: str = f"Detector {WHICH}."
) -> Callable[[Any], Any]:
    """The option `--detector`, whose value is passed to the command as `name`."""
    callback, required_suffix = (required_detector, "  [required]") if required else (optional_detector, "")
    return click.option("--detector", name, metavar="FILE|NAME", callback=callback, help=text + required_suffix)


def optional_detector(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Callback of an option: the path of a detector file, of a detector in the library, or of a bundled one.

    Files take precedence over names, so that a name never hides a file.
    """
    if value is None:
        return None
    try:
        path = find_detector(value)
    except DetectorFileError as error:
        raise click.BadParameter(f"{error.what}. {error.advice}", ctx, param) from error
    if path is None:
        raise click.BadParameter(f"there is no file {value!r}. Detectors: {_names()}.", ctx, param)
    return path


def required_detector(ctx: click.Context, param: click.Parameter, value: str | None) -> Path:
    """Callback of a required option; its error message lists the detectors to choose from."""
    path = optional_detector(ctx, param, value)
    if path is None:
        raise click.MissingParameter(f"Give a detector file, or the name of a detector: {_names()}.", ctx, param)
    return path


def check_detector_target(out: Path) -> None:
    """Check before the work that a detector can be written there.

    Raises:
        click.BadParameter: the name has another ending.
        ExportError: there is no such folder, or it can't be written.
    """
    if out.suffix != ".safetensors":
        raise click.BadParameter(f"{out.name} has to end in .safetensors", param_hint="--out")
    folder = out.absolute().parent
    if not folder.is_dir():
        raise ExportError("There is no such folder", subject=folder, advice="Make it first.")
    if not may_write(folder):
        raise cannot_write(out, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def refuse_own_detector(out: Path, used: Path, what: str) -> None:
    """Check that a new detector does not take the file of the one that it is made from.

    Raises:
        ExportError: it does, in the words of `what`.
    """
    if is_same_file(out, used):
        advice = "Give the new one another name: reviews and analyses belong to the old one."
        raise ExportError(what, subject=out, advice=advice)


def _names() -> str:
    entries = [entry for entry in DetectorLibrary().entries() if not entry.problem]
    return ", ".join(entry.path.stem if entry.is_bundled else entry.name for entry in entries) or "none"
