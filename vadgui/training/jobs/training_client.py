"""Runs the training command as a process of its own, and hears what becomes of it."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from engine.common.errors import TrainingError
from engine.common.events import Event, Failed, Finished, Stopped, from_json_line
from engine.training import Run
from vadgui.jobs.engine_process import lower_process_priority, engine_environment, low_priority_command

_STOP_SECONDS = 4.5
_LOG_LINES_KEPT = 40
_LOG_FILE = "log.txt"
_OUT_OF_MEMORY_SIGNAL = 9
"""What Linux ends a process with that took the machine's last memory."""

_log = logging.getLogger(__name__)


def train_command(folder: Path) -> list[str]:
    """The command line that begins or resumes the run in a folder."""
    return [sys.executable, "-m", "engine", "train", str(folder)]


class TrainingClient(QObject):
    """One training process at a time: supervised, so that it ends with this program however that ends."""

    event_arrived = Signal(object)
    """Each Event of engine.common.events; the last one is Finished, Stopped or Failed, whatever happened."""
    ended = Signal()
    """The process is gone, its run free for the next one."""

    def __init__(self, command: Callable[[Path], Sequence[str]] = train_command) -> None:
        """Needs no process until `start`; `close` ends it."""
        super().__init__()
        self._command = command
        self._process: QProcess | None = None
        self._folder = Path()
        self._unparsed = b""
        self._log_tail: list[str] = []
        self._last_event: Event | None = None
        self._stopping = self._has_output = False
        self._killed_folders: set[Path] = set()
        """Runs whose process was ended from outside once: a second time it will not have been by chance."""
        self._kill_timer = QTimer(self, singleShot=True)
        self._kill_timer.timeout.connect(self.kill)

    @property
    def folder(self) -> Path | None:
        """The folder of the run that is being trained; None while none is."""
        return self._folder if self._process else None

    @property
    def process_id(self) -> int:
        """The process's; 0 while there is none."""
        return self._process.processId() if self._process else 0

    def start(self, folder: Path) -> None:
        """Train the run in a folder, from its last checkpoint on."""
        if self._process:
            raise RuntimeError("a training is running already")
        process = QProcess(self)
        self._process, self._folder = process, folder
        self._unparsed, self._log_tail, self._last_event = b"", [], None
        self._stopping = self._has_output = False
        process.setProcessEnvironment(engine_environment())
        process.readyReadStandardOutput.connect(self._read_events)
        process.readyReadStandardError.connect(self._read_log)
        process.started.connect(self._started)
        process.finished.connect(self._process_finished)
        process.errorOccurred.connect(self._process_failed)
        program, *arguments = [*self._command(folder), "--supervised"]
        process.start(program, arguments)

    def stop(self, timeout_seconds: float | None = None) -> None:
        """Save a checkpoint and stop; after `timeout_seconds` it is killed, and loses part of an epoch."""
        if not self._has_output:
            # It is still loading its libraries, deaf for some seconds, and has nothing to lose.
            self.kill()
            return
        self._stopping = True
        self._write_command("stop")
        if timeout_seconds is not None:
            self._kill_timer.start(round(1000 * timeout_seconds))

    def finish(self) -> None:
        """Keep the best so far and make a detector of it."""
        self._write_command("finish")

    def kill(self) -> None:
        """End the process at once; the run goes on from its last checkpoint."""
        if self._process:
            self._stopping = True
            self._process.kill()

    def close(self) -> None:
        """Stop and wait for the end, some seconds at most; closing twice is fine."""
        process = self._process
        if process is None:
            return
        self.stop()
        process.closeWriteChannel()  # where the line itself is not heard, the end of stdin is
        if not process.waitForFinished(round(1000 * _STOP_SECONDS)):
            process.kill()
            process.waitForFinished()

    def start_detached(self, folder: Path) -> None:
        """Train on in a process that outlives this program; its run's folder tells what becomes of it.

        Raises:
            OSError: the process can't be started.
        """
        process = QProcess()
        process.setProcessEnvironment(engine_environment())
        process.setStandardInputFile(QProcess.nullDevice())
        process.setStandardOutputFile(QProcess.nullDevice())
        process.setStandardErrorFile(str(folder / _LOG_FILE), QProcess.OpenModeFlag.Append)
        program, *arguments = low_priority_command(self._command(folder))
        process.setProgram(program)
        process.setArguments(arguments)
        started: object = process.startDetached()
        # PySide versions differ in whether the process's id comes along.
        if not (started[0] if isinstance(started, tuple) else started):
            raise OSError(f"{program} can't be started")

    def _write_command(self, command: str) -> None:
        if self._process:
            self._process.write(f"{command}\n".encode())

    def _started(self) -> None:
        lower_process_priority(self.process_id)

    def _read_events(self) -> None:
        assert self._process
        *lines, self._unparsed = (self._unparsed + self._process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            try:
                event = from_json_line(line.decode())
            except ValueError:
                _log.info("not an event of the training: %r", line)
                continue
            self._has_output = True
            if isinstance(event, Finished | Stopped | Failed):
                self._last_event = event  # told when the process is gone: whoever hears it may start the next at once
            else:
                self.event_arrived.emit(event)

    def _read_log(self) -> None:
        assert self._process
        lines = bytes(self._process.readAllStandardError().data()).decode(errors="replace").splitlines()
        self._log_tail = [*self._log_tail, *lines][-_LOG_LINES_KEPT:]

    def _process_failed(self, error: QProcess.ProcessError) -> None:
        # Every other error is followed by `finished`.
        if error is QProcess.ProcessError.FailedToStart and self._process:
            advice = f"Check the installation with `vad doctor` ({self._process.errorString()})."
            self._forget_process(Failed("The training could not be started", str(self._folder), advice))

    def _process_finished(self, exit_code: int, how: QProcess.ExitStatus) -> None:
        self._read_events()
        self._read_log()
        self._forget_process(self._last_event or self._unexpected_end(exit_code, how is QProcess.ExitStatus.CrashExit))

    def _unexpected_end(self, exit_code: int, crashed: bool) -> Event:
        if self._stopping:
            return Stopped("Training was stopped; it goes on from its last checkpoint.")
        if crashed and exit_code == _OUT_OF_MEMORY_SIGNAL:
            return self._killed_from_outside()
        log_tail = "\n".join(self._log_tail[-3:])
        advice = "Go on to take it up from its last save."
        return Failed(
            "The training ended unexpectedly", str(self._folder), f"{advice}\n\n{log_tail}" if log_tail else advice
        )

    def _killed_from_outside(self) -> Failed:
        remedy: dict[str, float] = {}
        if self._folder in self._killed_folders:
            with suppress(TrainingError):
                remedy = {"batch_size": max(Run(self._folder).settings.batch_size // 2, 1)}
        self._killed_folders.add(self._folder)
        return Failed(
            "The training was ended from outside, most likely because memory ran out",
            str(self._folder),
            "Close other programs, then go on: it continues from its last save.",
            remedy,
        )

    def _forget_process(self, end: Event) -> None:
        self._kill_timer.stop()
        if self._process:
            self._process.deleteLater()
        self._process = None
        self.event_arrived.emit(end)
        self.ended.emit()
