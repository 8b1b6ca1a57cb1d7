"""An LRU cache with a limit in bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cachetools import LRUCache

T = TypeVar("T")


def byte_cache(max_bytes: int, size_bytes: Callable[[T], int]) -> LRUCache[int, T]:
    """LRU cache by number, limited to `max_bytes`; the newest value stays even when it alone exceeds the limit."""
    limit = max(max_bytes, 1)  # at 0, values of 0 bytes would accumulate without limit
    return LRUCache(limit, getsizeof=lambda value: min(size_bytes(value), limit))
