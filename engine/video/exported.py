"""Tells what the program exported from what a camera recorded: clips and packages carry a mark."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path

from engine.common.errors import VideoError
from engine.video.header import container_facts
from engine.video.naming import visible_entries

TABLE = "frames.csv"
COLUMNS = ("file", "frame", "seconds", "duration_seconds", "recording_seconds")
"""The table of times beside exported pictures."""
_TAG, _MARK = "comment", "Exported by vadgui"
"""A tag of the file that MP4, QuickTime, Matroska and WebM all keep."""
_PACKAGE_TAGS, _PACKAGE_MARK = "bag-info.txt", b"Bag-Software-Agent: vadgui"
_TAGS_BYTES = 64_000


def mark_exported(tags: MutableMapping[str, str]) -> None:
    """Mark a file that is being written, by its tags."""
    tags[_TAG] = _MARK


def is_exported(path: Path, below: Path) -> bool:
    """Whether the program wrote a video or a folder of pictures, or a package around it in the folder `below`.

    What can't be read is none: whoever opens it learns why.
    """
    try:
        return any(_is_package(each) for each in path.parents if each.is_relative_to(below)) or _has_mark(path)
    except OSError:
        return False


def _is_package(folder: Path) -> bool:
    tags = folder / _PACKAGE_TAGS
    if not tags.is_file():
        return False
    with tags.open("rb") as file:
        return _PACKAGE_MARK in file.read(_TAGS_BYTES)


def _has_mark(path: Path) -> bool:
    if path.is_dir():
        tables = [each for each in visible_entries(path) if each.name == TABLE]
        return any(_first_line(each) == ",".join(COLUMNS) for each in tables)
    try:
        # Matroska gives its tags back in capitals.
        return any(tag.lower() == _TAG and value == _MARK for tag, value in container_facts(path).metadata.items())
    except VideoError:
        return False


def _first_line(table: Path) -> str:
    with table.open("rb") as file:
        return file.readline(_TAGS_BYTES).decode(errors="replace").rstrip("\r\n")
