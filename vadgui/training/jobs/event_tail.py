"""Reads the events that another process appends to a run's events file."""

from __future__ import annotations

from pathlib import Path

from engine.common.events import Event, from_json_line


class EventTail:
    """Reads the events added to a file since the last read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def skip(self) -> None:
        """Skip the events that the file contains now.

        Raises:
            OSError: the file's size can't be read.
        """
        self._read = self._path.stat().st_size

    def read(self) -> list[Event]:
        """The new events, from complete lines only; none while there is no file."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._read)
                added = file.read()
        except FileNotFoundError:
            return []
        whole = added[: added.rfind(b"\n") + 1]
        self._read += len(whole)
        events = []
        for line in whole.splitlines():
            try:
                events.append(from_json_line(line.decode("ascii", errors="replace")))
            except ValueError:
                continue
        return events
