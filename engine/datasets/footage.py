"""Which videos a person means by the files and folders they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.common.errors import DatasetError
from engine.datasets.file_access import odd_file
from engine.datasets.opening import layout_of
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
            found = [path] if path.is_file() else list(_videos_below(path))
        if not found:
            raise _nothing(path)
        videos += found
    return videos


def some_video(path: Path) -> Path:
    """A video behind a file or folder, for whom any will do: of a dataset also a test video, whatever its labels.

    Raises:
        DatasetError: the path does not exist, can't be read, or holds no video.
    """
    with odd_file(path):
        found = path if path.is_file() else next(_videos_below(path, with_tests=True), None)
    if found is None:
        raise _nothing(path)
    return found


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
