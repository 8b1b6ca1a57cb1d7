"""Keeps one training run and the process that works on it together, whoever started that process."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine.common.errors import TrainingError
from engine.common.events import Event, Failed, Stopped
from engine.training import Run
from engine.training.stop_control import Request
from vadgui.training.jobs.event_tail import EventTail
from vadgui.training.jobs.training_client import TrainingClient
from vadgui.training.model.training_run import TrainingRun

_WATCH_MS = 500  # looked at, for no signal tells what a process that another program started does
_START_SECONDS = 30.0  # until a process that was started by itself holds its run: torch takes seconds to import


class RunSupervisor(QObject):
    """Does with the run at hand what its model is asked for, and tells the model what happens."""

    changed = Signal()
    detached = Signal()
    """The run goes on in a process that outlives this one."""
    folder_abandoned = Signal(object)
    """Nothing works any more on the run in this folder, and it is not wanted: it can be deleted."""

    def __init__(self, client: TrainingClient | None = None) -> None:
        """Starts nothing; `close` ends what must not outlive the program."""
        super().__init__()
        self.client = client or TrainingClient()
        self.client.event_arrived.connect(self._event_arrived)
        self.client.ended.connect(self._client_ended)
        self._run: TrainingRun | None = None
        self._tail: EventTail | None = None
        self._delete_when_ended: Path | None = None
        self._detach_when_ended = False
        self._expected_until = 0.0
        self._watch = QTimer(self, interval=_WATCH_MS)
        self._watch.timeout.connect(self._look)

    @property
    def run(self) -> TrainingRun | None:
        """The run at hand."""
        return self._run

    def take_up(self, folder: Path) -> TrainingRun:
        """The run in a folder, with all that happened in it; watched if another process works on it.

        Raises:
            TrainingError: there is none.
        """
        if self._run is not None and self._run.folder == folder:
            return self._run
        on_disk = Run(folder)
        settings = on_disk.settings
        epochs = {"motion": settings.motion_epochs, "frame": settings.frame_epochs}
        run = TrainingRun(folder, settings.name, epochs, self)
        self.let_go()
        self._run = run
        self._tail = EventTail(on_disk.events_path)
        run.replay(self._tail.read())
        detector = on_disk.detector_path if on_disk.detector_path.exists() else None
        run.settle(is_active=on_disk.process_id is not None, detector=detector)
        if run.phase.is_active:
            self._watch.start()
        run.start_requested.connect(self._start)
        run.stop_requested.connect(self._stop)
        run.stop_at_once_requested.connect(self._kill)
        run.finish_requested.connect(self._finish)
        run.background_requested.connect(self.go_on_detached)
        run.delete_requested.connect(self._delete)
        return run

    def let_go(self) -> None:
        """Look after no run any more; one that is supervised stops first."""
        self._watch.stop()
        if self._run is None:
            return
        self.client.close()
        self._run.deleteLater()
        self._run = self._tail = None

    def close(self) -> None:
        """Stop the run unless it was asked to go on by itself."""
        self._watch.stop()
        self.client.close()

    def go_on_detached(self) -> None:
        """Let the run go on in a process of its own: it stops, and begins anew from where it stopped."""
        if self._run and self.client.folder == self._run.folder:
            self._detach_when_ended = True
            self.client.stop()

    # What the run is asked for

    def _start(self) -> None:
        run = self._run
        if run is None:
            return
        if run.failure and run.failure.remedy:
            try:
                Run(run.folder).amend(**run.failure.remedy)
            except TrainingError as error:
                run.take(Failed.by(error))
                return
        self._watch.stop()
        run.begin()
        self.client.start(run.folder)

    def _stop(self) -> None:
        if self._run and self.client.folder:
            self.client.stop()
        elif self._run:
            self._request("stop")

    def _finish(self) -> None:
        if self._run and self.client.folder:
            self.client.finish()
        elif self._run:
            self._request("finish")

    def _kill(self) -> None:
        if self.client.folder:
            self.client.kill()
        elif self._run and (process_id := Run(self._run.folder).process_id):
            _kill_process(process_id)

    def _delete(self) -> None:
        if self._run is None:
            return
        self._delete_when_ended = self._run.folder
        if self.client.folder is None:
            self._delete_now()

    def _delete_now(self) -> None:
        folder, self._delete_when_ended = self._delete_when_ended, None
        if folder:
            self.folder_abandoned.emit(folder)

    def _request(self, word: Request) -> None:
        assert self._run
        try:
            Run(self._run.folder).request(word)
        except TrainingError as error:
            self._run.take(Failed.by(error))

    # What the process says

    def _event_arrived(self, event: Event) -> None:
        if self._run and not (self._detach_when_ended and isinstance(event, Stopped)):
            self._run.take(event)
            self.changed.emit()

    def _client_ended(self) -> None:
        if self._delete_when_ended:
            self._delete_now()
        if self._detach_when_ended and self._run:
            self._detach_when_ended = False
            self._start_detached()

    def _start_detached(self) -> None:
        assert self._run
        assert self._tail
        with contextlib.suppress(OSError):
            self._tail.skip()
        self.client.start_detached(self._run.folder)
        self._expected_until = time.monotonic() + _START_SECONDS
        self._run.begin(detached=True)
        self._watch.start()
        self.detached.emit()

    def _look(self) -> None:
        """At a process that somebody else started: what it wrote, and whether it is still there."""
        run, tail = self._run, self._tail
        if run is None or tail is None:
            return
        # Asked first: what it wrote before its end is then read below.
        is_alive = Run(run.folder).process_id is not None
        for event in tail.read():
            run.take(event)
        if is_alive:
            self._expected_until = 0.0
        elif run.phase.is_active and time.monotonic() > self._expected_until:
            advice = "Go on to take it up from its last save."
            run.take(Failed("The training ended unexpectedly", str(run.folder), advice))
        if not run.phase.is_active and not is_alive:
            self._watch.stop()
        self.changed.emit()


def _kill_process(process_id: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(process_id, getattr(signal, "SIGKILL", signal.SIGTERM))
