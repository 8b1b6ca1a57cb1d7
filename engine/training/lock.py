"""A lock on a folder that the operating system frees when its holder ends, however that happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from engine.common.errors import TrainingError

_TIMEOUT_SECONDS = 1.0  # somebody may be looking who holds it


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold the lock file `path`; the file `<path>-holder` then contains this process's id.

    Raises:
        TrainingError: another process holds it, or the file can't be written.
    """
    lock = FileLock(path, timeout=_TIMEOUT_SECONDS)
    try:
        path.touch()  # fails without its folder, which the lock would make
        lock.acquire()
    except Timeout as error:
        raise TrainingError(
            f"Another process ({_pid_of_holder(path) or 'unknown'}) trains in this folder",
            subject=path.parent,
            advice="Wait until it has finished, stop it, or choose another folder.",
        ) from error
    except OSError as error:
        raise TrainingError(
            "The run's folder can't be written",
            subject=path.parent,
            advice=f"Check its permissions ({error.strerror}).",
        ) from error
    try:
        _holder_file(path).write_text(f"{os.getpid()}\n", encoding="ascii")
        yield
    finally:
        lock.release()


def lock_holder(path: Path) -> int | None:
    """Process id of who holds the lock file; None where nobody does, whatever the file says."""
    if not path.exists():
        return None  # trying would make it
    try:
        with FileLock(path, timeout=0):
            return None
    except Timeout:
        return _pid_of_holder(path)
    except OSError:
        return None


def _holder_file(path: Path) -> Path:
    return path.with_name(f"{path.name}-holder")  # a locked file can't be read by others on Windows


def _pid_of_holder(path: Path) -> int | None:
    try:
        return int(_holder_file(path).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
