"""Learns from verdicts: joins the dialog that asks which with the work, and tells of the detector."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.common.events import Progress
from engine.common.language import tr
from engine.review.recording_list import FoundSegment
from engine.review.verdicts import FoundVerdicts
from vadgui.dialogs.learn_verdicts import LearnVerdictsDialog
from vadgui.jobs import verdict_learning
from vadgui.jobs.single_work import SingleWork
from vadgui.jobs.verdict_learning import VerdictRequest
from vadgui.model.engine_state import DetectorSummary
from vadgui.recordings.model import listed_path

if TYPE_CHECKING:
    from engine.calibrating.reviewed import Effect, Recalibrated


class VerdictsController(QObject):
    """Owns the work, and the dialog while it is open."""

    begun = Signal()
    """The machine is needed for it."""
    ended = Signal()
    """The machine is free again."""
    learnt = Signal(object, object)
    """Path of the detector, which is in the library, and of the one that it was made of."""
    place_requested = Signal(str, object)
    """Path of a recording, and the FoundSegment of it to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.work = SingleWork("vadgui-verdicts")
        self.work.progressed.connect(self._show_progress)
        self.work.failed.connect(self._show_failure)
        self.work.done.connect(self._take)
        self.dialog: LearnVerdictsDialog | None = None
        self._request: VerdictRequest | None = None
        self._is_learning = False
        self._close: Callable[[], object] | None = None
        """Closes the program once the detector is kept; None where nobody has asked for that."""

    def open(self, parent: QWidget, videos: Mapping[Path, str], detector: DetectorSummary, device: str) -> None:
        """Ask which verdicts to learn from, of these recordings with their fingerprints; the first is the open one."""
        if self.dialog:
            self.dialog.raise_()
            return
        dialog = LearnVerdictsDialog(parent)
        dialog.requested.connect(
            lambda recordings, reasons: self._learn(VerdictRequest(detector.path, device, recordings, reasons))
        )
        dialog.place_requested.connect(self._show_place)
        dialog.use_requested.connect(self._keep)
        dialog.cancelled.connect(self._stop)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.show()  # not modal: a click in it shows a place in the window
        self.work.begin(lambda should_stop: verdict_learning.find_verdicts(videos, detector.fingerprint, should_stop))

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether nothing would be lost; if something would, ask. `close` is called where the work may be lost."""
        dialog = self.dialog
        if dialog is None or not (dialog.holds_detector or self._is_learning):
            return True
        if dialog.holds_detector and dialog.is_working:
            self._close = close
            dialog.line.show_line("waiting", tr("Keeping the new detector in the library. Then the program closes."))
        elif dialog.holds_detector:
            dialog.reject()  # which asks what is to become of it
        else:
            dialog.ask_to_give_up(
                tr("A detector is still learning from your verdicts."),
                tr(
                    "If you quit now, what it has learnt so far is lost. Your verdicts are saved, the detector in use "
                    "stays as it is, and analyses go on when you start the program next."
                ),
                close,
            )
        return False

    def close(self) -> None:
        """End the work."""
        self.work.close()

    def _learn(self, request: VerdictRequest) -> None:
        self._request, self._is_learning = request, True
        self.begun.emit()
        self.work.begin(lambda should_stop: verdict_learning.learn_from_verdicts(request, should_stop))

    def _keep(self, learnt: Recalibrated) -> None:
        if request := self._request:
            self.work.begin(lambda _: verdict_learning.keep_learnt(learnt, request))

    def _take(self, result: FoundVerdicts | Recalibrated | Path) -> None:
        dialog = self.dialog
        if isinstance(result, Path):
            if dialog:
                dialog.finish()
            if self._request:
                self.learnt.emit(result, self._request.detector)
            if close := self._close:
                close()
        elif isinstance(result, FoundVerdicts):
            if dialog:
                dialog.show_verdicts(result)
        elif dialog:
            self._end()
            dialog.show_learnt(result)

    def _show_progress(self, progress: Progress) -> None:
        if self.dialog:
            self.dialog.show_progress(progress)

    def _show_failure(self, error: Exception) -> None:
        self._end()
        self._close = None
        if self.dialog:
            self.dialog.show_failure(error)

    def _show_place(self, effect: Effect) -> None:
        segment = effect.segment
        found = FoundSegment(
            segment.start, segment.stop, segment.peak_frame, effect.seconds, segment.peak_score, segment.verdict
        )
        self.place_requested.emit(listed_path(effect.path), found)

    def _stop(self) -> None:
        self.work.cancel()
        self._end()

    def _end(self) -> None:
        if self._is_learning:
            self._is_learning = False
            self.ended.emit()

    def _forget(self) -> None:
        self.dialog = None
