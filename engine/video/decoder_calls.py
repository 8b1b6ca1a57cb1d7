"""Calls into FFmpeg, and to the disk of a recording, that have not come back yet.

One that never does can't be interrupted, only named.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakSet


class DecoderCalls:
    """The calls of one decoder or thread, of which there is one at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.thread_id = threading.get_ident()
        self.since: float | None = None
        """When the present one began, by time.monotonic; None between calls."""
        with _lock:
            _all.add(self)


@contextmanager
def call_noted(path: Path) -> Iterator[None]:
    """Note a call to the disk that a recording is on."""
    calls = DecoderCalls(path)
    calls.since = time.monotonic()
    try:
        yield
    finally:
        calls.since = None


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
