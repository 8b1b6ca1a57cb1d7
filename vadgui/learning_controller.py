"""Joins the window with what makes one detector out of another: from a camera's recordings, or from verdicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from vadgui.camera_controller import CameraController
from vadgui.jobs.engine_worker import EngineWorker
from vadgui.jobs.review_keeper import ReviewKeeper
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.session import ReviewSession
from vadgui.recordings.controller import RecordingsController
from vadgui.settings import Settings
from vadgui.verdicts_controller import VerdictsController
from vadgui.window.main_window import MainWindow


class LearningController(QObject):
    """Owns both controllers; `close` ends their work."""

    learnt = Signal(object)
    """Path of a detector in the library, which is to be used."""

    def __init__(
        self,
        window: MainWindow,
        session: ReviewSession,
        worker: EngineWorker,
        reviews: ReviewKeeper,
        recordings: RecordingsController,
        settings: Settings,
    ) -> None:
        super().__init__()
        self._window = window
        self._session = session
        self._worker = worker
        self._reviews = reviews
        self._recordings = recordings
        self._settings = settings
        self._goes_on = False
        """Whether an analysis was paused for the work."""
        self.camera = CameraController()
        self.verdicts = VerdictsController()
        window.camera_requested.connect(self._ask_for_camera)
        window.verdicts_requested.connect(self._ask_for_verdicts)
        # Scores of the present detector flag nothing here: the machine has better to do.
        self.camera.begun.connect(worker.pause_analysis)
        self.camera.learnt.connect(self.learnt)
        self.camera.training_requested.connect(window.train_requested)
        self.verdicts.begun.connect(self._pause)
        self.verdicts.ended.connect(self._resume)
        self.verdicts.learnt.connect(self._use_learnt)
        self.verdicts.place_requested.connect(recordings.navigation.open_at)

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether nothing would be lost; if something would, ask. `close` is called where it may be lost."""
        return self.verdicts.may_close(close) and self.camera.may_close(close)

    def close(self) -> None:
        """End all work."""
        self.camera.close()
        self.verdicts.close()

    def _ask_for_camera(self) -> None:
        # Also while the detector is still being loaded: the banner that asks is there as soon as its file is read.
        video, detector = self._session.video, self._session.scored_by
        if video and detector:
            zones = self._session.review.zones
            self.camera.open(self._window, video.path, detector.path, self._settings.device, zones)

    def _ask_for_verdicts(self) -> None:
        video, detector = self._session.video, self._session.detector
        if video and detector:
            self._reviews.flush()  # the work reads the files
            self.verdicts.open(self._window, self._recordings.fingerprints(), detector, self._settings.device)

    def _use_learnt(self, detector: Path, before: Path) -> None:
        self._settings.offer_newer(before, detector)
        if self._session.video:
            # Else it would be forgotten where the program is quit before it is loaded.
            self._settings.remember_detector(self._session.video.path, detector)
        self.learnt.emit(detector)

    def _pause(self) -> None:
        self._goes_on = self._session.analysis.phase is AnalysisPhase.RUNNING
        if self._goes_on:
            self._worker.pause_analysis()

    def _resume(self) -> None:
        if self._goes_on:
            self._worker.run_analysis()
        self._goes_on = False
