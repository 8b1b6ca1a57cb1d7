"""Finds the videos in the files and folders that a person names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.common.errors import DatasetError
from engine.datasets.file_access import odd_file
from engine.datasets.opening import layout_of
from engine.video.naming import VIDEO_SUFFIXES, picture_files, visible_entries


def footage_videos(paths: Iterable[Path]) -> list[Path]:
    """Videos of files and folders: a file itself; for a folder, the video files and picture folders in it at any depth.

    A dataset anywhere in a folder contributes only its training videos, so that test videos are never trained on.

    Raises:
        DatasetError: a path does not exist, can't be read, or holds no footage.
    """
    videos: list[Path] = []
    for path in paths:
        with odd_file(path):
            found = [path] if path.is_file() else list(_videos_below(path))
        if not found:
            raise _no_footage_error(path)
        videos += found
    return videos


def any_video(path: Path) -> Path:
    """The first video of a file or folder, for callers that can use any; in a dataset it may also be a test video.

    Raises:
        DatasetError: the path does not exist, can't be read, or holds no video.
    """
    with odd_file(path):
        video = path if path.is_file() else next(_videos_below(path, with_tests=True), None)
    if video is None:
        raise _no_footage_error(path)
    return video


def _no_footage_error(path: Path) -> DatasetError:
    if path.is_dir() and layout_of(path):
        return DatasetError(
            "This dataset has no training videos",
            subject=path,
            advice="Name footage of normal life. What is here is to test with; to use it all the same, name its files.",
        )
    return DatasetError(
        "There is no footage here" if path.exists() else "There is no such file or folder",
        subject=path,
        advice="Name video files, folders of videos, or folders of numbered pictures.",
    )


def _videos_below(folder: Path, *, with_tests: bool = False) -> Iterator[Path]:
    if not folder.is_dir():
        return
    layout = None if with_tests else layout_of(folder)
    if layout:
        yield from layout.training(folder)
        return
    entries = visible_entries(folder)
    if picture_files(entries):
        yield folder
    for entry in entries:
        if entry.is_dir():
            yield from _videos_below(entry, with_tests=with_tests)
        elif entry.suffix.lower() in VIDEO_SUFFIXES:
            yield entry
