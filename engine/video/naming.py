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


def natural_order(path: Path) -> list[list[tuple[int, str]]]:
    """Sort key of a path that puts 2.jpg before 10.jpg: runs of digits count as numbers."""
    return [_numbers_and_words(part) for part in path.parts]


def visible_entries(folder: Path) -> list[Path]:
    """Files and folders in a folder, in natural order, without those that systems leave behind (.DS_Store, ._001.tif).

    Raises:
        OSError: the folder can't be read.
    """
    entries = (entry for entry in folder.iterdir() if entry.name[0] != "." and entry.name != "__MACOSX")
    return sorted(entries, key=lambda entry: (natural_order(entry), entry.name))


def picture_files(entries: Iterable[Path]) -> list[Path]:
    """Those of a folder's entries that are pictures, in the order given."""
    return [entry for entry in entries if entry.suffix.lower() in PICTURE_SUFFIXES]


def _numbers_and_words(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name.lower()) if part]
