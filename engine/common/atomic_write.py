"""Writes files that are there whole or not at all, whenever the program or the power goes."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes `path`'s place once it is on disk; a block that raises leaves all as it was.

    Raises:
        OSError: the folder can't be written, or the disk is full.
    """
    # Short, whatever the name of `path`: file systems limit it.
    unfinished = path.with_name(f".vadgui-{secrets.token_hex(4)}.partial")
    try:
        with unfinished.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
