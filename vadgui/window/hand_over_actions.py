"""The actions that hand over a review: the dialog, and what happens when an export is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from engine.common.errors import ExportError
from engine.common.in_time import is_folder_in_time
from engine.common.language import tr
from engine.common.left_out import LeftOut
from engine.hand_over.jobs import first_of
from engine.hand_over.joint_jobs import REPORT_SUFFIXES
from engine.hand_over.unfinished import UnfinishedExport
from vadgui.dialogs.hand_over.dialog import HandOverDialog
from vadgui.dialogs.hand_over.page import SegmentsBox
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.model.engine_state import AnalysisPhase
from vadgui.model.session import ReviewSession
from vadgui.model.snapshot import ReviewSnapshot
from vadgui.settings import Settings
from vadgui.window.exports_view import open_file


class HandOverActions(QObject):
    """Connects the window's actions to the dialog."""

    export_requested = Signal(object, object)
    """An ExportJob, and as the UnfinishedExport that it is until it is done."""
    video_requested = Signal(object)
    """Path of the recording of an export that was not finished."""
    failed = Signal(object)
    """A VadError: nothing can be handed over."""
    recordings_requested = Signal(object)
    """Paths of several recordings that are to be read, to be handed over together; see `ask_of`."""
    exported_again = Signal(int)
    """Number of an export that was not finished and is requested anew."""

    def __init__(
        self, window: QWidget, actions: Mapping[str, QAction], session: ReviewSession, settings: Settings
    ) -> None:
        super().__init__(window)
        self._window = window
        self._actions = actions
        self._session = session
        self._settings = settings
        self._again: tuple[int, UnfinishedExport] | None = None
        """Number and export whose recording is being opened."""
        actions["export"].triggered.connect(lambda: self.ask(SegmentsBox.SELECTED))
        actions["hand_over"].triggered.connect(lambda: self.ask(SegmentsBox.CONFIRMED))
        session.video_changed.connect(self._enable)
        session.video_changed.connect(self._drop_of_another)
        for changed in (session.video_changed, session.detector_changed, session.analysis_changed):
            # Later: whoever opened the recording has not yet said which detector it takes.
            changed.connect(lambda: QTimer.singleShot(0, self._go_on_with))
        session.scoring.selection_changed.connect(self._enable)
        self._enable()

    def ask(self, which: str) -> HandOverDialog | None:
        """Open the dialog at clips of these segments; None where nothing is open."""
        snapshot = ReviewSnapshot.of(self._session)
        if snapshot is None:
            return None
        return self._open_dialog([snapshot], which)

    def ask_of(self, snapshots: Sequence[ReviewSnapshot], left_out: Sequence[LeftOut]) -> None:
        """Open the dialog for recordings that were read; those that were `left_out` could not be."""
        again, self._again = self._again, None
        if not snapshots:
            what = tr("None of these recordings can be handed over")
            self.failed.emit(ExportError(what, advice=first_of([each.in_words for each in left_out])))
            return
        dialog = self._open_dialog(snapshots, SegmentsBox.CONFIRMED, left_out)
        if again:
            self._choose_again(dialog, *again)

    def _open_dialog(
        self, snapshots: Sequence[ReviewSnapshot], which: str, left_out: Sequence[LeftOut] = ()
    ) -> HandOverDialog:
        dialog = HandOverDialog(snapshots, self._settings, self._folder(), self._window, left_out)
        box = dialog.clips.segments_box
        box.choose(which)
        if not box.segment_count:
            box.choose(SegmentsBox.ALL)
        dialog.export_requested.connect(self.export_requested)
        dialog.open()
        return dialog

    def _choose_again(self, dialog: HandOverDialog, number: int, export: UnfinishedExport) -> None:
        dialog.choose_again(export)
        dialog.export_requested.connect(lambda *_: self.exported_again.emit(number))

    def ask_again(self, number: int, export: UnfinishedExport) -> None:
        """Open the recording of an export that was not finished, and then the dialog as it was."""
        self._again = number, export
        if export.others:
            self.recordings_requested.emit([Path(export.video), *map(Path, export.others)])
            return
        if not self._is_open(export):
            self.video_requested.emit(Path(export.video))
        self._go_on_with()

    def opening_failed(self) -> None:
        """The recording that was to be handed over again can't be opened: it is offered still."""
        self._again = None

    def _drop_of_another(self) -> None:
        again = self._again
        if again and not again[1].others and self._session.video and not self._is_open(again[1]):
            self._again = None

    def _go_on_with(self) -> None:
        session = self._session
        if (
            self._again is None
            or self._again[1].others
            or not self._is_open(self._again[1])
            or session.detector_is_coming
        ):
            return
        number, export = self._again
        phase = session.analysis.phase
        is_to_come = self._settings.analyse_on_open and phase is AnalysisPhase.IDLE
        if session.detector and (is_to_come or phase is AnalysisPhase.RUNNING):
            return
        self._again = None
        segment = session.navigation.at(export.start)
        if export.which == SegmentsBox.SELECTED and segment:
            session.navigation.select(segment)
        if dialog := self.ask(export.which):
            self._choose_again(dialog, number, export)

    def _is_open(self, export: UnfinishedExport) -> bool:
        return self._session.video is not None and self._session.video.path == Path(export.video)

    def show_done(self, state: ExportState) -> None:
        """Open a report as soon as it is there."""
        if state.phase is ExportPhase.DONE and state.path.suffix in REPORT_SUFFIXES:
            open_file(state.path)

    def _enable(self) -> None:
        self._actions["export"].setEnabled(self._session.scoring.selected is not None)
        self._actions["hand_over"].setEnabled(self._session.video is not None)

    def _folder(self) -> Path:
        # Never beside the recording, which may be evidence, unless somebody says so; what they say is remembered.
        if self._settings.export_folder:
            return Path(self._settings.export_folder)
        movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        return Path(movies) if movies and is_folder_in_time(Path(movies)) else Path.home()
