"""Remembers exports that are not finished, so that they can be offered again after a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from engine.common.atomic_write import PROCESS, atomic_write, remove_leftovers
from engine.common.json_values import decode
from engine.common.language import tr, tr_n
from engine.common.names import displayable
from engine.common.paths import exports_folder, read_regular


@dataclass(frozen=True)
class UnfinishedExport:
    """An export as it was asked for."""

    title: str
    """What was to be made, in English; `words` has it in the language in use."""
    video: str
    folder: str
    kind: str
    """A key of the dialog's pages."""
    which: str
    """Which segments, as the dialog has it."""
    start: int = 0
    """First frame of the segment that was selected."""
    others: tuple[str, ...] = ()
    """Recordings beside the first, where it is of several."""

    @property
    def words(self) -> str:
        """What was to be made, to be shown."""
        count = 1 + len(self.others)
        match self.kind:
            case "clips":
                words = tr_n("Clips of {name}", "Clips of {count} recordings", count)
            case "tables":
                words = tr("Tables of {count} recordings") if self.others else tr("Tables of {name}")
            case "report":
                words = tr_n("Report of {name}", "Report of {count} recordings", count)
            case "package":
                words = tr_n("Evidence package of {name}", "Evidence package of {count} recordings", count)
            case _:
                words = tr("Export of {name}")
        return words.format(name=displayable(Path(self.video).name), count=count)


class UnfinishedExports:
    """The unfinished exports of this process, kept in a file of its own, which is locked while the process lives."""

    def __init__(self, folder: Path | None = None, process: str = PROCESS) -> None:
        """Nothing is written before the first export."""
        self._folder = folder or exports_folder()
        self._process = process
        self._exports: dict[int, UnfinishedExport] = {}
        self._lock = self._lock_of(process)
        self._taken: dict[Path, FileLock] = {}
        """Files of processes that have ended, until this process has written what they say."""

    def begin(self, number: int, export: UnfinishedExport) -> None:
        """Remember an export until `end`."""
        self._exports[number] = export
        self._write()

    def end(self, number: int) -> None:
        """It was finished, cancelled, or has failed, and a person was told so; nothing if it is not known."""
        if self._exports.pop(number, None):
            self._write()

    def take_over(self) -> list[UnfinishedExport]:
        """What processes that have ended left unfinished; what they had half-written is removed.

        Until `adopt` it stays theirs, so that nothing is lost should this process end, too.
        """
        found: list[UnfinishedExport] = []
        for path in sorted(self._folder.glob("*.json")):
            if path.stem == self._process or path in self._taken:
                continue
            lock = self._lock_of(path.stem)
            with suppress(OSError, Timeout):
                lock.acquire()
                try:
                    exports = decode(read_regular(path), list[UnfinishedExport])
                except (OSError, ValueError):
                    lock.release()
                    continue
                self._taken[path] = lock
                for folder in {each.folder for each in exports}:
                    remove_leftovers(Path(folder), path.stem)
                found += exports
        return found

    def adopt(self, exports: Mapping[int, UnfinishedExport]) -> None:
        """Remember under these numbers what was taken over; only then is it forgotten where it was."""
        self._exports |= exports
        if not self._write():
            return
        for path, lock in self._taken.items():
            with suppress(OSError):
                path.unlink(missing_ok=True)
                Path(lock.lock_file).unlink(missing_ok=True)
        self._release_taken()

    def close(self) -> None:
        """Let the next start of the program offer what is left."""
        self._release_taken()
        if self._lock.is_locked:
            if not self._exports:
                with suppress(OSError):
                    Path(self._lock.lock_file).unlink(missing_ok=True)
            self._lock.release()

    def _release_taken(self) -> None:
        for lock in self._taken.values():
            lock.release()
        self._taken.clear()

    def _write(self) -> bool:
        """Whether the file says now what is unfinished."""
        # An export is worth more than that it would be offered again.
        with suppress(OSError, Timeout):
            self._folder.mkdir(parents=True, exist_ok=True)
            if not self._lock.is_locked:
                self._lock.acquire()
            path = self._path(self._process, "json")
            if not self._exports:
                path.unlink(missing_ok=True)
                return True
            with atomic_write(path) as file:
                file.write(_as_json(self._exports))
            return True
        return False

    def _lock_of(self, process: str) -> FileLock:
        # Taken over in one thread, adopted in another.
        return FileLock(self._path(process, "lock"), timeout=0, thread_local=False)

    def _path(self, process: str, kind: str) -> Path:
        return self._folder / f"{process}.{kind}"


def _as_json(exports: Mapping[int, UnfinishedExport]) -> bytes:
    # Names that are no text stay as they are: lone surrogates are escaped.
    return json.dumps([asdict(each) for each in exports.values()], indent=1).encode("ascii")
