"""The facts in the header of a detector file, read without loading the detector."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import DetectorFileError
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
    """Read the card of a detector file. An unreadable file gets only a name; loading it will report the error."""
    try:
        settings = read_header(path).settings
    except DetectorFileError:
        return DetectorCard(path, name=path.stem)
    return DetectorCard(
        path,
        name=str(settings.get("name") or path.stem),
        preset=str(settings.get("preset", "")),
        teacher=str(settings.get("teacher", "")),
        created=str(settings.get("created", ""))[:10],
    )
