"""Reads a run's events as they are written, by whichever process."""

from __future__ import annotations

from pathlib import Path

from engine.common.events import Event, from_json_line


class EventTail:
    """What has been added to an events file since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read = 0

    def skip(self) -> None:
        """Pass over what is there now.

        Raises:
            OSError: the file can't be reached.
        """
        self._read = self._path.stat().st_size

    def read(self) -> list[Event]:
        """Events that are new, whole lines only; none while there is no file."""
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
