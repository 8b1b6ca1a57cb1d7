"""Connects one training run to the process that trains it, which this or another program has started."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine.common.errors import TrainingError
from engine.common.events import Event, Failed, Stopped
from engine.common.language import tr
from engine.training import Run
from engine.training.stop_control import Request
from vadgui.training.jobs.event_tail import EventTail
from vadgui.training.jobs.training_client import TrainingClient
from vadgui.training.model.training_run import TrainingRun

_POLL_INTERVAL_MS = 500  # no signal reports what a process of another program does
_START_TIMEOUT_SECONDS = 30.0  # until a detached process locks its run: importing torch takes seconds


class RunSupervisor(QObject):
    """Carries out the requests of the current TrainingRun, and applies the events of its process to it."""

    changed = Signal()
    detached = Signal()
    """The run continues in a detached process, which outlives this one."""
    folder_abandoned = Signal(object)
    """Path of a run's folder that the person wants to delete, and that no process uses any more."""

    def __init__(self, client: TrainingClient | None = None) -> None:
        """No process is started yet; `close` ends one that is not detached."""
        super().__init__()
        self.client = client or TrainingClient()
        self.client.event_arrived.connect(self._event_arrived)
        self.client.ended.connect(self._client_ended)
        self._run: TrainingRun | None = None
        self._tail: EventTail | None = None
        self._delete_when_ended: Path | None = None
        self._detach_when_ended = False
        self._expected_until = 0.0
        self._held_request: Request | None = None
        self._poll_timer = QTimer(self, interval=_POLL_INTERVAL_MS)
        self._poll_timer.timeout.connect(self._poll)

    @property
    def run(self) -> TrainingRun | None:
        """The current run; None where there is none."""
        return self._run

    def open_run(self, folder: Path) -> TrainingRun:
        """Make the run in a folder the current one, from its stored events; follow it if another process trains it.

        Raises:
            TrainingError: the folder contains no run.
        """
        if self._run is not None and self._run.folder == folder:
            return self._run
        on_disk = Run(folder)
        settings = on_disk.settings
        epochs = {"motion": settings.motion_epochs, "frame": settings.frame_epochs}
        run = TrainingRun(folder, settings.name, epochs, self)
        self.release_run()
        self._run = run
        self._tail = EventTail(on_disk.events_path)
        run.replay(self._tail.read())
        detector = on_disk.detector_path if on_disk.detector_path.exists() else None
        run.sync_with_folder(is_active=on_disk.process_id is not None, detector=detector)
        if run.phase.is_active:
            self._poll_timer.start()
        run.start_requested.connect(self._start)
        run.stop_requested.connect(self._stop)
        run.stop_at_once_requested.connect(self._kill)
        run.finish_requested.connect(self._finish)
        run.background_requested.connect(self.continue_detached)
        run.delete_requested.connect(self._delete)
        return run

    def release_run(self) -> None:
        """Forget the current run; a supervised process is stopped first."""
        self._poll_timer.stop()
        if self._run is None:
            return
        self.client.close()
        self._run.deleteLater()
        self._run = self._tail = self._held_request = None

    def close(self) -> None:
        """Stop the run's process unless it is detached."""
        self._poll_timer.stop()
        self.client.close()

    def continue_detached(self) -> None:
        """Stop the supervised process, then resume the run from its checkpoint in a detached process."""
        if self._run and self.client.folder == self._run.folder:
            self._detach_when_ended = True
            self.client.stop()

    # Requests of the run

    def _start(self) -> None:
        run = self._run
        if run is None:
            return
        if run.failure and run.failure.remedy:
            try:
                Run(run.folder).amend(**run.failure.remedy)
            except TrainingError as error:
                run.apply(Failed.from_error(error))
                return
        self._poll_timer.stop()
        run.begin()
        self.client.start(run.folder)

    def _stop(self) -> None:
        if self._run and self.client.folder:
            self.client.stop()
        elif self._run:
            self._write_request("stop")

    def _finish(self) -> None:
        if self._run and self.client.folder:
            self.client.finish()
        elif self._run:
            self._write_request("finish")

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

    def _write_request(self, request: Request) -> None:
        """Ask a process that is not this program's child; one that is only starting is asked when it is at work."""
        assert self._run
        on_disk = Run(self._run.folder)
        if on_disk.process_id is None:
            self._held_request = request
            return
        self._held_request = None
        try:
            on_disk.request(request)
        except TrainingError as error:
            self._run.apply(Failed.from_error(error))

    # Events of the process

    def _event_arrived(self, event: Event) -> None:
        if self._run and not (self._detach_when_ended and isinstance(event, Stopped)):
            self._run.apply(event)
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
        self._held_request = None
        self._expected_until = time.monotonic() + _START_TIMEOUT_SECONDS
        self._run.begin(detached=True)
        self._poll_timer.start()
        self.detached.emit()

    def _poll(self) -> None:
        """Read the new events of a process that is not this program's child, and check whether it is alive."""
        run, tail = self._run, self._tail
        if run is None or tail is None:
            return
        # Check this before reading, so that the last events of a process that has just ended are read below.
        is_alive = Run(run.folder).process_id is not None
        for event in tail.read():
            run.apply(event)
        if is_alive:
            self._expected_until = 0.0
            if self._held_request:
                self._write_request(self._held_request)
        elif run.phase.is_active and time.monotonic() > self._expected_until:
            advice = tr("Go on to take it up from its last save.")
            run.apply(Failed(tr("The training ended unexpectedly"), str(run.folder), advice))
        if not run.phase.is_active and not is_alive:
            self._poll_timer.stop()
        self.changed.emit()


def _kill_process(process_id: int) -> None:
    with contextlib.suppress(OSError):
        os.kill(process_id, getattr(signal, "SIGKILL", signal.SIGTERM))
