"""The files in which analyses lie in a folder: how they are opened, and which of them go."""

from __future__ import annotations

import contextlib
import math
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock

from engine.common.cache_files import DAMAGED_SUFFIX, is_damage

SUFFIX = ".sqlite3"
SIDE_FILES = ("-wal", "-shm")
"""What SQLite keeps beside a database in WAL mode."""
CACHE_MAX_BYTES = 4 * 2**30
"""What analyses may take on disk before the oldest go: some 150 hours at five samples a second."""

_DAY_SECONDS = 86_400
_BUSY_SECONDS = 10.0
_OPENING_SECONDS = 60.0  # who opens reads a whole analysis: seconds, on a slow disk


def prune(folder: Path, max_bytes: int = CACHE_MAX_BYTES, max_days: float = math.inf) -> int:
    """Delete the analyses used least lately until the folder's files fit `max_bytes`; the number of bytes freed.

    Those that nobody used for `max_days` go, too. Analyses that some process has open stay.
    """
    if not folder.is_dir():  # FileLock would create it
        return 0
    with contextlib.suppress(OSError), only_opener(folder):
        return _prune(folder, max_bytes, max_days)
    return 0  # nothing in it may be deleted


def _prune(folder: Path, max_bytes: int, max_days: float) -> int:
    analyses = sorted(analysis_files(folder), key=lambda file: file[0])
    excess = sum(size for _, size, _ in analyses) - max_bytes
    oldest = time.time() - max_days * _DAY_SECONDS
    freed = 0
    for used, size, path in analyses:
        if freed >= excess and used >= oldest:
            break
        if path.suffix == SUFFIX and _is_open_elsewhere(path):
            continue
        with contextlib.suppress(OSError):  # Windows keeps what is open; another process may have pruned it already
            path.unlink()
            freed += size
            for suffix in SIDE_FILES:
                beside(path, suffix).unlink(missing_ok=True)
    return freed


def analysis_files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Time of last use, bytes with side files, and path of every analysis, put aside or not."""
    for path in folder.glob("*"):
        if path.suffix in (SUFFIX, DAMAGED_SUFFIX):
            with contextlib.suppress(OSError):  # gone by now, or a link that leads nowhere
                status = path.stat()
                others = [beside(path, suffix) for suffix in SIDE_FILES]
                yield status.st_mtime, status.st_size + sum(p.stat().st_size for p in others if p.exists()), path


def _is_open_elsewhere(path: Path) -> bool:
    """Whether a process has the database open: only a sole connection can leave the WAL mode."""
    try:
        with contextlib.closing(connect(path, busy_seconds=0)) as database:
            database.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        return not is_damage(error)
    return False


def only_opener(folder: Path) -> FileLock:
    """Keeps other processes from opening or deleting the folder's analyses.

    SQLite does not wait where two turn a database to WAL at once, and a database that another process has half made
    looks like a stranger's, which would be put aside.
    """
    return FileLock(folder / ".opening.lock", timeout=_OPENING_SECONDS, poll_interval=0.02)


def connect(path: Path, busy_seconds: float = _BUSY_SECONDS) -> sqlite3.Connection:
    """The database in a file, which waits so long for other processes."""
    return sqlite3.connect(path, timeout=busy_seconds, check_same_thread=False)


def beside(path: Path, suffix: str) -> Path:
    """The file with that suffix which belongs to a database."""
    return path.with_name(path.name + suffix)
