from __future__ import annotations

import threading

from vadgui.jobs.latest_value import LatestValue


def test_holds_only_the_newest_item() -> None:
    box: LatestValue[int] = LatestValue()
    assert box.take() is None
    assert box.put(1) is True
    assert box.put(2) is False
    assert box.take() == 2
    assert box.take() is None
    assert box.put(3) is True


def test_a_slow_reader_gets_the_newest_item_and_one_notification_for_it() -> None:
    box: LatestValue[int] = LatestValue()
    notifications = 0

    def write() -> None:
        nonlocal notifications
        for number in range(1, 10_001):
            notifications += box.put(number)

    writer = threading.Thread(target=write)
    writer.start()
    taken = [item for _ in range(1000) if (item := box.take()) is not None]
    writer.join()
    last = box.take()
    taken += [last] if last else []
    assert taken == sorted(set(taken))
    assert taken[-1] == 10_000
    assert notifications == len(taken)
