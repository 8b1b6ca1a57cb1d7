"""Lowers the priority of worker threads, so that the GUI thread stays responsive."""

from __future__ import annotations

import os
import sys
import threading

_NICENESS = 5


def lower_thread_priority() -> None:
    """Lower the calling thread's priority on Linux below the GUI thread's; elsewhere niceness is the whole process's.

    A thread that was started by one of lower priority has that already, and is not lowered again.
    """
    if sys.platform == "linux":
        niceness = min(os.getpriority(os.PRIO_PROCESS, os.getpid()) + _NICENESS, 19)
        if os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < niceness:
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
