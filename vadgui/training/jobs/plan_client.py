"""Has the costs of a training measured by a process of its own; the latest request replaces earlier ones."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QProcess, Signal

from vadgui.jobs.engine_process import lower_process_priority, engine_environment

PLAN_COMMAND = (sys.executable, "-m", "vadgui.training.jobs.plan_process")


class PlanClient(QObject):
    """Asks, and hands on what is answered."""

    answered = Signal(object)
    """A dictionary as `plan_process.answers` makes it, or {"failed": [what, subject, advice]}."""

    def __init__(self, command: Sequence[str] = PLAN_COMMAND) -> None:
        """Needs no process until there is something to measure."""
        super().__init__()
        self._command = list(command)
        self._process: QProcess | None = None
        self._unparsed = b""
        self._has_answered = False

    def request_plans(self, settings: dict[str, Any], folder: Path, all_efforts: bool) -> None:
        """Measure in place of what is being measured."""
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
        """Measure nothing any more; an answer that is on its way is not handed on."""
        process, self._process = self._process, None
        if process:
            process.kill()

    def close(self) -> None:
        """Cancel, and wait until the processes are gone; closing twice is fine."""
        self.cancel()
        for process in self.findChildren(QProcess):
            process.kill()
            process.waitForFinished()

    def _started(self) -> None:
        if self._process:
            lower_process_priority(self._process.processId())

    def _read(self) -> None:
        # One that was cancelled may still speak.
        process = self._process
        if process is None or self.sender() is not process:
            return
        *lines, self._unparsed = (self._unparsed + process.readAllStandardOutput().data()).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            self._has_answered = self._has_answered or "share" not in answer
            self.answered.emit(answer)

    def _finished(self) -> None:
        self._read()
        self._process_ended("The measuring ended unexpectedly, most likely because memory ran out")

    def _process_failed(self, error: QProcess.ProcessError) -> None:
        # Every other error is followed by `finished`.
        if error is QProcess.ProcessError.FailedToStart:
            self._process_ended("The measuring could not be started")

    def _process_ended(self, failure: str) -> None:
        """A process is gone; where it was the one asked, and has not answered, `failure` is the answer."""
        process = self.sender()
        if process is self._process:
            self._process = None
            if not self._has_answered:
                advice = "Close other programs, choose a smaller batch, or check the installation with `vad doctor`."
                self.answered.emit({"failed": [failure, "", advice]})
        process.deleteLater()
