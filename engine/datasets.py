"""Which videos a person means by the files and folders they name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.errors import DatasetError

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".264", ".265", ".asf", ".avi", ".flv", ".h264", ".h265", ".hevc", ".m2ts", ".m4v", ".mjpeg", ".mkv"}
    | {".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv"}
)
PICTURE_SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})


def footage_videos(paths: Iterable[Path]) -> list[Path]:
    """Videos behind files and folders: a file is itself, a folder its videos and the folders of pictures below it.

    Raises:
        DatasetError: a path does not exist or holds no footage.
    """
    videos: list[Path] = []
    for path in paths:
        found = [path] if path.is_file() else sorted(_videos_below(path)) if path.is_dir() else []
        if not found:
            raise DatasetError(
                "There is no footage here" if path.exists() else "There is no such file or folder",
                subject=path,
                advice="Name video files, folders of videos, or folders of numbered pictures.",
            )
        videos += found
    return videos


def _videos_below(folder: Path) -> Iterable[Path]:
    entries = list(folder.iterdir())
    if any(entry.suffix.lower() in PICTURE_SUFFIXES for entry in entries):
        yield folder
    for entry in entries:
        if entry.is_dir():
            yield from _videos_below(entry)
        elif entry.suffix.lower() in VIDEO_SUFFIXES:
            yield entry
