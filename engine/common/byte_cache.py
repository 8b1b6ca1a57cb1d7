"""Caches that keep as much as fits into a number of bytes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cachetools import LRUCache

T = TypeVar("T")


def byte_cache(max_bytes: int, size_bytes: Callable[[T], int]) -> LRUCache[int, T]:
    """What was used last, by number; the newest stays even when it alone is too large."""
    capped = max(max_bytes, 1)  # in a cache of no bytes things of no bytes would pile up
    return LRUCache(capped, getsizeof=lambda kept: min(size_bytes(kept), capped))
