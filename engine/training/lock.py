"""A lock on a folder that the operating system frees when its holder ends, however that happens."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from engine.errors import TrainingError

_PATIENCE_SECONDS = 1.0  # somebody may be looking who holds it


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path`, which then contains this process's id.

    Raises:
        TrainingError: another process holds it, or the file can't be written.
    """
    try:
        file = path.open("a+", encoding="ascii")
    except OSError as error:
        raise TrainingError(
            "The run's folder can't be written",
            subject=path.parent,
            advice=f"Check its permissions ({error.strerror}).",
        ) from error
    with file:
        patience_ends = time.monotonic() + _PATIENCE_SECONDS
        while not _try_lock(file):
            if time.monotonic() > patience_ends:
                raise TrainingError(
                    f"Another process ({_pid_in(path) or 'unknown'}) trains in this folder",
                    subject=path.parent,
                    advice="Wait until it has finished, stop it, or choose another folder.",
                )
            time.sleep(0.05)
        try:
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield
        finally:
            _unlock(file)


def lock_holder(path: Path) -> int | None:
    """Process id of who holds the lock file; None where nobody does, whatever the file says."""
    try:
        with path.open("r+", encoding="ascii") as file:
            if _try_lock(file):
                _unlock(file)
                return None
    except OSError:
        return None
    return _pid_in(path)


def _pid_in(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


if sys.platform == "win32":
    import msvcrt

    _FAR_BYTE = 1 << 30  # what is locked can't be read by others there, and they shall read the process id

    def _try_lock(file: IO[str]) -> bool:
        file.seek(_FAR_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[str]) -> None:
        file.seek(_FAR_BYTE)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _unlock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
