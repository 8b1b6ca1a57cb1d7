"""Notices that the file of the open recording is another by now, whose pictures would be shown under the old scores."""

from __future__ import annotations

from contextlib import suppress
from enum import Enum

from engine.common.remote_path import RemotePath
from engine.video.decoder_calls import call_noted
from engine.video.fingerprint import file_fingerprint
from engine.video.source import VideoSource

_LOOKS_UNTIL_GONE = 2


class SourceChange(Enum):
    """What became of a recording's file since it was opened."""

    GROWN = "grown"
    """What was there is still there, and there is more: it is being recorded or copied."""
    REPLACED = "replaced"
    """Its content is another."""
    GONE = "gone"
    """There is no file of that name any more: deleted, moved, renamed, or its disk taken away."""
    BACK = "back"
    """After it was gone it is there again, as it was."""


class SourceGuard:
    """Looks at the file of one recording again and again; not at one elsewhere, where each look is a request."""

    def __init__(self, source: VideoSource) -> None:
        self._source = source
        opened = self._state()
        self._size = opened[1] if opened else 0
        self._can_go = opened is not None
        self._missed = 0
        """How many looks in a row have found no file."""
        self._seen: tuple[int, int, int] | None = None
        self._told: SourceChange | None = None

    def look(self) -> SourceChange | None:
        """What became of the file, where that has not been told; None where it is as it was."""
        with call_noted(self._source.info.path):
            state = self._state()
            if state is None:
                return self._look_gone()
            self._missed = 0
            if state == self._seen:
                return None
            change = self._change()
            if state == self._state():  # else it is being written to: look again
                self._seen = state
        if change is None and self._told is SourceChange.GONE:
            change = SourceChange.BACK
        return self._tell(change) if change else None

    def _look_gone(self) -> SourceChange | None:
        """Gone it is at the second look: a program that replaces a file may take its name away for a moment."""
        self._missed += 1
        is_other = self._told is SourceChange.REPLACED  # which goes on to hold, whatever comes back
        if not self._can_go or is_other or self._missed < _LOOKS_UNTIL_GONE:
            return None
        self._seen = None  # to be looked at again when it is back
        return self._tell(SourceChange.GONE)

    def _tell(self, change: SourceChange) -> SourceChange | None:
        if change is self._told:
            return None
        self._told = change
        return change

    def _change(self) -> SourceChange | None:
        if not self._source.is_changed():
            return None
        with suppress(OSError):
            info = self._source.info
            if info.path.is_file() and file_fingerprint(info.path, self._size) == info.fingerprint:
                return SourceChange.GROWN
        return SourceChange.REPLACED

    def _state(self) -> tuple[int, int, int] | None:
        """When the file was written, its size, and which it is; of a folder what tells that pictures came or went."""
        path = self._source.info.path
        if isinstance(path, RemotePath):
            return None
        with suppress(OSError):
            status = path.stat()
            return status.st_mtime_ns, status.st_size, status.st_ino
        return None
