"""Reads the events that another process appends to a run's events file."""

from __future__ import annotations

from pathlib import Path

from engine.common.events import Event, from_json_line


class EventTail:
    """Reads the events added to a file since the last read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def skip(self) -> None:
        """Skip the events that the file contains now.

        Raises:
            OSError: the file's size can't be read.
        """
        self._offset = self._path.stat().st_size

    def read(self) -> list[Event]:
        """The new events, from complete lines only; none while there is no file."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                added = file.read()
        except FileNotFoundError:
            return []
        complete_lines = added[: added.rfind(b"\n") + 1]
        self._offset += len(complete_lines)
        events = []
        for line in complete_lines.splitlines():
            try:
                events.append(from_json_line(line.decode("ascii", errors="replace")))
            except ValueError:
                continue
        return events
