"""Measures the costs of a training in a child process; the latest request replaces earlier ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from engine.common.language import tr
from vadgui.jobs.engine_process import engine_environment, lower_process_priority

PLAN_COMMAND = (sys.executable, "-m", "vadgui.training.jobs.plan_process")


class PlanClient(QObject):
    """Starts a process for each request and emits its answers."""

    answered = Signal(object)
    """A dictionary as `plan_process.answers` yields it, or {"failed": [what, subject, advice]}."""

    def __init__(self, command: Sequence[str] = PLAN_COMMAND) -> None:
        """A process is started with the first request."""
        super().__init__()
        self._command = list(command)
        self._process: QProcess | None = None
        self._unparsed = b""
        self._has_answered = False

    def request_plans(self, settings: dict[str, Any], folder: Path, all_efforts: bool) -> None:
        """Start measuring the costs; a running measurement is cancelled."""
        self.cancel()
        process = QProcess(self)
        self._process, self._unparsed, self._has_answered = process, b"", False
        process.setProcessEnvironment(engine_environment())
        process.setStandardErrorFile(QProcess.nullDevice())
        process.readyReadStandardOutput.connect(self._read)
        process.started.connect(self._started)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._process_failed)
        process.start(self._command[0], self._command[1:])
        request = {"settings": settings, "folder": str(folder), "all_efforts": all_efforts}
        process.write(json.dumps(request).encode() + b"\n")

    def cancel(self) -> None:
        """Kill the running measurement; no further answer of it is emitted."""
        process, self._process = self._process, None
        if process:
            process.kill()

    def close(self) -> None:
        """Cancel, and wait until all processes have ended; closing twice is fine."""
        self.cancel()
        for process in self.findChildren(QProcess):
            process.kill()
            process.waitForFinished()

    def _started(self) -> None:
        if self._process:
            lower_process_priority(self._process.processId())

    def _read(self) -> None:
        # A cancelled process may still have written output.
        process = self._process
        if process is None or self.sender() is not process:
            return
        *lines, self._unparsed = (self._unparsed + process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            self._has_answered = "share" not in answer  # plans of some efforts are followed by the share again
            self.answered.emit(answer)

    def _finished(self) -> None:
        self._read()
        self._process_ended(tr("The measuring ended unexpectedly, most likely because memory ran out"))

    def _process_failed(self, error: QProcess.ProcessError) -> None:
        # After all other errors, QProcess emits `finished` too.
        if error is QProcess.ProcessError.FailedToStart:
            self._process_ended(tr("The measuring could not be started"))

    def _process_ended(self, failure: str) -> None:
        """Delete an ended process; if it is the current one and has not answered, emit `failure` as its answer."""
        process = self.sender()
        if process is self._process:
            self._process = None
            if not self._has_answered:
                advice = tr(
                    "Close other programs, choose a smaller batch, or check the installation with `vad doctor`."
                )
                self.answered.emit({"failed": [failure, "", advice]})
        process.deleteLater()
