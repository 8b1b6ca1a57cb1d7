"""The events of a run on disk, a JSON line each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.common.events import Event, Noted, Progress, SampleSaved, from_json_line, to_json_line


class EventLog:
    """Appends events to a file; a line that a kill cut short stays behind, and nobody reads it."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file can't be written."""
        self._file = path.open("ab+")
        self._file.seek(0, os.SEEK_END)
        if self._file.tell():
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")

    def write(self, event: Event) -> None:
        """Append one event, whole; those that would be missed survive a power cut.

        Raises:
            OSError: the disk is full.
        """
        self._file.write(to_json_line(event).encode() + b"\n")
        self._file.flush()
        if not isinstance(event, Progress | SampleSaved | Noted):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        with suppress(OSError):  # what could not be flushed is not worth an error of its own
            self._file.close()


def read_event_log(path: Path) -> Iterator[Event]:
    """All whole events of a journal, oldest first; none where there is no file."""
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        with suppress(ValueError):
            yield from_json_line(line)
