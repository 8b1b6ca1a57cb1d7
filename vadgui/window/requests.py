"""The dialogs by which a person chooses recordings, frame rate, settings and keys."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.common.language import tr
from vadgui.dialogs.clock import ClockDialog
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
    watch_chosen = Signal(object)
    """Path of a folder whose recordings are to come onto the list."""
    search_chosen = Signal(object)
    """Path of a folder in which moved recordings of the list may be."""
    clock_chosen = Signal(object, str)
    """The recording's Clock, and a pattern of file names to remember, if any."""
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
        ask_for_files(self._window, tr("Open videos"), self._settings.video_folder, RECORDING_FILTER, chosen)

    def ask_for_folder(self) -> None:
        """Choose a folder of videos or pictures to open."""
        chosen = self.recordings_chosen.emit
        ask_for_folder(self._window, tr("Open folder"), self._settings.video_folder, lambda path: chosen([path]))

    def ask_for_folder_to_watch(self) -> None:
        """Choose a folder whose recordings come onto the list."""
        ask_for_folder(self._window, tr("Watch folder"), self._settings.video_folder, self.watch_chosen.emit)

    def ask_where_moved(self) -> None:
        """Choose the folder in which to look for moved recordings."""
        ask_for_folder(self._window, tr("Find moved recordings"), self._settings.video_folder, self.search_chosen.emit)

    def ask_for_clock(self) -> None:
        """Say when the recording that is open began."""
        video, review = self._session.video, self._session.review
        if video and review.may_change():
            dialog = ClockDialog(video.path, video.start, review.clock, self._window)
            dialog.clock_chosen.connect(self.clock_chosen)
            review.opened.connect(dialog.reject)  # it is about the recording before
            dialog.open()

    def ask_for_rate(self) -> None:
        """Enter the frame rate of the recording that is open."""
        if self._session.video:
            dialog = ask_for_rate(self._window, self._session.video.average_fps, self.rate_given.emit)
            self._session.review.opened.connect(dialog.reject)  # as above

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
