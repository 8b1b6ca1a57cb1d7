"""Checks a MATLAB file before SciPy reads it, which believes its sizes: one flipped bit takes gigabytes, or crashes it.

The format is MathWorks' "MAT-File Level 5". Of a variable, everything announced has to be there.
"""

from __future__ import annotations

import io
import math
import struct
import zlib
from typing import BinaryIO

_HEADER_BYTES = 128
_LEVEL_5 = 0x0100
_MATRIX, _COMPRESSED = 14, 15
_ITEM_BYTES = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4}
_CELL, _NUMBERS = 1, range(6, 16)
_COMPLEX = 0x0800
_MAX_DIMENSIONS, _MAX_DEPTH = 8, 4
_CHUNK_BYTES = 1 << 16


def check_mat(data: bytes, variable: str) -> None:
    """Check that a variable of cells of numbers, or of numbers, is whole; other variables are passed over.

    Raises:
        ValueError: it is not whole, or the file is of another level; one of level 7.3 (HDF5) passes.
    """
    if len(data) < _HEADER_BYTES:
        raise ValueError("it is too short for a MATLAB file")
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    version = struct.unpack_from(f"{order}H", data, 124)[0] if order else 0
    if version == 0x0200:
        return
    if version != _LEVEL_5:
        raise ValueError("it is no MATLAB file")
    file = _Reader(io.BytesIO(data[_HEADER_BYTES:]), order or "<")
    left = len(data) - _HEADER_BYTES
    while left >= 8:
        kind, size, _ = file.tag()
        left -= 8 + size
        if left < 0:
            raise ValueError("it is cut short")
        part = file.read(size)
        inner = _Reader(_Inflated(part) if kind == _COMPRESSED else io.BytesIO(part), file.order)
        if kind == _COMPRESSED:
            kind, size, _ = inner.tag()
        if kind == _MATRIX:
            inner.check_matrix(size, variable)


class _Reader:
    """Walks through the elements of a stream, and never holds more than a few bytes of them."""

    def __init__(self, stream: BinaryIO | _Inflated, order: str) -> None:
        self._stream = stream
        self.order = order

    def read(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise ValueError("it is cut short")
        return data

    def tag(self) -> tuple[int, int, bytes | None]:
        """Type and size in bytes of the next element, and its content if it is a small one."""
        start = self.read(8)
        kind, size = struct.unpack(f"{self.order}II", start)
        if kind >> 16:
            kind, size = kind & 0xFFFF, kind >> 16
            if size > 4:
                raise ValueError("an element contradicts itself")
            return kind, size, start[4 : 4 + size]
        return kind, size, None

    def element(self, most: int) -> bytes:
        """The content of the next element, which has `most` so many bytes."""
        _, size, content = self.tag()
        if size > most:
            raise ValueError("an element is too large")
        if content is None:
            content = self.read(size)
            self._skip(-size % 8)
        return content

    def check_matrix(self, size: int, variable: str | None, depth: int = 0) -> None:
        """Walk through an array of `size` bytes; one at the top that is not called `variable` is passed over."""
        if size == 0 and depth:
            return
        flags, *_ = struct.unpack(f"{self.order}II", self.element(8).ljust(8, b"\0"))
        dimensions = self.element(4 * _MAX_DIMENSIONS)
        name = self.element(64)
        if variable is not None and name.decode("latin-1") != variable:
            return
        shape = struct.unpack(f"{self.order}{len(dimensions) // 4}i", dimensions[: len(dimensions) // 4 * 4])
        if len(shape) < 2 or min(shape) < 0:
            raise ValueError("an array has an odd shape")
        self._check_content(flags, math.prod(shape), size, depth)

    def _check_content(self, flags: int, items: int, size: int, depth: int) -> None:
        kind = flags & 0xFF
        if kind == _CELL and depth < _MAX_DEPTH:
            if 8 * items > size:
                raise ValueError("it announces more cells than there are")
            for _ in range(items):
                element, cell_size, _ = self.tag()
                if element != _MATRIX:
                    raise ValueError("a cell is no array")
                self.check_matrix(cell_size, None, depth + 1)
        elif kind in _NUMBERS:
            for _ in range(2 if flags & _COMPLEX else 1):
                element, count, content = self.tag()
                if element not in _ITEM_BYTES or items * _ITEM_BYTES[element] != count:
                    raise ValueError("it announces more numbers than there are")
                if content is None:
                    self._skip(count + -count % 8)
        else:
            raise ValueError("an array is neither of numbers nor of cells")

    def _skip(self, count: int) -> None:
        for start in range(0, count, _CHUNK_BYTES):
            self.read(min(_CHUNK_BYTES, count - start))


class _Inflated:
    """What compressed bytes hold, inflated as it is read."""

    def __init__(self, data: bytes) -> None:
        self._inflater = zlib.decompressobj()
        self._left = data
        self._ready = b""

    def read(self, count: int) -> bytes:
        while len(self._ready) < count:
            more = self._inflater.decompress(self._left, _CHUNK_BYTES)
            self._left = self._inflater.unconsumed_tail
            if not more:
                break
            self._ready += more
        data, self._ready = self._ready[:count], self._ready[count:]
        return data
