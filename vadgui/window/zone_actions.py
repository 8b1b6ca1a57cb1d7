"""What a person can do about zones besides drawing them: edit or not, save, load."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from engine.common.errors import VadError, ZonesError
from engine.common.in_time import answer_in_time, check_answers
from engine.common.language import tr, tr_noop
from engine.common.names import fitting_name
from engine.scoring.zone_files import SUFFIX, read_zones, write_zones
from engine.video.writer import free_path
from vadgui.dialogs.files import ZONES_FILTER, ask_for_file, ask_for_target
from vadgui.model.session import ReviewSession
from vadgui.panels.grid import PanelGrid
from vadgui.settings import Settings


class ZoneActions(QObject):
    """Connects the action, the bar of the panels and the review."""

    def __init__(
        self, window: QWidget, action: QAction, session: ReviewSession, panels: PanelGrid, settings: Settings
    ) -> None:
        super().__init__(window)
        self._window = window
        self._action = action
        self._session = session
        self._settings = settings
        panels.header.add_tool(action)
        action.toggled.connect(panels.edit_zones)
        bar = panels.zone_bar
        bar.done.connect(lambda: action.setChecked(False))
        bar.load_requested.connect(self._ask_for_file)
        bar.save_requested.connect(self._ask_for_target)
        session.video_changed.connect(self._enable)
        session.review.access_changed.connect(self._enable)
        self._enable()

    def _enable(self) -> None:
        possible = self._session.video is not None and not self._session.review.read_only
        self._action.setEnabled(possible)
        if not possible:
            self._action.setChecked(False)

    def load(self, path: Path) -> None:
        """Use the zones of a file in place of those that are there."""
        review = self._session.review
        try:
            check_answers(path.parent, ZonesError)
            zones = read_zones(path)
        except VadError as error:
            review.refused.emit(str(error))
            return
        review.edit(lambda editor: editor.set_zones(tr_noop("Load zones") + f" ({path.name})", zones))

    def save(self, path: Path) -> None:
        """Write the zones to a file."""
        try:
            check_answers(path.parent, ZonesError)
            write_zones(path, self._session.review.zones)
        except VadError as error:
            self._session.review.refused.emit(str(error))

    def _ask_for_file(self) -> None:
        dialog = ask_for_file(self._window, tr("Load zones"), self._settings.video_folder, ZONES_FILTER, self.load)
        self._session.review.opened.connect(dialog.reject)  # they were meant for the recording before

    def _ask_for_target(self) -> None:
        video = self._session.video
        if video:
            folder = Path(self._settings.video_folder)
            target = folder / fitting_name(video.path.stem, SUFFIX)
            target = answer_in_time(folder, lambda: free_path(target), otherwise=target)
            dialog = ask_for_target(self._window, tr("Save zones"), target, ZONES_FILTER, SUFFIX, self.save)
            self._session.review.opened.connect(dialog.reject)
