"""Reads an archive in a thread of its own: what is asked for, and all of it anew once another process changed it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, SignalInstance

from engine.archive.database import Archive
from engine.archive.overview import days, footage_of, overview
from engine.archive.ranking import hits, ranking
from engine.archive.searching import HitKey, Query
from engine.common.events import ShouldStop
from vadgui.jobs.background import Background

POLL_MS = 3000
_POLL_TIMES = 10
"""Of what reading everything took lately, so long is waited at least: an archive that is large is read less often."""


@dataclass(frozen=True)
class _Read:
    """Something that was read, and the signal that tells it."""

    signal: SignalInstance
    value: Any


class ArchiveReader(QObject):
    """Tells by signals what it has read; `close` ends its thread."""

    overview_read = Signal(object)
    """An Overview."""
    days_read = Signal(object)
    """DaySummary of each day of the month that has something."""
    day_read = Signal(object)
    """A DayFootage."""
    ranking_read = Signal(object)
    """HitKeys in order."""
    hits_read = Signal(object)
    """Hits by their HitKey."""
    failed = Signal(object)
    """Why the archive can't be opened or read now, an Exception; it is tried again."""
    caught_up = Signal()
    """What is on screen is what the archive holds."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = Background("vadgui-archive")
        self.place = ""
        self._archive: Archive | None = None
        """Of the background thread, as `_revision`."""
        self._revision: object = None
        """Of what is on screen; None where a part of it could not be read, so that all is read anew."""
        self._month: tuple[date, date] | None = None
        self._day: date | None = None
        self._query = Query()
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._poll)

    def open(self, place: str) -> None:
        """Read the archive in a file or at a URL in place of the present one."""
        self.place = place
        self._month = self._day = None
        self._query = Query()
        self._background.cancel_all()
        self.refresh()

    def refresh(self) -> None:
        """Read all that is shown anew."""
        self._timer.stop()
        self._background.begin("refresh", self._reading_anew(always=True), self._deliver, self._fail)

    def show_month(self, first: date, last: date) -> None:
        """Read the days from `first` to `last`."""
        self._month = first, last
        self._read("month", self._read_month)

    def show_day(self, day: date) -> None:
        """Read the footage of a day."""
        self._day = day
        self._read("day", self._read_day)

    def rank(self, query: Query) -> None:
        """Read which segments fit a query."""
        self._query = query
        self._read("ranking", self._read_ranking)

    def read_hits(self, keys: Sequence[HitKey]) -> None:
        """Read what these segments are; those asked for before are not wanted any more."""
        self._read("hits", lambda archive: _Read(self.hits_read, hits(archive, keys)), urgent=True)

    def rest(self) -> None:
        """Look for changes no more, until an archive is opened."""
        self._timer.stop()
        self._background.cancel_all()

    def close(self) -> None:
        """End the thread; closing twice is fine."""
        self._timer.stop()
        self._background.close()
        self._close_archive()

    def _read(self, kind: str, read: Callable[[Archive], _Read | None], *, urgent: bool = False) -> None:
        def work(_: ShouldStop) -> Iterator[_Read | None]:
            try:
                yield read(self._opened())
            except Exception:
                self._close_archive()
                raise

        self._background.begin(kind, work, self._deliver, self._fail, urgent=urgent)

    def _poll(self) -> None:
        self._background.begin("refresh", self._reading_anew(always=False), self._deliver, self._fail)

    def _deliver(self, item: _Read | float | None) -> None:
        if isinstance(item, _Read):
            item.signal.emit(item.value)
        elif item is not None:
            self.caught_up.emit()
            self._timer.start(max(POLL_MS, round(1000 * _POLL_TIMES * item)))

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error)
        self._timer.start(POLL_MS)

    # What follows runs in the background thread.

    def _reading_anew(self, *, always: bool) -> Callable[[ShouldStop], Iterator[_Read | float | None]]:
        place, is_shown = self.place, not always

        def work(_: ShouldStop) -> Iterator[_Read | float | None]:
            began = time.perf_counter()
            try:
                if is_shown and self._archive is not None and self._archive.revision() == self._revision:
                    yield 0.0
                    return
                # Anew: the file may be another one by now.
                self._close_archive()
                self._archive = Archive(place)
                self._revision = self._archive.revision()
                archive = self._archive
                yield _Read(self.overview_read, overview(archive))
                for read in (self._read_ranking, self._read_day, self._read_month):
                    yield read(archive)
            except Exception:
                self._close_archive()
                raise
            yield time.perf_counter() - began

        return work

    def _opened(self) -> Archive:
        if self._archive is None:
            self._archive = Archive(self.place)
        return self._archive

    def _close_archive(self) -> None:
        archive, self._archive, self._revision = self._archive, None, None
        if archive:
            archive.close()

    def _read_month(self, archive: Archive) -> _Read | None:
        return _Read(self.days_read, days(archive, *self._month)) if self._month else None

    def _read_day(self, archive: Archive) -> _Read | None:
        return _Read(self.day_read, footage_of(archive, self._day)) if self._day else None

    def _read_ranking(self, archive: Archive) -> _Read:
        return _Read(self.ranking_read, ranking(archive, self._query))
