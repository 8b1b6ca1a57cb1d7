"""The dialogs by which a person chooses recording, frame rate, clip, settings and keys."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QWidget

from vadgui.dialogs.export import ClipRange, ExportDialog
from vadgui.dialogs.files import RECORDING_FILTER, ask_for_file, ask_for_folder
from vadgui.dialogs.help import ShortcutsDialog
from vadgui.dialogs.rate import ask_for_rate
from vadgui.dialogs.settings import SettingsDialog
from vadgui.model.session import ReviewSession
from vadgui.settings import Settings
from vadgui.ui.keymap import Keymap


class Requests(QObject):
    """Opens the dialogs over a window, and emits what was chosen."""

    video_chosen = Signal(object)
    """Path of a video or picture folder."""
    rate_given = Signal(float)
    """Frames a second of the recording that is open, which does not store its rate."""
    export_chosen = Signal(object, object, object)
    """ClipRange, ExportOptions and the target's Path."""

    def __init__(self, window: QWidget, session: ReviewSession, settings: Settings, keymap: Keymap) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._settings = settings
        self._keymap = keymap

    def ask_for_video(self) -> None:
        """Choose a recording to open."""
        ask_for_file(self._window, "Open video", self._settings.video_folder, RECORDING_FILTER, self.video_chosen.emit)

    def ask_for_picture_folder(self) -> None:
        """Choose a folder of pictures to open."""
        ask_for_folder(self._window, "Open picture folder", self._settings.video_folder, self.video_chosen.emit)

    def ask_for_rate(self) -> None:
        """Enter the frame rate of the recording that is open."""
        if self._session.video:
            ask_for_rate(self._window, self._session.video.average_fps, self.rate_given.emit)

    def change_settings(self) -> SettingsDialog:
        """Open the settings."""
        dialog = SettingsDialog(self._settings, self._keymap, self._window)
        dialog.open()
        return dialog

    def show_keys(self) -> None:
        """List the keys in force; from there one can change them."""
        dialog = ShortcutsDialog(self._keymap, self._window)
        dialog.change_requested.connect(lambda: self.change_settings().show_keys())
        dialog.open()

    def ask_for_export(self) -> None:
        """Choose what a clip of the selected segment shows, and where it goes."""
        clip = ClipRange.of_selection(self._session)
        if clip is None:
            return
        # Never beside the recording, which may be evidence, unless somebody says so; what they say is remembered.
        movies = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
        films = Path(movies) if movies and Path(movies).is_dir() else Path.home()
        folder = Path(self._settings.export_folder) if self._settings.export_folder else films
        remembered = tuple(filter(None, self._settings.export_panels.split(",")))
        panels = {"panels": remembered} if remembered else {}
        dialog = ExportDialog(
            clip,
            folder,
            score_strip=self._settings.export_strip,
            threshold=self._session.scoring.rule.enter,
            outlines=self._settings.outlines,
            parent=self._window,
            **panels,
        )
        dialog.export_chosen.connect(lambda options, target: self.export_chosen.emit(clip, options, target))
        dialog.open()
