"""Writes files atomically: complete or not at all, even after a crash or a power failure."""

from __future__ import annotations

import errno
import hashlib
import os
import platform
import re
import secrets
import shutil
import stat
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


def _machine() -> str:
    """Tells the processes of this machine, and of this container, from others that write to the same share."""
    if sys.platform != "linux":
        return f"{platform.node()} {uuid.getnode()}"
    # There `uuid.getnode` opens a network socket, or starts other programs.
    told = [platform.node()]
    with suppress(OSError):
        told.append(str(Path("/proc/self/ns/pid").readlink()))
    for identity in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"):
        with suppress(OSError, ValueError):
            told.append(Path(identity).read_text(encoding="ascii"))
            break
    return " ".join(told)


_MACHINE = hashlib.sha256(_machine().encode("utf-8", "surrogateescape")).hexdigest()[:6]
PROCESS = f"{_MACHINE}{os.getpid():08x}{secrets.token_hex(2)}"
"""Stands in the names of all temporary files of this process: its machine, its number, and chance, for numbers are
given again."""
_OF_THIS_MACHINE = re.compile(rf"\.vadgui-{_MACHINE}([0-9a-f]{{8}})")
"""Names of temporary files, with the number of the process that made them."""
_TEMPORARY_NAME = ".vadgui-{}.partial"
_LEFTOVER_SECONDS = 24 * 3600.0
_swept: set[Path] = set()
"""Folders in which this process has looked for leftovers."""


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file that replaces `path` once it is on disk; if the block raises, `path` stays unchanged.

    Raises:
        OSError: the folder can't be written, the disk is full, or a device has that name.
    """
    _refuse_device(path)
    temporary = temporary_path(path)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.absolute().parent)
    finally:
        # A folder that may not be written must not hide why the writing failed.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _refuse_device(path: Path) -> None:
    """Whoever may write into /dev, as root may, would put a file in the place of the machine's device."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise OSError(errno.ENXIO, os.strerror(errno.ENXIO), str(path))


def sync_folder(folder: Path) -> None:
    """Have the names of a folder's files on disk, so that a power failure takes none back."""
    # Windows has no such call, and some network shares refuse it.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Have all files of a folder on disk, with their names.

    Raises:
        OSError: a file can't be written.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
        else:
            sync_folder(path)
    sync_folder(folder)


def may_write(folder: Path) -> bool:
    """Whether this process may make files in a folder that exists."""
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def temporary_path(path: Path) -> Path:
    """A new name beside `path` for the file or folder that shall become it.

    Leftovers of processes of this machine that have ended go from that folder. So do those of others that are older
    than a day: programs that write touch theirs more often.
    """
    folder = path.absolute().parent
    if folder not in _swept:
        _swept.add(folder)
        oldest = time.time() - _LEFTOVER_SECONDS
        with suppress(OSError):
            for leftover in folder.glob(_TEMPORARY_NAME.format("*")):
                with suppress(OSError):
                    if _is_of_the_dead(leftover.name) or _last_written(leftover) < oldest:
                        _remove(leftover)
    # Short, because file systems limit the length of names.
    return path.with_name(_TEMPORARY_NAME.format(f"{PROCESS}-{secrets.token_hex(4)}"))


def remove_leftovers(folder: Path, process: str) -> None:
    """Delete what a process that has ended left half-written in a folder; `process` is its `PROCESS`."""
    for leftover in folder.glob(_TEMPORARY_NAME.format(f"{process}-*")):
        with suppress(OSError):
            _remove(leftover)


def _is_of_the_dead(name: str) -> bool:
    """Whether a temporary file's process was of this machine and has ended; False where nobody knows."""
    made = _OF_THIS_MACHINE.match(name)
    if made is None or os.name != "posix":  # on Windows, kill would end it
        return False
    try:
        os.kill(int(made[1], 16), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _last_written(leftover: Path) -> float:
    return max(each.stat().st_mtime for each in (leftover, *leftover.rglob("*")))


def _remove(leftover: Path) -> None:
    if leftover.is_dir():
        shutil.rmtree(leftover)
    else:
        leftover.unlink()
