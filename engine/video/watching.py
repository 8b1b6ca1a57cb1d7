"""Recordings that come into a folder, seen by looking again and again: many file systems tell nothing by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from engine.common.errors import VideoError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.video.exported import is_exported
from engine.video.finding import find_recordings

REST_SECONDS = 30.0
"""Longer than recorders wait between two writes."""


class FolderWatch:
    """Finds what is new in a folder and below; what still grows is left alone until it rests."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.problem = ""
        """Why the folder can't be read at present; empty where it can."""
        self._clock = clock
        self._exported: dict[Path, tuple[int, int]] = {}
        """Size and time of change of what the program wrote itself."""
        self._resting: dict[Path, tuple[tuple[int, int], float]] = {}
        """Size and time of change of what is not reported yet, and since when they are the same."""

    def look(self, known: Collection[Path], should_stop: ShouldStop = never_stop) -> Iterator[Path]:
        """Yield recordings that are not among the `known` and did not change for REST_SECONDS; no exported clips.

        The times in a folder may be of another machine's clock, so a change is what differs from the look before.

        Raises:
            Cancelled: `should_stop` said yes.
        """
        before, self._resting, self.problem = self._resting, {}, ""
        for each in find_recordings([self.folder], should_stop) if self.folder.is_dir() else self._lost():
            if isinstance(each, VideoError):
                self.problem = f"{each.what}. {each.advice}"
                continue
            state = None if each in known else _state(each)
            if state is None or self._exported.get(each) == state:
                continue
            now = self._clock()
            same, since = before.get(each, (None, now))
            since = since if same == state else now
            if now - since < REST_SECONDS:
                self._resting[each] = state, since
            elif is_exported(each, self.folder):
                self._exported[each] = state
            else:
                yield each

    def _lost(self) -> Iterator[VideoError]:
        yield VideoError(tr("The folder is gone"), subject=self.folder, advice=tr("It is looked for again and again."))


def _state(recording: Path) -> tuple[int, int] | None:
    """Size and time of change; None where it has just gone."""
    try:
        stat = recording.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns
