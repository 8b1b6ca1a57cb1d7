"""Locks on open files between processes; the operating system frees them when their holder ends, however it does."""

from __future__ import annotations

import sys
from typing import IO, Any

if sys.platform == "win32":
    import msvcrt

    _FAR_BYTE = 1 << 30  # what is locked can't be read by others there, and they may want to read who holds it

    def try_lock(file: IO[Any]) -> bool:
        """Lock a file for this process; False where another one holds it."""
        file.seek(_FAR_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(file: IO[Any]) -> None:
        """Let go of a file that was locked."""
        file.seek(_FAR_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(file: IO[Any]) -> bool:
        """Lock a file for this process; False where another one holds it."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def unlock(file: IO[Any]) -> None:
        """Let go of a file that was locked."""
        fcntl.flock(file, fcntl.LOCK_UN)
