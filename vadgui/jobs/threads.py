"""How threads are left behind that hang in a call which nothing ends, as on a share that does not answer."""

from __future__ import annotations

import threading

HANGING_SECONDS = 10.0
"""After so long a call is taken as hanging."""
_left_behind: list[object] = []
"""Owners of such threads: the last reference must not go in the thread, which would destroy a QObject of the GUI
thread."""


def join_or_leave(thread: threading.Thread, owner: object, seconds: float | None = None) -> None:
    """Wait for a thread's end; a daemon that hangs is left behind with its owner, and ends with the program."""
    thread.join(HANGING_SECONDS if seconds is None else seconds)
    if thread.is_alive():
        _left_behind.append(owner)
