"""What a detector's file says about itself, without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import DetectorFileError
from engine.models.detector_header import read_header


@dataclass(frozen=True)
class DetectorCard:
    """What to know of a detector before loading it."""

    path: Path
    name: str
    preset: str = ""
    teacher: str = ""
    created: str = ""
    """Date, or empty where the file does not tell."""


def detector_card(path: Path) -> DetectorCard:
    """The card of a detector's file; only its name where the file says nothing, whose errors loading it will tell."""
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
