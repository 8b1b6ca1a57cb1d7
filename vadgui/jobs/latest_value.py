"""Passes the newest item from one thread to another."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestValue(Generic[T]):
    """Holds only the newest item: older ones are replaced, so that views don't pile up where painting is slow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None

    def put(self, item: T) -> bool:
        """Replace the item; returns whether there was none, so that the receiver must be notified."""
        with self._lock:
            was_empty = self._item is None
            self._item = item
            return was_empty

    def take(self) -> T | None:
        """Remove and return the newest item; None where there is none."""
        with self._lock:
            item, self._item = self._item, None
            return item
