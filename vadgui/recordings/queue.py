"""Which recording of the list is analysed next, beside the one that is open, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine.common.errors import DeviceError, ScoreStoreError
from engine.common.in_time import answer_in_time
from engine.common.language import tr_noop
from engine.common.remote_path import as_path
from engine.review.recording_list import AnalysisStage, failure_fields
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.messages import QueueDone, QueueFailed, QueueProgress
from vadgui.jobs.request_queue import QueueJob
from vadgui.model.session import ReviewSession
from vadgui.recordings.model import RecordingModel, listed_path

_OF_THE_MACHINE = (ScoreStoreError, DeviceError)
"""Failures that the next recording would have as well: a full disk, too little memory."""
_LOOK_AGAIN_MS = 30_000
"""After so long a recording of a folder that could not be reached is tried again."""
_ASK_AGAIN_MS = 3_000
"""After so long it is asked again whether a detector is there, of a disk that did not answer."""
_HANGS = tr_noop("The decoder does not come back from it")
_HANGS_ADVICE = tr_noop(
    "The file may be damaged, or its drive slow. Open it to try it again, or a copy on another drive."
)


class RecordingQueue(QObject):
    """Gives the worker one recording after another, in the list's order."""

    failed = Signal(object)
    """A VadError that the next recording would have as well: the list pauses."""

    def __init__(self, session: ReviewSession, worker: EngineWorker, model: RecordingModel, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._worker = worker
        self._model = model
        self._queued = ""
        """Path of the recording that the worker has been given."""
        self.is_held = False
        """Whether a recording is being opened: its detector and its analysis come before the list's."""
        self.job_of: Callable[[Path], QueueJob | None] = lambda _: None
        """How a recording is analysed; None where no detector was chosen for its folder yet."""
        self._timer = QTimer(self, singleShot=True, interval=0)
        self._timer.timeout.connect(self._plan)
        self._out_of_reach: set[Path] = set()
        """Folders whose disk or share is away."""
        self._look_again = QTimer(self, singleShot=True, interval=_LOOK_AGAIN_MS)
        self._look_again.timeout.connect(self._try_all)
        self._ask_again = QTimer(self, singleShot=True, interval=_ASK_AGAIN_MS)
        self._ask_again.timeout.connect(self._plan)
        model.changed.connect(self.plan_soon)
        model.paused_changed.connect(self._plan)
        worker.queue_changed.connect(self._take_queue)
        worker.restarted.connect(self._begin_anew)
        session.detector_changed.connect(self.plan_soon)

    def plan_soon(self) -> None:
        """Choose the next recording, after all that belongs together has changed."""
        self._timer.start()

    def close(self) -> None:
        """Choose none any more."""
        self._timer.stop()
        self._look_again.stop()
        self._ask_again.stop()

    def _try_all(self) -> None:
        """Try one recording of each folder again that could not be reached."""
        self._out_of_reach.clear()
        self._plan()

    def _plan(self) -> None:
        """Give the worker the recording that is to be analysed next, beside the one that is open."""
        if self.is_held or self._session.detector_is_coming:
            return
        job = self._next_job()
        wanted = str(job.path) if job else ""
        if wanted != self._queued:
            before, self._queued = self._model.recording(self._queued), wanted
            self._worker.analyse_queued(job)
            if before and before.stage is AnalysisStage.ANALYSING and before.path != self._model.open_path:
                self._model.change(before.path, stage=AnalysisStage.WAITING)

    def _next_job(self) -> QueueJob | None:
        """The job in hand while it is wanted, else that of the first recording that waits."""
        model = self._model
        waiting = (AnalysisStage.WAITING, AnalysisStage.ANALYSING)
        jobs: dict[str, QueueJob] = {}
        lacking: set[str] = set()
        by_folder: dict[Path, QueueJob | None] = {}
        is_there = cache(_is_there)  # of many folders, few have a detector of their own
        for path in (as_path(each.path) for each in model.recordings if each.stage in waiting):
            if path.parent not in by_folder:
                by_folder[path.parent] = self.job_of(path)
            job = by_folder[path.parent]
            found = is_there(job.detector) if job else False
            if job and found:
                jobs[str(path)] = replace(job, path=path)
            elif found is None:
                # A disk that sleeps, or a machine with too much to do: nothing else might make the list go on.
                self._ask_again.start()
            else:
                lacking.add(str(path))
        model.set_lacking_detector(lacking)
        unreached = {path for path, job in jobs.items() if job.path.parent in self._out_of_reach}
        model.set_out_of_reach(unreached)
        for each in unreached | {model.open_path}:
            jobs.pop(each, None)
        if model.paused:
            return None
        return jobs.get(self._queued) or next(iter(jobs.values()), None)

    def _take_queue(self, message: QueueProgress | QueueDone | QueueFailed) -> None:
        path = listed_path(message.path)
        if path != self._queued:
            return  # of a recording that is open by now, or was taken off the list
        match message:
            case QueueProgress():
                self._model.change(path, stage=AnalysisStage.ANALYSING, share=message.share)
            case QueueDone():
                self._queued = ""
                self._model.change(
                    path,
                    stage=AnalysisStage.ANALYSED,
                    share=1.0,
                    fingerprint=message.fingerprint,
                    detector=message.detector,
                    score=message.score,
                    is_other_scene=message.is_other_scene,
                    segments=message.segments,
                )
            case QueueFailed() if isinstance(message.error, _OF_THE_MACHINE):
                self._model.change(path, stage=AnalysisStage.WAITING)
                self._model.set_paused(True)
                self.failed.emit(message.error)
            case QueueFailed() if message.is_out_of_reach:
                self._queued = ""
                self._out_of_reach.add(message.path.parent)
                self._look_again.start()
                self._model.change(path, stage=AnalysisStage.WAITING)
            case QueueFailed():
                self._queued = ""
                self._model.fail(path, message.error)
        self._plan()

    def _begin_anew(self, hanging: Path) -> None:
        """Give the worker's new thread the next recording, but not the one with which the thread before hangs."""
        self._queued = ""
        self._model.change(listed_path(hanging), stage=AnalysisStage.FAILED, **failure_fields(_HANGS, _HANGS_ADVICE))
        self.plan_soon()


def _is_there(detector: Path) -> bool | None:
    """Whether there is such a detector; None where its disk does not answer now."""
    return answer_in_time(detector.parent, detector.is_file, otherwise=None)
