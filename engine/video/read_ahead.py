"""Makes items in a thread of its own while others are used, as decoding beside the networks."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import closing, nullcontext
from typing import Generic, TypeVar

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop, never_stop

T = TypeVar("T")


def read_ahead(items: Iterator[T], depth: int, should_stop: ShouldStop = never_stop) -> Generator[T, None, None]:
    """The same items in the same order, up to `depth` of them made before they are asked for.

    What `items` raises is raised here after the items before it. The thread ends with the last item, or when this
    generator is closed, which waits for the item that is being made: what takes long to make should ask the same
    `should_stop`, which is asked from that thread.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    if depth < 1:
        raise ValueError(f"at least one item has to be made ahead, not {depth}")
    return _taken(items, depth, should_stop)


def _taken(items: Iterator[T], depth: int, should_stop: ShouldStop) -> Generator[T, None, None]:
    made: _Made[T] = _Made(depth)
    # A program that dies of an error, with the frames of its traceback still alive, must not wait for it for ever.
    thread = threading.Thread(target=made.fill, args=(items, should_stop), name="vadgui-read-ahead", daemon=True)
    thread.start()
    try:
        yield from made.items()
    finally:
        made.close()
        thread.join()


class _Made(Generic[T]):
    """Items between the thread that makes them and the one that takes them."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None

    def fill(self, items: Iterator[T], should_stop: ShouldStop) -> None:
        """Make items until there are no more, one fails, or nobody takes them any longer."""
        error: BaseException | None = None
        try:
            with closing(items) if isinstance(items, Generator) else nullcontext():
                for item in items:
                    if should_stop():
                        raise Cancelled
                    if not self._put(item):
                        break
        except BaseException as raised:  # whatever it is, the thread that takes items has to know
            error = raised
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def _put(self, item: T) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._waiting) < self._depth)
            if not self._closed:
                self._waiting.append(item)
                self._changed.notify_all()
            return not self._closed

    def items(self) -> Iterator[T]:
        """The items as they come; raises what making them raised."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._ended)
                if not self._waiting:
                    break
                item = self._waiting.popleft()
                self._changed.notify_all()
            yield item
        if self._error:
            raise self._error

    def close(self) -> None:
        """Let the thread that makes items end after the one it is at."""
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()
