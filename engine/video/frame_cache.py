"""Recently decoded pictures, as many as fit into a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")

CACHE_BYTES = 256 << 20
"""What a source keeps unless told otherwise: 80 frames of 1080p as decoded."""


class FrameCache(Generic[T]):
    """Pictures, in whatever form, by frame number; the least recently used go first when the bytes run out."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[int, tuple[T, int]] = OrderedDict()

    def __contains__(self, index: int) -> bool:
        return index in self._kept

    @property
    def size_bytes(self) -> int:
        """What the kept pictures take."""
        return self._bytes

    def get(self, index: int) -> T | None:
        """A picture that is kept, which now counts as used."""
        if index not in self._kept:
            return None
        self._kept.move_to_end(index)
        return self._kept[index][0]

    def put(self, index: int, picture: T, size_bytes: int) -> None:
        """Keep a picture; the newest one stays even when it alone is too large."""
        _, replaced_bytes = self._kept.pop(index, (None, 0))
        self._kept[index] = (picture, size_bytes)
        self._bytes += size_bytes - replaced_bytes
        while self._bytes > self._max_bytes and len(self._kept) > 1:
            _, (_, freed_bytes) = self._kept.popitem(last=False)
            self._bytes -= freed_bytes

    def clear(self) -> None:
        """Let all pictures go."""
        self._kept.clear()
        self._bytes = 0
