"""The actions that hand over a review: the dialog, and what happens when an export is done."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from engine.hand_over.jobs import REPORT_SUFFIX
from vadgui.dialogs.hand_over.dialog import HandOverDialog
from vadgui.dialogs.hand_over.page import SegmentsBox
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.model.session import ReviewSession
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings
from vadgui.window.exports_view import open_file


class HandOverActions(QObject):
    """Connects the window's actions to the dialog."""

    export_requested = Signal(object)
    """An ExportJob."""

    def __init__(
        self, window: QWidget, actions: Mapping[str, QAction], session: ReviewSession, settings: Settings
    ) -> None:
        super().__init__(window)
        self._window = window
        self._actions = actions
        self._session = session
        self._settings = settings
        actions["export"].triggered.connect(lambda: self.ask(SegmentsBox.SELECTED))
        actions["hand_over"].triggered.connect(lambda: self.ask(SegmentsBox.CONFIRMED))
        session.video_changed.connect(self._enable)
        session.scoring.selection_changed.connect(self._enable)
        self._enable()

    def ask(self, which: str) -> HandOverDialog | None:
        """Open the dialog at clips of these segments; None where nothing is open."""
        snapshot = ReviewSnapshot.of(self._session)
        if snapshot is None:
            return None
        dialog = HandOverDialog(snapshot, self._settings, self._folder(), self._window)
        box = dialog.clips.segments_box
        box.choose(which)
        if not box.segments:
            box.choose(SegmentsBox.ALL)
        dialog.export_requested.connect(self.export_requested)
        dialog.open()
        return dialog

    def show_done(self, state: ExportState) -> None:
        """Open a report in the browser as soon as it is there."""
        if state.phase is ExportPhase.DONE and state.path.suffix == REPORT_SUFFIX:
            open_file(state.path)

    def _enable(self) -> None:
        self._actions["export"].setEnabled(self._session.scoring.selected is not None)
        self._actions["hand_over"].setEnabled(self._session.video is not None)

    def _folder(self) -> Path:
        # Never beside the recording, which may be evidence, unless somebody says so; what they say is remembered.
        if self._settings.export_folder:
            return Path(self._settings.export_folder)
        movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        return Path(movies) if movies and Path(movies).is_dir() else Path.home()
