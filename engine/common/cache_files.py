"""Reads files of a cache: one that can't be made sense of is put aside, so that it is made anew."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from engine.common.paths import is_regular_file

T = TypeVar("T")

DAMAGED_SUFFIX = ".damaged"

# SQLite's reasons that lie in the machine: no rights, no space, a disk error, or another process at work.
_MACHINE = {
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_PROTOCOL,
}

_logger = logging.getLogger(__name__)


def read_or_put_aside(path: Path, read: Callable[[Path], T], side_files: Sequence[str] = ()) -> T | None:
    """What `read` makes of a cache's file; None where there is none, or where it was damaged and is put aside.

    Overwritten bytes make libraries raise nearly anything, so whatever is not the machine's fault counts as damage.
    `side_files` are the suffixes of what belongs to the file and lies beside it; it goes. Where another process has
    put the damaged file aside meanwhile, and made it anew, the new one is read.

    Raises:
        OSError: the file, or the folder when it has to be put aside, can't be read or written.
        sqlite3.Error: the same, of a database.
    """
    if path.is_symlink() and not path.exists():  # it leads nowhere or in a circle: no file can be made under its name
        _logger.warning("A link of the cache that leads to no file is put aside: %s", path)
        put_aside(path, side_files)
        return None
    for is_last in (False, True):
        known = _identity(path)
        try:
            _refuse_pipe(path)
            return read(path)
        except FileNotFoundError:
            return None
        except Exception as error:
            if not is_damage(error):
                raise
            # Some shares number a file anew each time: the second time it goes all the same.
            if not is_last and _identity(path) != known:
                continue
            put_aside(path, side_files)
            _logger.warning("A damaged file of the cache is put aside and made anew: %s (%r)", path, error)
            return None
    return None


def put_aside(path: Path, side_files: Sequence[str] = ()) -> Path:
    """Rename a damaged file, and delete what belongs to it: it would be taken for the new one's. Returns its new name.

    Raises:
        OSError: the folder can't be written.
    """
    aside = path.replace(path.with_suffix(DAMAGED_SUFFIX))
    for suffix in side_files:
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    return aside


def _refuse_pipe(path: Path) -> None:
    """Raises ValueError where a pipe or a device lies in the place of a file: reading it may never end."""
    if not is_regular_file(path) and not path.is_dir():  # a folder is somebody's, and said when it is read
        raise ValueError("it is no regular file")


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells a file from another that takes its name; None where there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def is_damage(error: Exception) -> bool:
    """Whether an error of reading a file says that its content is wrong, not that the machine can't read it."""
    if isinstance(error, sqlite3.Error):
        # Errors of Python's own, such as text that is no UTF-8, have no code.
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _MACHINE
    return not isinstance(error, OSError)
