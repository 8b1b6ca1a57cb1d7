from __future__ import annotations

import threading

from vadgui.jobs.latest_value import LatestValue


def test_holds_the_newest_only() -> None:
    box: LatestValue[int] = LatestValue()
    assert box.take() is None
    assert box.put(1) is True
    assert box.put(2) is False
    assert box.take() == 2
    assert box.take() is None
    assert box.put(3) is True


def test_a_slow_reader_gets_the_last_item_and_one_call_for_it() -> None:
    box: LatestValue[int] = LatestValue()
    calls = 0

    def write() -> None:
        nonlocal calls
        for number in range(1, 10_001):
            calls += box.put(number)

    writer = threading.Thread(target=write)
    writer.start()
    taken = [item for _ in range(1000) if (item := box.take()) is not None]
    writer.join()
    last = box.take()
    taken += [last] if last else []
    assert taken == sorted(set(taken))
    assert taken[-1] == 10_000
    assert calls == len(taken)
