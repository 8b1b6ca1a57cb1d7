"""A lock on a folder that the operating system frees when its holder ends, however that happens."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.common.errors import TrainingError
from engine.common.file_lock import try_lock, unlock

_TIMEOUT_SECONDS = 1.0  # somebody may be looking who holds it


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
        patience_ends = time.monotonic() + _TIMEOUT_SECONDS
        while not try_lock(file):
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
            unlock(file)


def lock_holder(path: Path) -> int | None:
    """Process id of who holds the lock file; None where nobody does, whatever the file says."""
    try:
        with path.open("r+", encoding="ascii") as file:
            if try_lock(file):
                unlock(file)
                return None
    except OSError:
        return None
    return _pid_in(path)


def _pid_in(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
