"""Tells when FFmpeg or a disk does not come back from a recording, and lets the window go on without it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QMessageBox, QWidget

from engine.common.language import tr
from engine.common.names import displayable
from engine.video.decoder_calls import LongCall, long_calls
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.ui.questions import ask

HANGS_SECONDS = 10.0
"""A picture takes a hundredth of that; a slow share, or an AVI without an index, may take as long to open."""
_LOOK_MS = 1000


class HangWatch(QObject):
    """Looks every second whether the engine's threads are still in the same call."""

    def __init__(self, window: QWidget, worker: EngineWorker, abandon: Callable[[Path], None]) -> None:
        """`abandon` goes on without the recording of this path."""
        super().__init__(window)
        self._window, self._worker, self._abandon = window, worker, abandon
        self._asked: LongCall | None = None
        self._box: QMessageBox | None = None
        self._timer = QTimer(self, interval=_LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _look(self) -> None:
        mine = [call for call in long_calls(HANGS_SECONDS) if self._worker.waits_for(call)]
        if self._asked in mine:
            return
        if self._box:
            self._box.close()  # it has come back meanwhile
        self._asked = mine[0] if mine else None
        if self._asked is None:
            return
        question = tr("{name} has not answered for ten seconds.").format(name=displayable(self._asked.path.name))
        explanation = tr(
            "Its drive or network share may be slow or not answer, or the file damaged. Reading can't be interrupted, "
            "but the window can go on without this recording. What was decided is saved."
        )
        answers = {tr("Close the recording"): partial(self._abandon, self._asked.path)}
        self._box = box = ask(self._window, question, explanation, answers, otherwise=tr("Wait"))
        box.destroyed.connect(lambda: self._forget(box))

    def _forget(self, box: QMessageBox) -> None:
        if self._box is box:  # the next question may have been asked meanwhile
            self._box = None
