"""Writes files atomically: complete or not at all, even after a crash or a power failure."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `path` once it is on disk; if the block raises, `path` stays unchanged.

    Raises:
        OSError: the folder can't be written, or the disk is full.
    """
    # The temporary name is short, because file systems limit the length of names.
    temporary = path.with_name(f".vadgui-{secrets.token_hex(4)}.partial")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
