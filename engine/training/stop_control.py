"""What people ask of a run while it works: to stop, or to finish a stage now."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

Request = Literal["stop", "finish"]

_LOOK_SECONDS = 0.25
_STALE_SECONDS = 5.0


class StopControl:
    """Collects requests from any thread and from the run's request file; the trainer asks for them in its own."""

    def __init__(self, request_file: Path | None = None) -> None:
        """Make it when the process starts: a file that is older was meant for an earlier one, and goes."""
        self._file = request_file
        with suppress(OSError):
            if request_file is not None and request_file.stat().st_mtime < time.time() - _STALE_SECONDS:
                request_file.unlink()
        self._looked = float("-inf")
        self._stop = threading.Event()
        self._finish = threading.Event()

    def add(self, request: Request) -> None:
        """Take a request down."""
        (self._stop if request == "stop" else self._finish).set()

    def should_stop(self) -> bool:
        """Whether the run shall stop; once true it stays so."""
        self._look()
        return self._stop.is_set()

    def should_finish(self) -> bool:
        """Whether the stage at work shall end with the best it has; every request is reported once."""
        self._look()
        if not self._finish.is_set():
            return False
        self._finish.clear()
        return True

    def _look(self) -> None:
        now = time.monotonic()
        if self._file is None or now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        try:
            word = self._file.read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return
        if word == "stop":
            self.add("stop")
        elif word == "finish":
            self.add("finish")
        if word:  # an empty file is one whose writer has not come to its word yet
            self._file.unlink(missing_ok=True)
