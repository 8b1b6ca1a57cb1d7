"""Hands over several recordings of the list: they are read in a thread, and then the dialog asks what of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QProgressDialog, QWidget

from engine.common.events import ShouldStop
from engine.common.language import tr, tr_n
from engine.hand_over.jobs import ExportTools, Subject
from engine.hand_over.opening import OpenedSubjects, RecordingToOpen, open_subjects
from vadgui.jobs.background import Background
from vadgui.model.snapshot import ReviewSnapshot

_WORK = "read"
_SHOWN_AFTER_MS = 300


class RecordingsReading(QObject):
    """Reads reviews and stored analyses of recordings, and shows how far it is; `close` ends it."""

    read = Signal(object, object)
    """ReviewSnapshots of what can be handed over, and of the others a LeftOut each."""
    failed = Signal(object)
    """An Exception that nobody expects."""

    def __init__(
        self, window: QWidget, new_tools: Callable[[], ExportTools], open_snapshot: Callable[[], ReviewSnapshot | None]
    ) -> None:
        """`open_snapshot` is of the recording that is open, whose review may be newer than its file."""
        super().__init__(window)
        self._window = window
        self._new_tools = new_tools
        self._open_snapshot = open_snapshot
        self._background = Background("vadgui-hand-over")
        self._progress: QProgressDialog | None = None

    def begin(self, paths: Sequence[Path], detector_of: Callable[[Path], Path | None], device: str) -> None:
        """Read them in place of others that are being read."""
        self._end_progress()
        snapshot = self._open_snapshot()
        recordings: list[RecordingToOpen | Subject] = [
            snapshot.subject(device)
            if snapshot and snapshot.recording.info.path.absolute() == path
            else RecordingToOpen(path, detector_of(path), device)
            for path in paths
        ]
        tools = self._new_tools()

        def work(should_stop: ShouldStop) -> Iterator[int | OpenedSubjects]:
            opened = yield from open_subjects(recordings, tools, should_stop)
            yield opened

        words = tr_n("Reading the review of {count} recording", "Reading the reviews of {count} recordings", len(paths))
        progress = QProgressDialog(words.format(count=len(paths)), tr("Cancel"), 0, len(paths), self._window)
        progress.setWindowTitle(tr("Hand over"))
        progress.setWindowModality(Qt.WindowModality.WindowModal)
        progress.setMinimumDuration(_SHOWN_AFTER_MS)
        progress.setAutoClose(False)
        progress.setAutoReset(False)
        progress.canceled.connect(self._cancel)
        self._progress = progress
        self._background.begin(_WORK, work, self._take, self._fail)

    def close(self) -> None:
        """Read no more."""
        self._end_progress()
        self._background.close()

    def _cancel(self) -> None:
        self._background.cancel(_WORK)
        self._end_progress()

    def _take(self, item: int | OpenedSubjects) -> None:
        if isinstance(item, int):
            if self._progress:
                self._progress.setValue(item)
            return
        self._end_progress()
        sizes = zip(item.subjects, item.sizes_bytes, strict=True)
        self.read.emit([ReviewSnapshot.of_subject(subject, size) for subject, size in sizes], item.left_out)

    def _fail(self, error: Exception) -> None:
        self._end_progress()
        self.failed.emit(error)

    def _end_progress(self) -> None:
        progress, self._progress = self._progress, None
        if progress:
            progress.canceled.disconnect(self._cancel)
            progress.close()
            progress.deleteLater()
