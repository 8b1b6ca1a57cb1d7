"""Runs the training command as a child process, and emits its events."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from engine.common.errors import TrainingError
from engine.common.events import Event, Failed, Finished, Stopped, from_json_line
from engine.common.language import tr
from engine.training import Run
from vadgui.jobs.engine_process import engine_environment, low_priority_command, lower_process_priority

_STOP_SECONDS = 4.5
_LOG_LINES_KEPT = 40
_LOG_FILE = "log.txt"
_OUT_OF_MEMORY_SIGNAL = 9
"""SIGKILL: Linux ends a process with it when memory runs out."""

_log = logging.getLogger(__name__)


def train_command(folder: Path) -> list[str]:
    """The command line that starts or resumes the run in a folder."""
    return [sys.executable, "-m", "engine", "train", str(folder)]


class TrainingClient(QObject):
    """Runs one training process at a time. It is supervised: it ends with this program, even if that is killed."""

    event_arrived = Signal(object)
    """Every Event of the process; the last one is always Finished, Stopped or Failed, even after a crash."""
    ended = Signal()
    """The process has ended, and its run can be started again."""

    def __init__(self, command: Callable[[Path], Sequence[str]] = train_command) -> None:
        """`start` starts the process; `close` ends it."""
        super().__init__()
        self._command = command
        self._process: QProcess | None = None
        self._folder = Path()
        self._unparsed = b""
        self._log_tail: list[str] = []
        self._last_event: Event | None = None
        self._stopping = self._has_output = False
        self._killed_folders: set[Path] = set()
        """Folders of runs whose process was killed from outside once; the second time, a smaller batch is advised."""
        self._kill_timer = QTimer(self, singleShot=True)
        self._kill_timer.timeout.connect(self.kill)

    @property
    def folder(self) -> Path | None:
        """The folder of the run that is being trained; None while none is."""
        return self._folder if self._process else None

    @property
    def process_id(self) -> int:
        """The process's id; 0 where there is none."""
        return self._process.processId() if self._process else 0

    def start(self, folder: Path) -> None:
        """Start or resume the run in a folder from its last checkpoint."""
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
        """Have the process save a checkpoint and end; after `timeout_seconds` it is killed, losing part of an epoch."""
        if not self._has_output:
            # The process is still importing libraries and reads no commands, but has no progress to lose.
            self.kill()
            return
        self._stopping = True
        self._write_command("stop")
        if timeout_seconds is not None:
            self._kill_timer.start(round(1000 * timeout_seconds))

    def finish(self) -> None:
        """Have the process end the present stage early with the best weights so far."""
        self._write_command("finish")

    def kill(self) -> None:
        """Kill the process; the run can be resumed from its last checkpoint."""
        if self._process:
            self._stopping = True
            self._process.kill()

    def close(self) -> None:
        """Stop the process and wait until it has ended; after some seconds it is killed. Closing twice is fine."""
        process = self._process
        if process is None:
            return
        self.stop()
        process.closeWriteChannel()  # the end of stdin, too, stops the process
        if not process.waitForFinished(round(1000 * _STOP_SECONDS)):
            process.kill()
            process.waitForFinished()

    def start_detached(self, folder: Path) -> None:
        """Start or resume the run in a process that outlives this program; its events are in the run's folder.

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
        # Some versions of PySide return (started, process id), others only whether it started.
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
                # Emitted only after the process has ended: a receiver may start the next one at once.
                self._last_event = event
            else:
                self.event_arrived.emit(event)

    def _read_log(self) -> None:
        assert self._process
        lines = bytes(self._process.readAllStandardError().data()).decode(errors="replace").splitlines()
        self._log_tail = [*self._log_tail, *lines][-_LOG_LINES_KEPT:]

    def _process_failed(self, error: QProcess.ProcessError) -> None:
        # After all other errors, QProcess emits `finished` too.
        if error is QProcess.ProcessError.FailedToStart and self._process:
            advice = tr("Check the installation with `vad doctor` ({reason}).").format(
                reason=self._process.errorString()
            )
            self._forget_process(Failed(tr("The training could not be started"), str(self._folder), advice))

    def _process_finished(self, exit_code: int, how: QProcess.ExitStatus) -> None:
        self._read_events()
        self._read_log()
        self._forget_process(self._last_event or self._unexpected_end(exit_code, how is QProcess.ExitStatus.CrashExit))

    def _unexpected_end(self, exit_code: int, crashed: bool) -> Event:
        if self._stopping:
            return Stopped(tr("Training was stopped; it goes on from its last checkpoint."))
        if crashed and exit_code == _OUT_OF_MEMORY_SIGNAL:
            return self._killed_from_outside()
        log_tail = "\n".join(self._log_tail[-3:])
        advice = tr("Go on to take it up from its last save.")
        return Failed(
            tr("The training ended unexpectedly"), str(self._folder), f"{advice}\n\n{log_tail}" if log_tail else advice
        )

    def _killed_from_outside(self) -> Failed:
        remedy: dict[str, float] = {}
        if self._folder in self._killed_folders:
            with suppress(TrainingError):
                remedy = {"batch_size": max(Run(self._folder).settings.batch_size // 2, 1)}
        self._killed_folders.add(self._folder)
        return Failed(
            tr("The training was ended from outside, most likely because memory ran out"),
            str(self._folder),
            tr("Close other programs, then go on: it continues from its last save."),
            remedy,
        )

    def _forget_process(self, end: Event) -> None:
        self._kill_timer.stop()
        if self._process:
            self._process.deleteLater()
        self._process = None
        self.event_arrived.emit(end)
        self.ended.emit()
