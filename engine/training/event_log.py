"""The event log of a run: a file of JSON lines, one per event."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from engine.common.events import Event, Noted, Progress, SampleSaved, from_json_line, to_json_line
from engine.common.paths import read_regular


class EventLog:
    """Appends events to a file; `read_event_log` skips a line that a killed process left incomplete."""

    def __init__(self, path: Path) -> None:
        """Open the file for appending; raises OSError if it can't be written."""
        self._file = path.open("ab+")
        self._file.seek(0, os.SEEK_END)
        if self._file.tell():
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")

    def write(self, event: Event) -> None:
        """Append one event; events other than progress, samples and notices are also fsynced to survive a power cut.

        Raises:
            OSError: the disk is full.
        """
        self._file.write(to_json_line(event).encode() + b"\n")
        self._file.flush()
        if not isinstance(event, Progress | SampleSaved | Noted):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        with suppress(OSError):  # a failed flush already raised in `write`
            self._file.close()


def read_event_log(path: Path) -> Iterator[Event]:
    """All complete events of a log, oldest first; nothing if there is no file."""
    try:
        lines = read_regular(path).decode("ascii", "replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        with suppress(ValueError):
            yield from_json_line(line)
