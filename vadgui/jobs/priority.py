"""Lets the GUI thread go first."""

from __future__ import annotations

import os
import sys

_NICENESS = 5


def lower_thread_priority() -> None:
    """Lower the calling thread's priority, where a thread has one of its own: elsewhere niceness is the process's."""
    if sys.platform == "linux":
        os.nice(_NICENESS)
