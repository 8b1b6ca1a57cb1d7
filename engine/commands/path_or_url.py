"""A parameter that takes names of files and URLs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.common.remote_path import as_path


class PathOrUrl(click.ParamType[Path]):
    """A file or folder of this machine, or elsewhere by its URL."""

    name = "path"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:  # noqa: ARG002
        """The path that a text means."""
        return as_path(value)
