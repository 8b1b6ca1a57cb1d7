"""What footage looks like on disk: by which names files count as videos and pictures, and in which order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".264", ".265", ".asf", ".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mjpeg", ".mkv"}
    | {".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"}
)
PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def visible_entries(folder: Path) -> list[Path]:
    """Files and folders in a folder, 2.jpg before 10.jpg, without what systems leave behind (.DS_Store, ._001.tif).

    Raises:
        OSError: the folder can't be read.
    """
    return [folder / name for name in sorted(_visible_names(folder), key=_natural_order)]


def picture_files(entries: Iterable[Path]) -> list[Path]:
    """Those of a folder's entries that are pictures, in the order given."""
    return [entry for entry in entries if entry.suffix.lower() in PICTURE_SUFFIXES]


def picture_count(folder: Path) -> int:
    """How many pictures are in a folder; quicker than listing them in order.

    Raises:
        OSError: the folder can't be read.
    """
    return sum(name.lower().endswith(tuple(PICTURE_SUFFIXES)) for name in _visible_names(folder))


def _visible_names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name[0] != "." and entry.name != "__MACOSX"]


def _natural_order(name: str) -> tuple[list[tuple[int, str]], str]:
    """Runs of digits count as numbers; names that say the same, like 1 and 01, keep an order all the same."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts if part], name
