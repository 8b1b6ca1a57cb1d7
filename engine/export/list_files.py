"""Writes lists of reviewed segments into a folder, in every format that there is."""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.common.atomic_write import atomic_write
from engine.common.errors import ExportError
from engine.common.language import tr
from engine.common.names import displayable, fitting_name
from engine.export.edit_lists import edl, otio
from engine.export.reviewed import ReviewedRecording
from engine.export.score_lists import scores_csv, scores_json
from engine.export.segment_lists import segments_csv, segments_json
from engine.export.subtitles import srt, webvtt
from engine.video.writer import free_path

FORMATS: dict[str, Callable[[ReviewedRecording], bytes]] = {
    "csv": segments_csv,
    "json": segments_json,
    "srt": srt,
    "vtt": webvtt,
    "edl": edl,
    "otio": otio,
    "scores.csv": scores_csv,
    "scores.json": scores_json,
}
"""What makes each, by the ending of its file's name."""

_UNSAFE = re.compile(r'[\\/:*?"<>|%\x00-\x1f]')


def write_lists(
    recordings: Sequence[ReviewedRecording], formats: Sequence[str], folder: Path, *, next_free: bool = False
) -> list[Path]:
    """Write NAME.reviewed.FORMAT of each recording into a folder; nothing is written unless all of it can be made.

    Where a file of that name exists, `next_free` takes the next free one.

    Raises:
        ExportError: a file of that name exists or can't be written, or a format can't hold the segments.
    """
    contents = {
        folder / fitting_name(name, f".reviewed.{kind}"): FORMATS[kind](recording)
        for name, recording in zip(unique_names(recordings), recordings, strict=True)
        for kind in formats
    }
    if next_free:
        contents = {free_path(path): content for path, content in contents.items()}
    for path in contents:
        refuse_existing(path)
    make_folder(folder)
    for path, content in contents.items():
        write_new(path, content)
    return list(contents)


def safe_name(name: str) -> str:
    """A name without what some file system, or the lists of an evidence package, have a meaning for."""
    return _UNSAFE.sub("_", displayable(name)).strip(" ").rstrip(".") or "_"


def unique_names(recordings: Sequence[ReviewedRecording]) -> list[str]:
    """What files made of each recording are called after: its name without extension; where two share it, more."""
    names = [each.info.name if each.info.path.is_dir() else Path(each.info.name).stem for each in recordings]
    stems = [safe_name(name) for name in names]
    counts = Counter(stem.casefold() for stem in stems)
    return [
        stem if counts[stem.casefold()] == 1 else f"{stem}.{recording.info.fingerprint[:8]}"
        for stem, recording in zip(stems, recordings, strict=True)
    ]


def joint_name(names: Sequence[str], ending: str) -> str:
    """The name of a file, with this ending, that is of all recordings; `names` are what files of each are called."""
    more = len(names) - 1
    return fitting_name(names[0], f"-and-{more}-more{ending}" if more else ending)


def refuse_existing(path: Path) -> None:
    """Check that nothing has this name.

    Raises:
        ExportError: something has.
    """
    if os.path.lexists(path):
        raise ExportError(
            tr("There is a file of this name already"),
            subject=path,
            advice=tr("Choose another name or folder, or move the file away."),
        )


def make_folder(folder: Path) -> None:
    """Make a folder unless it exists.

    Raises:
        ExportError: it can't be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error


def write_new(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        ExportError: it exists or can't be written.
    """
    refuse_existing(path)
    try:
        with atomic_write(path) as file:
            file.write(content)
    except OSError as error:
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: Exception) -> ExportError:
    """What to do where a file or folder can't be written, by an error of the system or of FFmpeg."""
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        advice = tr("The disk is full: free some space or choose another folder.")
    elif number in (errno.EACCES, errno.EPERM, errno.EROFS):
        advice = tr("You may not write there: choose another folder.")
    else:
        advice = tr("Choose another folder ({reason}).").format(reason=getattr(error, "strerror", None) or error)
    return ExportError(tr("It can't be written"), subject=path, advice=advice)
