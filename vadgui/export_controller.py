"""Exports of the window: queued, remembered until they are done, and offered again after a crash."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.hand_over.jobs import ExportJob
from engine.hand_over.unfinished import UnfinishedExport, UnfinishedExports
from vadgui.jobs.background import Background
from vadgui.jobs.export_queue import ExportPhase, ExportQueue, ExportState
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.recordings.handing_over import RecordingsReading
from vadgui.settings import Settings
from vadgui.window.main_window import MainWindow

_ENDS = (ExportPhase.DONE, ExportPhase.CANCELLED, ExportPhase.FAILED)


class ExportController(QObject):
    """Joins the window and the queue."""

    made = Signal(object)
    """Paths of what an export has made when it ends, also where it was cancelled or has failed."""
    failed = Signal(object)
    """An Exception that nobody expects."""

    def __init__(
        self,
        window: MainWindow,
        queue: ExportQueue,
        open_snapshot: Callable[[], ReviewSnapshot | None],
        settings: Settings,
    ) -> None:
        """`open_snapshot` is of the recording that is open."""
        super().__init__(window)  # what the queue tells after the window is gone reaches nobody
        self._window = window
        self._queue = queue
        self._unfinished = UnfinishedExports()
        self._offered: dict[int, UnfinishedExport] = {}
        self._numbers = itertools.count(-1, -1)  # those of the queue count upwards
        self._background = Background("vadgui-unfinished")
        self._settings = settings
        self._reading = RecordingsReading(window, queue.new_tools, open_snapshot)
        self._reading.read.connect(window.hand_over.ask_of)
        self._reading.failed.connect(self.failed)
        window.hand_over.failed.connect(self.failed)
        window.hand_over.recordings_requested.connect(self.hand_over)
        window.hand_over.export_requested.connect(self.export)
        window.exports.cancel_requested.connect(queue.cancel)
        window.exports.again_requested.connect(self._export_again)
        window.exports.forgotten.connect(self._forget)
        window.hand_over.exported_again.connect(self._forget)
        queue.changed.connect(self._show)

    def export(self, job: ExportJob, unfinished: UnfinishedExport) -> ExportState:
        """Queue a job, and remember it until it is done."""
        state = self._queue.add(job)
        self._unfinished.begin(state.number, unfinished)
        return state

    def hand_over(self, paths: Sequence[Path]) -> None:
        """Ask what to hand over of several recordings, once they are read."""
        self._reading.begin(paths, self._settings.detector_for, self._settings.device)

    def offer_unfinished(self) -> None:
        """Look for what earlier runs of the program did not finish, and offer it."""
        # In a thread: what is to be removed may lie on a disk that does not answer.
        self._background.begin("find", lambda _: iter([self._unfinished.take_over()]), self._offer, lambda _: None)

    def close(self) -> None:
        """What is not finished now is offered when the program starts again."""
        self._background.close()
        self._reading.close()
        self._unfinished.close()

    def _offer(self, exports: list[UnfinishedExport]) -> None:
        found = {next(self._numbers): export for export in exports}
        self._offered |= found
        self._unfinished.adopt(found)
        for number, export in found.items():
            self._window.offer_export(number, export)

    def _export_again(self, number: int) -> None:
        self._window.hand_over.ask_again(number, self._offered[number])

    def _forget(self, number: int) -> None:
        """It was exported again, or is not wanted any more."""
        if self._offered.pop(number, None):  # it may be forgotten while its recording opens, and exported then
            self._unfinished.end(number)
            self._window.exports.remove_unfinished(number)

    def _show(self, state: ExportState) -> None:
        self._window.show_export(state)
        self._window.hand_over.show_done(state)
        if state.phase in _ENDS:
            self._unfinished.end(state.number)
            self.made.emit(state.files)
