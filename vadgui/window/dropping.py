"""What is dropped on a window: recordings, detectors and archives."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QDropEvent

from vadgui.dialogs.files import ARCHIVE_SUFFIXES

_DETECTOR_SUFFIX = ".safetensors"


def has_files(event: QDropEvent) -> bool:
    """Whether files or folders of this machine are dragged."""
    return any(url.isLocalFile() for url in event.mimeData().urls())


def dropped(event: QDropEvent) -> tuple[list[Path], list[Path]]:
    """Paths of recordings and folders, and of detectors."""
    paths = _paths(event)
    detectors = [path for path in paths if path.suffix.lower() == _DETECTOR_SUFFIX]
    others = (*detectors, *dropped_archives(event))
    return [path for path in paths if path not in others], detectors


def dropped_archives(event: QDropEvent) -> list[Path]:
    """Paths of archives."""
    return [path for path in _paths(event) if path.suffix.lower() in ARCHIVE_SUFFIXES]


def _paths(event: QDropEvent) -> list[Path]:
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
