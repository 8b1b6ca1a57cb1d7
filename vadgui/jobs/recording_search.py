"""Looks for a recording where it should be, and in folders where a person thinks it was moved to."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal

from engine.common.errors import VideoError
from engine.common.events import ShouldStop
from engine.common.language import tr
from engine.common.remote_path import url_scheme
from engine.detector_library import DetectorLibrary
from engine.review.moved import find_moved
from engine.review.recording_list import ListedRecording
from vadgui.jobs.background import Background

_KIND = "look"
_EXTRAS = {"s3": "s3", "http": "http", "https": "http"}
"""What fsspec needs for URLs of a scheme, as an extra of this package."""


class Sought(Protocol):
    """A recording of an archive, or something in it."""

    @property
    def path(self) -> Path:
        """Where it was."""

    @property
    def fingerprint(self) -> str:
        """Of its content; empty where that is not known."""

    @property
    def detector_fingerprint(self) -> str:
        """Of the detector that has analysed it; empty where none has."""


class RecordingSearch(QObject):
    """Looks for one recording at a time, in a thread: the disk may be far away, or asleep."""

    found = Signal(object, object)
    """Path of the recording, and that of the detector that has analysed it; None where that is not in the library."""
    missing = Signal(bool)
    """It is not where it should be; whether at least its folder is there."""
    not_in_folder = Signal(object)
    """Path of the folder that was searched."""
    failed = Signal(object)
    """An Exception: it can't be reached, or something that nobody expects."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background("vadgui-recording-search")

    def look(self, sought: Sought) -> None:
        """Look where it should be."""
        path = sought.path

        def work(_: ShouldStop) -> Iterator[Callable[[], None]]:
            if _is_there(path):
                yield partial(self.found.emit, path, _detector(sought.detector_fingerprint))
            else:
                yield partial(self.missing.emit, _is_there(path.parent))

        self._begin(work)

    def look_in(self, folder: Path, sought: Sought) -> None:
        """Look in a folder and below for its content."""
        moved = ListedRecording(path=str(sought.path), fingerprint=sought.fingerprint)

        def work(should_stop: ShouldStop) -> Iterator[Callable[[], None]]:
            now = next((now for _, now in find_moved([moved], folder, should_stop)), None)
            if now:
                yield partial(self.found.emit, now, _detector(sought.detector_fingerprint))
            else:
                yield partial(self.not_in_folder.emit, folder)

        self._begin(work)

    def _begin(self, work: Callable[[ShouldStop], Iterator[Callable[[], None]]]) -> None:
        self._background.begin(_KIND, work, lambda tell: tell(), self.failed.emit)

    def close(self) -> None:
        """End the thread."""
        self._background.close()


def _is_there(path: Path) -> bool:
    """Whether there is such a file or folder.

    Raises:
        VideoError: the place that a URL names can't be reached, or not without a package that is not installed.
    """
    try:
        return path.exists()
    except OSError as error:
        extra = _EXTRAS.get(url_scheme(str(path)))
        if error.errno == errno.EPROTONOSUPPORT and extra:
            advice = tr("Install what reads it: pip install 'vadgui[{extra}]' ({reason}).")
        else:
            advice = tr("Check the URL, the connection, and that you may read there ({reason}).")
        raise VideoError(
            tr("The recording can't be reached"),
            subject=path,
            advice=advice.format(extra=extra, reason=error.strerror),
        ) from error


def _detector(fingerprint: str) -> Path | None:
    """The detector of the library that has it."""
    entries = DetectorLibrary().entries() if fingerprint else []
    return next((entry.path for entry in entries if entry.fingerprint == fingerprint and not entry.problem), None)
