"""One piece of work at a time in a thread of its own, and detectors that come of it."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.common.events import Progress
from engine.detector_library import DetectorLibrary
from engine.export.list_files import cannot_write
from vadgui.jobs.background import Background, Work

if TYPE_CHECKING:
    from engine.models.detector import Detector

_KIND = "work"


class SingleWork(QObject):
    """Does one piece of work at a time, of which the last item is the result; `close` ends the thread."""

    progressed = Signal(object)
    """A Progress."""
    done = Signal(object)
    """The result."""
    failed = Signal(object)
    """The exception."""

    def __init__(self, thread_name: str) -> None:
        super().__init__()
        self._background = Background(thread_name)

    def begin(self, work: Work) -> None:
        """Begin work; what was being done is dropped."""
        self._background.begin(_KIND, work, self._deliver, self.failed.emit)

    def cancel(self) -> None:
        """Stop, and tell nothing more."""
        self._background.cancel(_KIND)

    def close(self) -> None:
        """End the thread."""
        self._background.close()

    def _deliver(self, item: Any) -> None:
        (self.progressed if isinstance(item, Progress) else self.done).emit(item)


def add_to_library(detector: Detector, name: str, note: str) -> Path:
    """Keep a detector in the person's library, under this name or one that is like it and free.

    Raises:
        ExportError: there is no room for it.
        DetectorFileError: the library can't be written.
    """
    from engine.models.detector import save_detector  # torch takes seconds to import

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "detector.safetensors"
        try:
            save_detector(detector.with_settings(replace(detector.settings, name=name)), file)
        except OSError as error:
            raise cannot_write(file, error) from error
        return DetectorLibrary().add(file, note=note).path
