"""Hands the newest thing from one thread to another."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestValue(Generic[T]):
    """Holds the newest item only: older ones are replaced, so pixels never pile up before a slow painter."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._item: T | None = None

    def put(self, item: T) -> bool:
        """Leave an item, in place of any older one; whether it was empty, so that the receiver must be told."""
        with self._lock:
            was_empty = self._item is None
            self._item = item
            return was_empty

    def take(self) -> T | None:
        """The newest item, once."""
        with self._lock:
            item, self._item = self._item, None
            return item
