"""The dialogs by which a person chooses recordings, frame rate, settings and keys."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from vadgui.dialogs.files import RECORDING_FILTER, ask_for_files, ask_for_folder
from vadgui.dialogs.help import ShortcutsDialog
from vadgui.dialogs.rate import ask_for_rate
from vadgui.dialogs.settings import SettingsDialog
from vadgui.model.session import ReviewSession
from vadgui.settings import Settings
from vadgui.ui.keymap import Keymap


class Requests(QObject):
    """Opens the dialogs over a window, and emits what was chosen."""

    recordings_chosen = Signal(object)
    """Paths of files and folders, one or many."""
    watch_requested = Signal(object)
    """Path of a folder whose new recordings are to come onto the list."""
    find_moved_requested = Signal(object)
    """Path of a folder in which recordings of the list may be that are not where they were."""
    rate_given = Signal(float)
    """Frames a second of the recording that is open, which does not store its rate."""

    def __init__(self, window: QWidget, session: ReviewSession, settings: Settings, keymap: Keymap) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._settings = settings
        self._keymap = keymap

    def ask_for_videos(self) -> None:
        """Choose recordings to open, one or many."""
        chosen = self.recordings_chosen.emit
        ask_for_files(self._window, "Open videos", self._settings.video_folder, RECORDING_FILTER, chosen)

    def ask_for_folder(self) -> None:
        """Choose a folder of videos or pictures to open."""
        chosen = self.recordings_chosen.emit
        ask_for_folder(self._window, "Open folder", self._settings.video_folder, lambda path: chosen([path]))

    def ask_for_folder_to_watch(self) -> None:
        """Choose a folder whose new recordings come onto the list."""
        ask_for_folder(self._window, "Watch folder", self._settings.video_folder, self.watch_requested.emit)

    def ask_where_moved(self) -> None:
        """Choose where recordings of the list are looked for."""
        chosen = self.find_moved_requested.emit
        ask_for_folder(self._window, "Find moved recordings", self._settings.video_folder, chosen)

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
