"""Exports one thing after another in a thread of its own, while review and analysis go on."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.common.errors import Cancelled, VadError
from engine.common.events import Finished, Noted, Progress
from engine.hand_over.jobs import ExportJob, ExportTools
from vadgui.jobs.openers import PredictorOpener, VideoOpener
from vadgui.jobs.priority import lower_thread_priority
from vadgui.jobs.threads import join_or_leave


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
    title: str
    """What is made, in words."""
    path: Path
    """The file that was finished last, or the folder of several; once the phase is DONE it exists."""
    total: int
    done: int = 0
    doing: str = ""
    """What is being done, in words."""
    unit: str = ""
    """What `done` and `total` count; empty where that says nothing to people."""
    seconds_left: float | None = None
    files: tuple[Path, ...] = ()
    """What was made so far: files, and folders of pictures or packages."""
    note: str = ""
    """What a person should know of what was made."""
    failure: str = ""
    """Why it failed, in words."""


@dataclass(eq=False)
class _QueuedExport:
    job: ExportJob
    state: ExportState
    cancelled: threading.Event = field(default_factory=threading.Event)


class ExportQueue(QObject):
    """Runs jobs in its own thread and emits their progress in the GUI thread."""

    changed = Signal(object)
    """ExportState of one export."""
    failed = Signal(object)
    """The Exception that ended an export and that nobody expected: a fault of the program."""

    _posted = Signal(object)

    def __init__(
        self, video_opener: VideoOpener, predictor_opener: PredictorOpener, analyses: Path | None = None
    ) -> None:
        """The thread is started with the first job; `close` ends it. Outlines come from stored `analyses`."""
        super().__init__()
        self._openers = video_opener, predictor_opener, analyses
        self._tools = self.new_tools()
        self._numbers = itertools.count(1)
        self._queue: deque[_QueuedExport] = deque()
        self._arrived = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._current: _QueuedExport | None = None
        self._posted.connect(self._receive)

    def new_tools(self) -> ExportTools:
        """What opens the same in another thread."""
        return ExportTools(*self._openers)

    def add(self, job: ExportJob) -> ExportState:
        """Queue a job; it starts when all earlier jobs are done."""
        state = ExportState(next(self._numbers), ExportPhase.WAITING, job.title, job.target, job.total)
        with self._arrived:
            self._queue.append(_QueuedExport(job, state))
            self._arrived.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="vadgui-export", daemon=True)
            self._thread.start()
        self.changed.emit(state)
        return state

    def cancel(self, number: int) -> None:
        """Cancel a job that waits or runs; a partly written file is deleted."""
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
        """Cancel all jobs and wait until the thread has ended, unless it hangs; closing twice is fine."""
        with self._arrived:
            self._closing = True
            self._arrived.notify()
        if self._thread:
            join_or_leave(self._thread, self)

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
        while export := self._next():
            self._update_state(export, phase=ExportPhase.RUNNING)
            try:
                self._run(export)
                self._update_state(export, phase=ExportPhase.DONE, done=export.state.total)
            except Cancelled:
                if not self._closing:
                    self._update_state(export, phase=ExportPhase.CANCELLED)
            except VadError as error:
                self._update_state(export, phase=ExportPhase.FAILED, failure=str(error))
            except Exception as error:
                # Catches everything: one failed job must not end the thread, the next one may succeed.
                self._update_state(export, phase=ExportPhase.FAILED, failure=str(error))
                self._posted.emit(error)
            with self._arrived:
                self._current = None

    def _next(self) -> _QueuedExport | None:
        with self._arrived:
            while not self._closing:
                if self._queue:
                    self._current = self._queue.popleft()
                    return self._current
                self._tools.clear()
                self._arrived.wait()
        return None

    def _run(self, export: _QueuedExport) -> None:
        def should_stop() -> bool:
            return self._closing or export.cancelled.is_set()

        if should_stop():
            raise Cancelled
        for event in export.job.run(self._tools, should_stop):
            match event:
                case Progress():
                    self._update_state(
                        export,
                        doing=event.phase,
                        unit=export.job.units.get(event.phase, ""),
                        done=event.done,
                        total=event.total,
                        seconds_left=event.seconds_left,
                    )
                case Noted():
                    note = "\n".join(filter(None, (export.state.note, event.text)))
                    export.state = replace(export.state, note=note)
                case Finished():
                    export.state = replace(export.state, files=(*export.state.files, Path(event.path)))
        finished = export.state.files
        if finished:
            export.state = replace(export.state, path=finished[0] if len(finished) == 1 else finished[0].parent)
