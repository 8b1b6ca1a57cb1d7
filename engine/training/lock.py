"""A lock on a folder, which the operating system releases when the process ends, even if it is killed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from engine.common.atomic_write import atomic_write
from engine.common.errors import TrainingError
from engine.common.language import tr
from engine.common.paths import read_regular

if sys.platform != "win32":
    import fcntl

_TIMEOUT_SECONDS = 1.0  # `lock_holder` takes the lock for a moment to test it
_TEST_SECONDS = 0.02  # another process may test it at the same moment


@contextmanager
def folder_lock(path: Path) -> Iterator[None]:
    """Hold a lock on the file `path`; while it is held, the file `<path>-holder` contains this process's id.

    Raises:
        TrainingError: another process holds it, or the file can't be written.
    """
    lock = FileLock(path, timeout=_TIMEOUT_SECONDS)
    try:
        path.touch()  # fails if the folder is missing; FileLock would create it
        lock.acquire()
    except Timeout as error:
        raise TrainingError(
            tr("Another process ({process}) trains in this folder").format(
                process=_pid_of_holder(path) or tr("unknown")
            ),
            subject=path.parent,
            advice=tr("Wait until it has finished, stop it, or choose another folder."),
        ) from error
    except OSError as error:
        raise TrainingError(
            tr("The run's folder can't be written"),
            subject=path.parent,
            advice=tr("Check its permissions ({reason}).").format(reason=error.strerror),
        ) from error
    try:
        with atomic_write(_holder_file(path)) as file:  # writing into a pipe may never end
            file.write(f"{os.getpid()}\n".encode())
        yield
    finally:
        with suppress(OSError):
            _holder_file(path).unlink()
        lock.release()


def lock_holder(path: Path) -> int | None:
    """Id of the process that holds the lock; None if none does, even if a killed process left its id in the file."""
    try:
        return _pid_of_holder(path) if _is_held(path) else None
    except OSError:
        return None


def _is_held(path: Path) -> bool:
    """Whether some process holds the lock.

    Raises:
        OSError: nobody ever did, or it can't be told.
    """
    if sys.platform != "win32":
        # By a shared lock: to two that take the lock itself to test it, each looks like a holder.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)  # a pipe in its place would block
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):  # some file systems say the latter
            return True
        finally:
            os.close(descriptor)
        return False
    path.stat()  # FileLock would create the file
    try:
        with FileLock(path, timeout=_TEST_SECONDS, poll_interval=_TEST_SECONDS / 10):
            return False
    except Timeout:
        return True


def _holder_file(path: Path) -> Path:
    return path.with_name(f"{path.name}-holder")  # on Windows other processes can't read a locked file


def _pid_of_holder(path: Path) -> int | None:
    try:
        return int(read_regular(_holder_file(path)))
    except (OSError, ValueError):
        return None
