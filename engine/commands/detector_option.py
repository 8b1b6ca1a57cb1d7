"""`--detector`: a detector file, or the name of one that comes with the program."""

from __future__ import annotations

import os
from pathlib import Path

import click

from resources import bundled_detectors, detector_path


def optional_detector(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Callback of an option: the path of a file or of a bundled detector.

    Files go before names, so that a name never hides a person's own file.
    """
    # Path.is_file would raise at a name that is too long, or where a folder may not be entered.
    if value is None or os.path.isfile(value):  # noqa: PTH113
        return None if value is None else Path(value)
    if value not in bundled_detectors():
        raise click.BadParameter(f"there is no file {value!r}. Bundled detectors: {_names()}.", ctx, param)
    return detector_path(value)


def required_detector(ctx: click.Context, param: click.Parameter, value: str | None) -> Path:
    """Callback of an option that has to be given; says what there is to choose from."""
    path = optional_detector(ctx, param, value)
    if path is None:
        raise click.MissingParameter(f"Give a detector file or a bundled detector: {_names()}.", ctx, param)
    return path


def _names() -> str:
    return ", ".join(bundled_detectors()) or "none"
