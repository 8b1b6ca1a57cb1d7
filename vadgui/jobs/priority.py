"""Lowers the priority of worker threads, so that the GUI thread stays responsive."""

from __future__ import annotations

import os
import sys

_NICENESS = 5


def lower_thread_priority() -> None:
    """Lower the calling thread's priority on Linux; elsewhere niceness applies to the whole process."""
    if sys.platform == "linux":
        os.nice(_NICENESS)
