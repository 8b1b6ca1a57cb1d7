"""Exports clips one after another in a thread of their own, while review and analysis go on."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QObject, Signal

from engine.analysis.where import stored_evidence
from engine.common.errors import Cancelled
from engine.common.events import Progress
from engine.export.clip import ExportOptions, export_clip
from engine.video.writer import free_path
from vadgui.jobs.openers import PredictorOpener, VideoOpener
from vadgui.jobs.priority import lower_thread_priority

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


@dataclass(frozen=True, eq=False)
class ExportJob:
    """A clip to export."""

    video: Path
    start: int
    stop: int
    """One past the last frame: [start, stop)."""
    scores: npt.NDArray[np.floating]
    """Anomaly scores [N] of the video, copied when the clip was requested."""
    target: Path
    """Path of the clip; where a file exists there already, the next free name is used."""
    options: ExportOptions
    detector: Path | None
    device: str = "auto"


class ExportPhase(Enum):
    """The state of an export."""

    WAITING = auto()
    RUNNING = auto()
    DONE = auto()
    CANCELLED = auto()
    FAILED = auto()


@dataclass(frozen=True)
class ExportState:
    """Phase and progress of one export."""

    number: int
    """Identifies the export; counts from 1 since the program's start."""
    phase: ExportPhase
    path: Path
    """Path of the clip; the file exists once the phase is DONE."""
    total: int
    done: int = 0
    seconds_left: float | None = None


@dataclass(eq=False)
class _QueuedExport:
    job: ExportJob
    state: ExportState
    cancelled: threading.Event = field(default_factory=threading.Event)


class ExportQueue(QObject):
    """Exports jobs in its own thread and emits their progress in the GUI thread."""

    changed = Signal(object)
    """ExportState of one export."""
    failed = Signal(object)
    """The Exception that ended an export."""

    _posted = Signal(object)

    def __init__(
        self, video_opener: VideoOpener, predictor_opener: PredictorOpener, analyses: Path | None = None
    ) -> None:
        """The thread is started with the first job; `close` ends it. Outlines come from stored `analyses`."""
        super().__init__()
        self._analyses = analyses
        self._video_opener = video_opener
        self._predictor_opener = predictor_opener
        self._numbers = itertools.count(1)
        self._queue: deque[_QueuedExport] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._current: _QueuedExport | None = None
        self._posted.connect(self._receive)

    def add(self, job: ExportJob) -> ExportState:
        """Queue a job; it starts when all earlier jobs are done."""
        state = ExportState(next(self._numbers), ExportPhase.WAITING, job.target, job.stop - job.start)
        with self._arrived:
            self._queue.append(_QueuedExport(job, state))
            self._arrived.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="vadgui-export")
            self._thread.start()
        self.changed.emit(state)
        return state

    def cancel(self, number: int) -> None:
        """Cancel a job that waits or runs; a partly written clip is deleted."""
        with self._arrived:
            if self._current and self._current.state.number == number:
                self._current.cancelled.set()
            waiting = next((export for export in self._queue if export.state.number == number), None)
            if waiting:
                self._queue.remove(waiting)
        if waiting:
            # Emitted now, not when its turn comes: that may be an hour away.
            self._update_state(waiting, phase=ExportPhase.CANCELLED)

    def close(self) -> None:
        """Cancel all jobs and wait until the thread has ended; closing twice is fine."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        if self._thread:
            self._thread.join()

    def _receive(self, message: ExportState | Exception) -> None:
        if isinstance(message, ExportState):
            self.changed.emit(message)
        else:
            self.failed.emit(message)

    def _update_state(self, export: _QueuedExport, **changes: object) -> None:
        export.state = replace(export.state, **changes)  # type: ignore[arg-type]
        self._posted.emit(export.state)

    # The methods below run in the export thread.

    def _work(self) -> None:
        lower_thread_priority()
        cache = _PredictorCache(self._predictor_opener)
        while export := self._next(cache):
            self._update_state(export, phase=ExportPhase.RUNNING, path=free_path(export.job.target))
            try:
                self._export(export, cache)
                self._update_state(export, phase=ExportPhase.DONE, done=export.state.total)
            except Cancelled:
                self._update_state(export, phase=ExportPhase.CANCELLED)
            except Exception as error:
                # Catches everything: one failed job must not end the thread, the next one may succeed.
                self._update_state(export, phase=ExportPhase.FAILED)
                self._posted.emit(error)
            with self._arrived:
                self._current = None

    def _next(self, cache: _PredictorCache) -> _QueuedExport | None:
        with self._arrived:
            while not self._closing:
                if self._queue:
                    self._current = self._queue.popleft()
                    return self._current
                cache.clear()
                self._arrived.wait()
        return None

    def _export(self, export: _QueuedExport, cache: _PredictorCache) -> None:
        def should_stop() -> bool:
            return self._closing or export.cancelled.is_set()

        job = export.job
        if should_stop():
            raise Cancelled
        needs_detector = job.options.needs_detector or job.options.needs_evidence
        predictor = cache.predictor(job.detector, job.device) if job.detector and needs_detector else None
        with self._video_opener(job.video, should_stop=should_stop) as source, ExitStack() as open_store:
            evidence = None
            if predictor and job.options.needs_evidence and self._analyses:
                stored = stored_evidence(self._analyses, source, predictor, job.options.zones)
                evidence = open_store.enter_context(stored)
            events = export_clip(
                source,
                predictor,
                job.scores,
                job.start,
                job.stop,
                export.state.path,
                job.options,
                should_stop,
                evidence,
            )
            for event in events:
                if isinstance(event, Progress):
                    self._update_state(export, done=event.done, seconds_left=event.seconds_left)


class _PredictorCache:
    """Keeps the last detector loaded for the next job; cleared when the queue is empty, to free its memory."""

    def __init__(self, opener: PredictorOpener) -> None:
        self._opener = opener
        self._opened: tuple[Path, str] | None = None
        self._predictor: Predictor | None = None

    def predictor(self, path: Path, device: str) -> Predictor:
        if self._predictor is None or self._opened != (path, device):
            self._predictor = self._opener(path, device)
            self._opened = (path, device)
        return self._predictor

    def clear(self) -> None:
        self._predictor = None
