"""A lock on a review's file, which the operating system releases when the process ends, even if it is killed."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
from pathlib import Path

from filelock import FileLock, Timeout

from engine.common.atomic_write import atomic_write
from engine.common.errors import ReviewError
from engine.common.language import tr, tr_noop
from engine.common.names import displayable
from engine.common.paths import read_regular
from engine.review.edits import person

_HOLDER = tr_noop("{who} on {host}, process {process}")
_SOMEBODY = tr_noop("somebody")


class ReviewLock:
    """Held by the window that may write a review."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken: tuple[tuple[int, int], tuple[int, int]] | None = None
        """Its file and the folder as they were when it was taken: there may be others under their names by now."""
        self._lock = FileLock(_beside(path, "lock"), timeout=0)

    @property
    def is_in_place(self) -> bool:
        """Whether its file is still where it was made: not if somebody removed it, or its disk was taken away."""
        try:
            return self._taken is not None and _identity(_beside(self._path, "lock")) == self._taken[0]
        except OSError:
            return False

    @property
    def is_folder_in_place(self) -> bool:
        """Whether the folder is still the one that it was taken in.

        Raises:
            OSError: it is gone.
        """
        return self._taken is not None and _identity(self._path.parent) == self._taken[1]

    def acquire(self) -> None:
        """Take the lock, and say who has it.

        Raises:
            ReviewError: another window has it.
            OSError: the folder can't be written, or is gone.
        """
        if not self._path.parent.is_dir():  # FileLock would create it
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(self._path.parent))
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ReviewError(
                tr("This review is open in another window ({who})").format(who=holder(self._path)),
                subject=self._path,
                advice=tr("You can look at it, but not change it here. Close the other window and open it again."),
            ) from error
        self._taken = _identity(_beside(self._path, "lock")), _identity(self._path.parent)
        with contextlib.suppress(OSError):
            # In English, as older programs show it as it is.
            text = _HOLDER.format(who=person() or _SOMEBODY, host=socket.gethostname(), process=os.getpid())
            # By atomic_write, since writing into a pipe in its place may never end.
            with atomic_write(_beside(self._path, "lock-holder")) as file:
                file.write(text.encode(errors="replace"))

    def take_anew(self) -> None:
        """Take the lock again, after somebody has removed its file.

        Raises:
            ReviewError: another window has it by now.
            OSError: the folder can't be written.
        """
        self._lock.release()
        self.acquire()

    def release(self) -> None:
        """Let others have it; nothing if it is not held."""
        if self._lock.is_locked:
            # Removed while the lock is held: afterwards they may be another's. Who has opened the lock's file before
            # and gets the lock after does not take it: FileLock looks whether the file still has a name.
            for kind in ("lock-holder", "lock") if self.is_in_place else ():
                with contextlib.suppress(OSError):
                    _beside(self._path, kind).unlink()
            self._lock.release()


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def holder(path: Path) -> str:
    """Who holds the lock, in words of the language in use."""
    try:
        text = read_regular(_beside(path, "lock-holder")).decode().strip()
    except (OSError, ValueError):
        text = ""
    if said := re.fullmatch(r"(?P<who>.*) on (?P<host>\S+), process (?P<process>\d+)", text):
        values = said.groupdict()
        who = tr(_SOMEBODY) if values["who"] == _SOMEBODY else displayable(values["who"])
        return tr(_HOLDER).format(who=who, host=displayable(values["host"]), process=values["process"])
    return displayable(text) if text else tr("somebody else")


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{kind}")  # on Windows other processes can't read a locked file, so two files
