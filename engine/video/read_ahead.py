"""Produces items in a background thread, such as decoding while the networks run."""

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
    """Yield the same items in the same order, with up to `depth` of them produced ahead.

    An error in `items` is raised here after the items before it. The thread ends after the last item, or when this
    generator is closed, which waits for the item in production: an iterator with slow items should check the same
    `should_stop`. The background thread calls `should_stop`.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    if depth < 1:
        raise ValueError(f"at least one item has to be made ahead, not {depth}")
    return _consume(items, depth, should_stop)


def _consume(items: Iterator[T], depth: int, should_stop: ShouldStop) -> Generator[T, None, None]:
    queue: _BoundedQueue[T] = _BoundedQueue(depth)
    # Daemon: a program that ends with an error may never close this generator and must not wait for the thread.
    thread = threading.Thread(target=queue.fill, args=(items, should_stop), name="vadgui-read-ahead", daemon=True)
    thread.start()
    try:
        yield from queue.items()
    finally:
        queue.close()
        thread.join()


class _BoundedQueue(Generic[T]):
    """Bounded queue between the producing thread and the consuming one."""

    def __init__(self, depth: int) -> None:
        self._depth = depth
        self._queued: deque[T] = deque()
        self._changed = threading.Condition()
        self._ended = False
        self._closed = False
        self._error: BaseException | None = None

    def fill(self, items: Iterator[T], should_stop: ShouldStop) -> None:
        """Produce items until there are no more, one fails, or the queue is closed."""
        error: BaseException | None = None
        try:
            with closing(items) if isinstance(items, Generator) else nullcontext():
                for item in items:
                    if should_stop():
                        raise Cancelled
                    if not self._put(item):
                        break
        except BaseException as raised:  # re-raised in the consuming thread
            error = raised
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def _put(self, item: T) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or len(self._queued) < self._depth)
            if not self._closed:
                self._queued.append(item)
                self._changed.notify_all()
            return not self._closed

    def items(self) -> Iterator[T]:
        """Yield the items as they are produced, then raise the error that ended production, if any."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queued or self._ended)
                if not self._queued:
                    break
                item = self._queued.popleft()
                self._changed.notify_all()
            yield item
        if self._error:
            raise self._error

    def close(self) -> None:
        """End the producing thread after its current item."""
        with self._changed:
            self._closed = True
            self._queued.clear()
            self._changed.notify_all()
