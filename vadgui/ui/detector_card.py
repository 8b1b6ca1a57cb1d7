"""The facts in the header of a detector file, read without loading the detector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import DetectorFileError
from engine.common.in_time import answer_in_time
from engine.models.detector_header import read_header


@dataclass(frozen=True)
class DetectorCard:
    """Facts about a detector file; empty strings where the header does not contain them."""

    path: Path
    name: str
    preset: str = ""
    teacher: str = ""
    created: str = ""
    """Date in ISO format, or empty."""


def detector_card(path: Path) -> DetectorCard:
    """Read the card of a detector file.

    A file that is unreadable, or whose folder does not answer, gets only a name; loading it will report the error.
    """
    try:
        header = answer_in_time(path.parent, lambda: read_header(path), otherwise=None)
    except DetectorFileError:
        header = None
    if header is None:
        return DetectorCard(path, name=path.stem)
    settings = header.settings
    return DetectorCard(
        path,
        name=str(settings.get("name") or path.stem),
        preset=str(settings.get("preset", "")),
        teacher=str(settings.get("teacher", "")),
        created=str(settings.get("created", ""))[:10],
    )
