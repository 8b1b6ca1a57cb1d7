"""Calls into FFmpeg that have not come back yet: one that never does can't be interrupted, only named."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet


class DecoderCalls:
    """The calls of one decoder, of which there is one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.thread_id = threading.get_ident()
        self.since: float | None = None
        """When the present one began, by time.monotonic; None between calls."""
        with _lock:
            _all.add(self)


@dataclass(frozen=True)
class LongCall:
    """A call that has lasted long."""

    path: Path
    thread_id: int
    since: float
    """By time.monotonic."""


def long_calls(seconds: float) -> list[LongCall]:
    """Calls that have lasted for more than some seconds, of all threads."""
    with _lock:
        everyone = list(_all)
    before = time.monotonic() - seconds
    found = [(calls, calls.since) for calls in everyone]
    return [
        LongCall(calls.path, calls.thread_id, since) for calls, since in found if since is not None and since < before
    ]


_all: WeakSet[DecoderCalls] = WeakSet()
_lock = threading.Lock()
