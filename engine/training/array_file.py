"""A `.npy` file that is written item by item and stays readable when the process is killed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


class ArrayFile:
    """A NumPy array on disk that is written one item of its first axis at a time.

    Writes raise OSError when the disk is full; writing to a memory map would crash the process with SIGBUS.
    """

    def __init__(self, path: Path, dtype: npt.DTypeLike, shape: tuple[int, ...]) -> None:
        """Open an existing `.npy` file of this dtype and shape, or create one at its final size."""
        self._dtype, self._item_shape = np.dtype(dtype), shape[1:]
        if not _is_array(path, self._dtype, shape):
            np.lib.format.open_memmap(path, "w+", dtype, shape).flush()
        self._offset = np.lib.format.open_memmap(path, "r").offset
        self._file = path.open("r+b", buffering=0)

    def __enter__(self) -> ArrayFile:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._file.close()

    def write(self, index: int, item: npt.NDArray[np.generic]) -> None:
        """Write the item at an index, converted to the array's dtype."""
        content = np.ascontiguousarray(item, self._dtype)
        assert content.shape == self._item_shape
        self._file.seek(self._offset + index * content.nbytes)
        unwritten = content.reshape(-1).view(np.uint8).data
        while unwritten:  # on a nearly full disk, write() stores a part before it fails
            unwritten = unwritten[self._file.write(unwritten) :]

    def read(self, index: int) -> npt.NDArray[Any]:
        """Read the item at an index."""
        item = np.empty(self._item_shape, self._dtype)
        self._file.seek(self._offset + index * item.nbytes)
        self._file.readinto(item.reshape(-1).view(np.uint8).data)
        return item

    def sync(self) -> None:
        """Flush everything written so far to the disk (fsync)."""
        os.fsync(self._file.fileno())


def _is_array(path: Path, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> bool:
    try:
        array = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return False
    return bool(array.dtype == dtype and array.shape == shape)
