from __future__ import annotations

import os
import sys
import threading

import pytest

from vadgui.jobs.priority import lower_thread_priority


@pytest.mark.skipif(sys.platform != "linux", reason="niceness is the whole process's elsewhere")
def test_a_worker_of_a_worker_is_no_lower_than_it() -> None:
    found: list[int] = []

    def work(depth: int) -> None:
        lower_thread_priority()
        lower_thread_priority()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        if depth:
            inner = threading.Thread(target=work, args=(depth - 1,))
            inner.start()
            inner.join()

    outer = threading.Thread(target=work, args=(1,))
    outer.start()
    outer.join()
    own = os.getpriority(os.PRIO_PROCESS, os.getpid())
    assert found == [min(own + 5, 19)] * 2
