"""Tells from where a recording lies which camera made it."""

from __future__ import annotations

import csv
import fnmatch
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from engine.common.errors import ArchiveError
from engine.common.language import tr
from engine.common.paths import read_regular

CAMERA = "{camera}"
_ANY_FOLDERS = "**"


@dataclass(frozen=True)
class CameraRule:
    """How the camera of the recordings below a folder is told; all paths are as seen from that folder.

    The first line of the mapping that fits counts, else the template. A file that fits neither belongs to the `name`.
    """

    name: str
    template: str = ""
    """Such as "{camera}/**": a part of the path each, `*` standing for anything in a part, `**` for any parts."""
    mapping: tuple[tuple[str, str], ...] = ()
    """Patterns such as "north/*", in which `*` stands for anything, and the camera of each."""

    def __post_init__(self) -> None:
        """Check the template.

        Raises:
            ArchiveError: it does not say once where the camera's name is.
        """
        if self.template and self.template.count(CAMERA) != 1:
            raise ArchiveError(
                tr("The template has to say once where the camera's name is, as {camera}").format(camera=CAMERA),
                subject=self.template,
                advice=tr("{camera}/** takes the first folder, **/{camera}_*.mp4 the beginning of each file's name."),
            )

    def camera_of(self, relative: PurePosixPath) -> str:
        """The camera of a recording, by its path as seen from the folder."""
        text = relative.as_posix()
        for pattern, camera in self.mapping:
            if fnmatch.fnmatchcase(text, pattern):
                return camera
        found = self._expression.fullmatch(text) if self._expression else None
        return found["camera"] if found else self.name

    @cached_property
    def _expression(self) -> re.Pattern[str] | None:
        if not self.template:
            return None
        parts = self.template.split("/")
        expression = ""
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            if part == _ANY_FOLDERS:
                expression += ".*" if is_last else "(?:.*/)?"
                continue
            pieces = re.split(r"(\{camera\}|\*)", part)
            known = {CAMERA: "(?P<camera>[^/]+?)", "*": "[^/]*"}
            expression += "".join(known.get(piece, re.escape(piece)) for piece in pieces) + ("" if is_last else "/")
        return re.compile(expression)


def read_mapping(path: Path) -> tuple[tuple[str, str], ...]:
    """Patterns and cameras of a CSV file: two columns, without a header; lines that begin with # are notes.

    Raises:
        ArchiveError: it can't be read, or a line has other than two columns.
    """
    try:
        text = read_regular(path).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        raise ArchiveError(tr("The list of cameras can't be read"), subject=path, advice=f"{error}.") from error
    mapping = []
    for number, row in enumerate(csv.reader(text.splitlines()), 1):
        if not row or row[0].startswith("#"):
            continue
        if len(row) != 2 or not all(cell.strip() for cell in row):
            advice = tr("Each line has a pattern and a camera, such as: north/*,North gate")
            raise ArchiveError(
                tr("Line {number} of the list of cameras makes no sense").format(number=number),
                subject=path,
                advice=advice,
            )
        mapping.append((row[0].strip(), row[1].strip()))
    return tuple(mapping)
