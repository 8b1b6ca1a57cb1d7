from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from engine.common.errors import Cancelled
from engine.video.read_ahead import read_ahead

PATIENCE_SECONDS = 10


class Counting:
    """Yields 0, 1, 2, ...; `made` counts the items, and `reached` is set after `signal_at` of them."""

    def __init__(self, stop: int, signal_at: int = 0, error: Exception | None = None) -> None:
        self.made = 0
        self.was_closed = False
        self.thread: threading.Thread | None = None
        self.reached = threading.Event()
        self._stop, self._signal_at, self._error = stop, signal_at, error

    def items(self) -> Iterator[int]:
        self.thread = threading.current_thread()
        try:
            for number in range(self._stop):
                self.made += 1
                if self.made >= self._signal_at:
                    self.reached.set()
                yield number
            if self._error:
                raise self._error
        finally:
            self.was_closed = True


@pytest.mark.parametrize("depth", [1, 2, 16, 500])
def test_all_items_come_in_order(depth: int) -> None:
    assert list(read_ahead(iter(range(300)), depth)) == list(range(300))
    assert list(read_ahead(iter([]), depth)) == []


def test_items_are_produced_ahead_up_to_the_depth() -> None:
    counting = Counting(100, signal_at=5)
    with closing(read_ahead(counting.items(), depth=4)) as items:
        assert next(items) == 0
        assert counting.reached.wait(PATIENCE_SECONDS)
        assert counting.made <= 6  # one consumed, four in the queue, one being added
        assert counting.thread is not threading.current_thread()
    assert counting.was_closed
    assert counting.thread is not None
    assert not counting.thread.is_alive()


def test_leaving_the_loop_ends_the_thread() -> None:
    counting = Counting(100)
    for number in read_ahead(counting.items(), depth=3):
        if number == 7:
            break
    assert counting.was_closed
    assert counting.thread is not None
    assert not counting.thread.is_alive()


def test_an_error_comes_after_the_items_before_it() -> None:
    items = read_ahead(Counting(5, error=OSError("torn")).items(), depth=2)
    assert [next(items) for _ in range(5)] == list(range(5))
    with pytest.raises(OSError, match="torn"):
        next(items)


def test_read_ahead_can_be_cancelled() -> None:
    stop = threading.Event()
    counting = Counting(10**9)
    items = read_ahead(counting.items(), 2, stop.is_set)
    assert [next(items) for _ in range(10)] == list(range(10))
    stop.set()
    with pytest.raises(Cancelled):
        list(items)
    assert counting.was_closed
    assert counting.made < 20


def test_the_thread_starts_with_the_first_item() -> None:
    counting = Counting(3)
    read_ahead(counting.items(), 2).close()
    assert counting.made == 0


def test_depth_0_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one"):
        read_ahead(iter([1]), 0)
