"""What is dropped on the window: recordings and detectors."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtGui import QDropEvent

_DETECTOR_SUFFIX = ".safetensors"


def has_files(event: QDropEvent) -> bool:
    """Whether files or folders of this machine are dragged."""
    return any(url.isLocalFile() for url in event.mimeData().urls())


def dropped(event: QDropEvent) -> tuple[list[Path], list[Path]]:
    """Paths of recordings and folders, and of detectors."""
    paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    detectors = [path for path in paths if path.suffix.lower() == _DETECTOR_SUFFIX]
    return [path for path in paths if path not in detectors], detectors
