"""Finds the video files below a folder, at the cost of one look at each."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import VadError
from engine.common.language import tr
from engine.common.paths import reviews_folder
from engine.common.remote_path import RemotePath
from engine.review.files import SUFFIX
from engine.video.naming import VIDEO_SUFFIXES


@dataclass(frozen=True)
class FoundFile:
    """A video file as its folder lists it."""

    path: Path
    size_bytes: int
    modified_ns: int
    reviews_stamp: str = ""
    """Names, sizes and times of the reviews that may be its own; another one whenever one of them was changed."""


def video_files(folder: Path) -> Iterator[FoundFile | VadError]:
    """Yield the video files in a folder and below; a folder that can't be read as the error that says so.

    Hidden files and folders are left out, and links to folders are not followed: they may lead back up.
    """
    personal = _reviews(_entries(reviews_folder())) if reviews_folder().is_dir() else {}
    if isinstance(folder, RemotePath):
        yield from _remote_files(folder, personal)
        return
    folders = [folder]
    while folders:
        current = folders.pop()
        try:
            entries = _entries(current)
        except OSError as error:
            yield VadError(tr("A folder can't be read"), subject=current, advice=f"{error.strerror}.")
            continue
        reviews = personal | _reviews(entries)
        folders += [Path(entry.path) for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]
        for entry in entries:
            if os.path.splitext(entry.name)[1].lower() in VIDEO_SUFFIXES:  # noqa: PTH122 - ten times as fast
                try:
                    status = entry.stat()
                except OSError:  # a link that leads nowhere, or a file that has just been deleted
                    continue
                if not stat.S_ISREG(status.st_mode):
                    continue
                stamp = _stamp(entry.name, reviews) if reviews else ""
                yield FoundFile(Path(entry.path), status.st_size, status.st_mtime_ns, stamp)


def _remote_files(folder: RemotePath, reviews: dict[str, str]) -> Iterator[FoundFile | VadError]:
    try:
        for path, status in folder.files():
            below = path.relative_to(folder).parts
            if path.suffix.lower() in VIDEO_SUFFIXES and not any(part.startswith(".") for part in below):
                stamp = _stamp(path.name, reviews) if reviews else ""
                yield FoundFile(path, status.st_size, status.st_mtime_ns, stamp)
    except OSError as error:
        advice = tr("Check the URL, the connection, and that you may read there ({reason}).")
        yield VadError(tr("A folder can't be read"), subject=folder, advice=advice.format(reason=error.strerror))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if entry.name[0] != "."), key=lambda entry: entry.name)


def _reviews(entries: list[os.DirEntry[str]]) -> dict[str, str]:
    """Sizes and times of reviews by name."""
    found = {}
    for entry in entries:
        if entry.name.endswith(SUFFIX):
            status = entry.stat()
            found[entry.name] = f"{status.st_size}:{status.st_mtime_ns}"
    return found


def _stamp(video: str, reviews: dict[str, str]) -> str:
    own = [name for name in reviews if name.startswith(f"{video}.")]
    return ";".join(f"{name}:{reviews[name]}" for name in sorted(own))
