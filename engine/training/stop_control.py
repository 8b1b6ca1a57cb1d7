"""Requests to a running training: to stop, or to finish the current stage now."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Literal

from engine.common.paths import read_regular

Request = Literal["stop", "finish"]

_POLL_SECONDS = 0.25


class StopControl:
    """Collects requests from any thread and from the run's request file; the trainer polls it in its own thread."""

    def __init__(self, request_file: Path | None = None) -> None:
        self._file = request_file
        self._polled_at = float("-inf")
        self._stop = threading.Event()
        self._finish = threading.Event()

    def add(self, request: Request) -> None:
        """Record a request."""
        (self._stop if request == "stop" else self._finish).set()

    def should_stop(self) -> bool:
        """Whether the run shall stop; stays true once it is."""
        self._poll()
        return self._stop.is_set()

    def should_finish(self) -> bool:
        """Whether the current stage shall end now with its best model; true once per request."""
        self._poll()
        if not self._finish.is_set():
            return False
        self._finish.clear()
        return True

    def _poll(self) -> None:
        now = time.monotonic()
        if self._file is None or now - self._polled_at < _POLL_SECONDS:
            return
        self._polled_at = now
        try:
            request = read_regular(self._file).decode(errors="replace").strip()
        except OSError:
            return
        if request == "stop":
            self.add("stop")
        elif request == "finish":
            self.add("finish")
        if request:  # an empty file is still being written
            self._file.unlink(missing_ok=True)
