"""Which videos a person means by the files and folders they name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.datasets.opening import layout_of
from engine.datasets.reading import odd_file
from engine.errors import DatasetError
from engine.video.naming import VIDEO_SUFFIXES, picture_files, visible_entries


def footage_videos(paths: Iterable[Path]) -> list[Path]:
    """Videos behind files and folders: a file is itself, a folder its videos and the folders of pictures below it.

    Of a dataset, wherever it lies below a folder, these are its training videos alone: nothing learns from test videos.

    Raises:
        DatasetError: a path does not exist, can't be read, or holds no footage.
    """
    videos: list[Path] = []
    for path in paths:
        with odd_file(path):
            found = [path] if path.is_file() else _videos_below(path) if path.is_dir() else []
        if not found:
            raise _nothing(path)
        videos += found
    return videos


def _nothing(path: Path) -> DatasetError:
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


def _videos_below(folder: Path) -> list[Path]:
    layout = layout_of(folder)
    if layout:
        return layout.training(folder)
    entries = visible_entries(folder)
    videos = [folder] if picture_files(entries) else []
    for entry in entries:
        if entry.is_dir():
            videos += _videos_below(entry)
        elif entry.suffix.lower() in VIDEO_SUFFIXES:
            videos.append(entry)
    return videos
