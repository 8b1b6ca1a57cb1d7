"""Looks into watched folders from time to time, in the background."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from engine.common.events import ShouldStop
from engine.common.language import tr
from engine.common.names import displayable
from engine.video.watching import FolderWatch
from vadgui.jobs.background import Background

POLL_MS = 5000


class FolderWatching(QObject):
    """Reports recordings that come into the folders; `background` does the work."""

    found = Signal(object)
    """Paths of new recordings."""
    failed = Signal(object)
    """An Exception that nobody expects: the folders are watched on."""
    told = Signal(str)
    """That a folder can't be read, or can again."""

    def __init__(self, background: Background, known: Callable[[], Collection[Path]], parent: QObject) -> None:
        """`known` are the recordings that are not to be reported."""
        super().__init__(parent)
        self._background = background
        self._known = known
        self._watches: list[FolderWatch] = []
        self._told: dict[Path, str] = {}
        self._timer = QTimer(self, singleShot=True, interval=POLL_MS)
        self._timer.timeout.connect(self._look)

    def use(self, folders: Sequence[str]) -> None:
        """Watch these folders from now on, and no others."""
        before = {watch.folder: watch for watch in self._watches}
        self._watches = [before.get(Path(folder)) or FolderWatch(Path(folder)) for folder in folders]
        self._timer.stop()
        self._background.cancel("look")
        if self._watches:
            self._look()

    def close(self) -> None:
        """Look no more."""
        self._timer.stop()

    def _look(self) -> None:
        known, watches = self._known(), list(self._watches)

        def look(should_stop: ShouldStop) -> Iterator[list[Path]]:
            yield [path for watch in watches for path in watch.look(known, should_stop)]

        self._background.begin("look", look, self._take, self._fail)

    def _take(self, paths: list[Path]) -> None:
        for watch in self._watches:
            before = self._told.get(watch.folder, "")
            self._told[watch.folder] = watch.problem
            if watch.problem and not before:
                words = tr("{folder} is watched, but: {problem}")
                self.told.emit(words.format(folder=displayable(watch.folder.name), problem=watch.problem))
        if paths:
            self.found.emit(paths)
        self._timer.start()

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error)
        self._timer.start()
