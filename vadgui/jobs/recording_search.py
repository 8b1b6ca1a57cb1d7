"""Looks for a recording where it should be, and in folders where a person thinks it was moved to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.common.events import ShouldStop
from engine.review.moved import find_moved
from engine.review.recording_list import ListedRecording
from vadgui.jobs.background import Background

_KIND = "look"


class RecordingSearch(QObject):
    """Looks for one recording at a time, in a thread: the disk may be far away, or asleep."""

    found = Signal(object)
    """Path of the recording."""
    missing = Signal(bool)
    """It is not where it should be; whether at least its folder is there."""
    not_in_folder = Signal(object)
    """Path of the folder that was searched."""
    failed = Signal(object)
    """An Exception that nobody expects."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background("vadgui-recording-search")

    def look(self, path: Path) -> None:
        """Look where it should be."""

        def work(_: ShouldStop) -> Iterator[tuple[bool, bool]]:
            yield path.exists(), path.parent.exists()

        def take(there: tuple[bool, bool]) -> None:
            is_there, folder_is_there = there
            self.found.emit(path) if is_there else self.missing.emit(folder_is_there)

        self._background.begin(_KIND, work, take, self.failed.emit)

    def look_in(self, folder: Path, path: Path, fingerprint: str) -> None:
        """Look in a folder and below for the content that was at a path."""
        moved = ListedRecording(path=str(path), fingerprint=fingerprint)

        def work(should_stop: ShouldStop) -> Iterator[Path | None]:
            yield next((now for _, now in find_moved([moved], folder, should_stop)), None)

        def take(now: Path | None) -> None:
            self.found.emit(now) if now else self.not_in_folder.emit(folder)

        self._background.begin(_KIND, work, take, self.failed.emit)

    def close(self) -> None:
        """End the thread."""
        self._background.close()
