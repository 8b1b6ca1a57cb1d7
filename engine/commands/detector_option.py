"""`--detector`: a detector file, or the name of one from the person's library or that came with the program."""

from __future__ import annotations

from pathlib import Path

import click

from engine.detector_library import DetectorLibrary, find_detector
from engine.errors import DetectorFileError


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
