"""A NumPy file that is filled item by item and survives being killed: its plain writes fail cleanly on a full disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


class ArrayFile:
    """An array on disk whose first axis is filled one place at a time.

    Raises OSError whenever the disk does not take it; writing to a memory map would crash the program there.
    """

    def __init__(self, path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> None:
        """Open the file of an array of this kind, or make it, as large as it will be but with nothing in it."""
        self._dtype, self._item_shape = np.dtype(dtype), shape[1:]
        if not _is_array(path, self._dtype, shape):
            np.lib.format.open_memmap(path, "w+", dtype, shape).flush()
        self._offset = np.lib.format.open_memmap(path, "r").offset
        self._file = path.open("r+b", buffering=0)

    def __enter__(self) -> ArrayFile:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def write(self, place: int, item: npt.NDArray[np.generic]) -> None:
        """Put an item in its place, in the file's own type."""
        content = np.ascontiguousarray(item, self._dtype)
        assert content.shape == self._item_shape
        self._file.seek(self._offset + place * content.nbytes)
        unwritten = content.reshape(-1).view(np.uint8).data
        while unwritten:  # a disk about to be full takes a part first
            unwritten = unwritten[self._file.write(unwritten) :]

    def read(self, place: int) -> npt.NDArray[Any]:
        """The item at a place."""
        item = np.empty(self._item_shape, self._dtype)
        self._file.seek(self._offset + place * item.nbytes)
        self._file.readinto(item.reshape(-1).view(np.uint8).data)
        return item

    def sync(self) -> None:
        """Have all that was written on the disk itself."""
        os.fsync(self._file.fileno())


def _is_array(path: Path, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> bool:
    try:
        array = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return False
    return bool(array.dtype == dtype and array.shape == shape)
