"""Opens archives: joins the window of an archive, what reads it, and the recordings that are opened from it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.common.language import tr
from engine.common.names import displayable
from vadgui.dialogs.files import ask_for_folder
from vadgui.settings import Settings
from vadgui.ui.keymap import Keymap
from vadgui.ui.questions import ask

if TYPE_CHECKING:
    from vadgui.archive.window import ArchiveWindow
    from vadgui.jobs.archive_reader import ArchiveReader
    from vadgui.jobs.recording_search import RecordingSearch, Sought


class ArchiveController(QObject):
    """Has at most one archive open; `close` closes its window and ends its threads."""

    open_requested = Signal(object, float, object)
    """Path of a recording to be opened, the seconds of it to be shown, and the path of its detector or None."""
    failed = Signal(object)
    """An Exception that nobody expects."""

    def __init__(self, settings: Settings, keymap: Keymap, main_window: QWidget) -> None:
        super().__init__(main_window)
        self._settings = settings
        self._keymap = keymap
        self._main_window = main_window
        self.window: ArchiveWindow | None = None
        self.reader: ArchiveReader | None = None
        self._search: RecordingSearch | None = None
        self._sought: tuple[Sought, float] | None = None
        """What is to be opened, and the seconds of it to be shown."""

    def ask(self) -> None:
        """Let the person say which archive is to be opened."""
        from vadgui.archive.chooser import ArchiveChooser

        chooser = ArchiveChooser(self._settings.recent_archives, self._parent)
        chooser.place_chosen.connect(self.open)
        chooser.open()

    def open(self, place: str) -> None:
        """Open the archive in a file or at a URL."""
        if self.window is None:
            self._make()
        assert self.window is not None
        assert self.reader is not None
        self.window.begin(place)
        self.reader.open(place)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def close(self) -> None:
        """Close the window and end the threads; closing twice is fine."""
        for each in (self.reader, self._search):
            if each:
                each.close()
        if self.window:
            self.window.close()
            self.window.deleteLater()
        self.window = self.reader = self._search = None

    @property
    def _parent(self) -> QWidget:
        return self.window if self.window and self.window.isVisible() else self._main_window

    def _make(self) -> None:
        # SQLAlchemy takes a while to import, and most people never open an archive.
        from vadgui.archive.window import ArchiveWindow
        from vadgui.jobs.archive_reader import ArchiveReader
        from vadgui.jobs.recording_search import RecordingSearch

        window = self.window = ArchiveWindow(self._settings, self._keymap)
        reader = self.reader = ArchiveReader()
        search = self._search = RecordingSearch()
        window.place_chosen.connect(self.open)
        window.choose_requested.connect(self.ask)
        window.refresh_requested.connect(reader.refresh)
        window.month_wanted.connect(reader.show_month)
        window.day_wanted.connect(reader.show_day)
        window.closed.connect(reader.rest)
        lists, lanes = window.lists, window.day.lanes
        lists.query_changed.connect(reader.rank)
        lists.hits_wanted.connect(reader.read_hits)
        for opened in (lists.hit_opened, lanes.hit_opened):
            opened.connect(lambda hit: self._look_for(hit, hit.peak_seconds))
        lanes.footage_opened.connect(self._look_for)
        lists.recording_opened.connect(lambda noted: self._look_for(noted, 0.0))
        reader.overview_read.connect(window.show_overview)
        reader.days_read.connect(window.show_days)
        reader.day_read.connect(window.show_day)
        reader.ranking_read.connect(window.show_ranking)
        reader.hits_read.connect(window.show_hits)
        reader.failed.connect(window.show_failure)
        reader.caught_up.connect(window.show_caught_up)
        search.found.connect(self._open_recording)
        search.missing.connect(self._tell_missing)
        search.not_in_folder.connect(self._tell_not_found)
        search.failed.connect(self.failed)

    # A recording of it

    def _look_for(self, sought: Sought, seconds: float) -> None:
        self._sought = sought, seconds
        if self._search:
            self._search.look(sought)

    def _open_recording(self, path: Path, detector: Path | None) -> None:
        if self._sought:
            self.open_requested.emit(path, self._sought[1], detector)
            self._main_window.showNormal() if self._main_window.isMinimized() else self._main_window.show()
            self._main_window.raise_()
            self._main_window.activateWindow()

    def _tell_missing(self, folder_is_there: bool) -> None:
        why = (
            tr("It was moved, renamed or deleted. `vad archive scan` finds it where it is in a folder of the archive.")
            if folder_is_there
            else tr("Its folder is not there either: is its disk or network share connected?")
        )
        self._offer_search(tr("The recording is not where it was."), why)

    def _tell_not_found(self, folder: Path) -> None:
        self._offer_search(
            tr("The recording was not found."), tr("Searched: {folder}").format(folder=displayable(folder))
        )

    def _offer_search(self, what: str, why: str) -> None:
        if self._sought is None:
            return
        answers: dict[str, Callable[[], None]] = {tr("Look for it in a folder …"): self._ask_where}
        ask(self._parent, what, f"{displayable(self._sought[0].path)}\n\n{why}", answers)

    def _ask_where(self) -> None:
        def look(folder: Path) -> None:
            if self._sought and self._search:
                self._search.look_in(folder, self._sought[0])

        ask_for_folder(self._parent, tr("Look for the recording"), self._settings.video_folder, look)
