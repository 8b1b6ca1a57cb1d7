"""Recordings below folders: what a person means who names a folder of videos."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.common.errors import Cancelled, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.common.paths import resolved
from engine.video.naming import VIDEO_SUFFIXES, picture_files, visible_entries


def find_recordings(paths: Iterable[Path], should_stop: ShouldStop = never_stop) -> Iterator[Path | VideoError]:
    """Yield files as they are named and, of folders, the videos and folders of pictures in them and below.

    A folder that holds videos is no recording of its own: pictures beside them are previews. One that can't be read is
    yielded as the error that says so; the others go on.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    seen: set[Path] = set()
    for path in paths:
        # Path.is_dir would raise where a folder above may not be entered; whoever opens the recording says so better.
        if os.path.isdir(path):  # noqa: PTH112
            yield from _below(path, seen, should_stop)
        else:
            yield path


def _below(folder: Path, seen: set[Path], should_stop: ShouldStop) -> Iterator[Path | VideoError]:
    if should_stop():
        raise Cancelled
    real = resolved(folder)  # a link may lead back up
    if real in seen:
        return
    seen.add(real)
    try:
        entries = visible_entries(folder)
        folders = [entry for entry in entries if entry.is_dir()]
    except OSError as error:
        yield VideoError(tr("A folder can't be read"), subject=folder, advice=f"{error.strerror}.")
        return
    videos = [entry for entry in entries if entry.suffix.lower() in VIDEO_SUFFIXES and entry not in folders]
    if picture_files(entries) and not videos:
        yield folder
    yield from videos
    for below in folders:
        yield from _below(below, seen, should_stop)
