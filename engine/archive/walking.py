"""Finds the video files below a folder, at the cost of one look at each."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine.common.errors import VadError
from engine.common.language import tr
from engine.common.names import displayable
from engine.common.paths import reviews_folder
from engine.common.remote_path import RemotePath
from engine.review.chosen_places import chosen_places
from engine.review.files import SUFFIX, own_path, usual_path
from engine.video.naming import VIDEO_SUFFIXES


@dataclass(frozen=True)
class ReviewFiles:
    """The reviews that recordings of one folder may have, with their sizes and times."""

    beside: dict[str, str] = field(default_factory=dict)
    """Of reviews in that folder, by name."""
    personal: dict[str, str] = field(default_factory=dict)
    """Of reviews among the person's data, by name."""
    chosen: dict[str, Path] = field(default_factory=dict)
    """Where a person has saved reviews, by the fingerprint of the recording."""

    def stamp(self, video: Path, fingerprint: str) -> str:
        """Names, sizes and times of those of one recording: another one whenever one of them was changed."""
        if not (self.beside or self.personal or self.chosen):
            return ""
        usual, own = usual_path(video).name, own_path(video, fingerprint).name
        states = [(usual, self.beside.get(usual)), (own, self.beside.get(own)), (own, self.personal.get(own))]
        if chosen := self.chosen.get(fingerprint):
            states.append((str(chosen), _state_of(chosen)))
        return ";".join(sorted({f"{displayable(name)}:{state}" for name, state in states if state}))


@dataclass(frozen=True)
class FoundFile:
    """A video file as its folder lists it."""

    path: Path
    size_bytes: int
    modified_ns: int
    reviews: ReviewFiles = ReviewFiles()

    def reviews_stamp(self, fingerprint: str) -> str:
        """Which reviews it has, if this is its fingerprint, with sizes and times."""
        return self.reviews.stamp(self.path, fingerprint)


def video_files(folder: Path) -> Iterator[FoundFile | VadError]:
    """Yield the video files in a folder and below; a folder that can't be read as the error that says so.

    Hidden files and folders are left out, and links to folders are not followed: they may lead back up.
    """
    personal = _reviews(_entries(reviews_folder())) if reviews_folder().is_dir() else {}
    chosen = chosen_places()
    if isinstance(folder, RemotePath):
        yield from _remote_files(folder, ReviewFiles(personal=personal, chosen=chosen))
        return
    folders = [folder]
    while folders:
        current = folders.pop()
        try:
            entries = _entries(current)
        except OSError as error:
            yield VadError(tr("A folder can't be read"), subject=current, advice=f"{error.strerror}.")
            continue
        reviews = ReviewFiles(_reviews(entries), personal, chosen)
        folders += [Path(entry.path) for entry in reversed(entries) if entry.is_dir(follow_symlinks=False)]
        for entry in entries:
            if os.path.splitext(entry.name)[1].lower() in VIDEO_SUFFIXES:  # noqa: PTH122 - ten times as fast
                try:
                    status = entry.stat()
                except OSError:  # a link that leads nowhere, or a file that has just been deleted
                    continue
                if not stat.S_ISREG(status.st_mode):
                    continue
                yield FoundFile(Path(entry.path), status.st_size, status.st_mtime_ns, reviews)


def _remote_files(folder: RemotePath, reviews: ReviewFiles) -> Iterator[FoundFile | VadError]:
    try:
        for path, status in folder.files():
            below = path.relative_to(folder).parts
            if path.suffix.lower() in VIDEO_SUFFIXES and not any(part.startswith(".") for part in below):
                yield FoundFile(path, status.st_size, status.st_mtime_ns, reviews)
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
            found[entry.name] = _state(entry.stat())
    return found


def _state_of(review: Path) -> str:
    """Size and time of a review; empty where it is not there."""
    try:
        return _state(review.stat())
    except OSError:
        return ""


def _state(status: os.stat_result) -> str:
    return f"{status.st_size}:{status.st_mtime_ns}"
