"""`--detector`: a detector file, or the name of one from the person's library or that came with the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from engine.common.errors import DetectorFileError
from engine.detector_library import DetectorLibrary, find_detector

WHICH = "file, or a name out of `vad detectors list`"
"""Values of an option that takes a detector, for help texts."""


def detector_option(
    name: str = "detector", *, required: bool = False, text: str = f"Detector {WHICH}."
) -> Callable[[Any], Any]:
    """The option `--detector`, its value handed over as `name`."""
    callback, mark = (required_detector, "  [required]") if required else (optional_detector, "")
    return click.option("--detector", name, metavar="FILE|NAME", callback=callback, help=text + mark)


def optional_detector(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Callback of an option: the path of a file, of a detector of the library, or of a bundled one.

    Files go before names, so that a name never hides a person's own file.
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
    """Callback of an option that has to be given; says what there is to choose from."""
    path = optional_detector(ctx, param, value)
    if path is None:
        raise click.MissingParameter(f"Give a detector file, or the name of a detector: {_names()}.", ctx, param)
    return path


def _names() -> str:
    entries = [entry for entry in DetectorLibrary().entries() if not entry.problem]
    return ", ".join(entry.path.stem if entry.is_bundled else entry.name for entry in entries) or "none"
