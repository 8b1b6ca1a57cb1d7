"""Footage on disk: which file names count as videos and pictures, and how they are sorted."""

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
    """Files and folders in a folder in natural order (2.jpg before 10.jpg), without hidden and system files.

    Raises:
        OSError: the folder can't be read.
    """
    return [folder / name for name in sorted(_visible_names(folder), key=_natural_order)]


def picture_files(entries: Iterable[Path]) -> list[Path]:
    """The pictures among a folder's entries, in the order given."""
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
    """Sort key that compares runs of digits as numbers; equal keys, like 1 and 01, are ordered by the name."""
    parts = re.split(r"(\d+)", name.lower())
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts if part], name
