"""Keeps what was measured of frames on disk, safe against a kill at any moment; scores are derived on reading."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.analysis.analysis_files import SIDE_FILES, SUFFIX, analysis_files, beside, connect, only_opener
from engine.common.cache_files import read_or_put_aside
from engine.common.errors import ScoreStoreError
from engine.common.json_values import convert, decode
from engine.common.language import tr
from engine.scoring.signals import RAW_SIGNALS, RawSignals

CHUNK_ROWS = 256
"""Judged frames a database row; what a kill can lose at most."""

_ROW = np.dtype([("frame", "<u4"), ("signals", RAW_SIGNALS)])
_CHUNK_BYTES = CHUNK_ROWS * _ROW.itemsize
_Rows = npt.NDArray[np.void]
Frames = npt.NDArray[np.int64]
_Opened = tuple[sqlite3.Connection, int, _Rows]

_FORMAT = 3
_APPLICATION_ID = 0x76616453  # "vadS"
_TABLES = (
    "analysis (key TEXT NOT NULL)",
    "chunks (number INTEGER PRIMARY KEY, crc32 INTEGER NOT NULL, rows BLOB NOT NULL)",
    "places (frame INTEGER PRIMARY KEY, packed BLOB NOT NULL)",
)
_SCHEMA = {f"CREATE TABLE {table}" for table in _TABLES}


class _ForeignDatabaseError(Exception):
    """The file is a database, but not this analysis's."""


@dataclass(frozen=True)
class AnalysisKey:
    """What an analysis depends on; another value in any field is another analysis."""

    video_fingerprint: str
    detector_fingerprint: str
    settings: str
    """All else that changes the numbers (teacher, precision, version of the signals), as JSON with sorted keys."""

    @property
    def file_name(self) -> str:
        """A name for the key's database file, safe on every file system."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:32] + SUFFIX

    @property
    def text(self) -> str:
        """The key and the file format as one line, kept inside the database."""
        return json.dumps([_FORMAT, *astuple(self)])

    @classmethod
    def of_text(cls, text: str) -> AnalysisKey | None:
        """The key of a `text`; None where that is of another format."""
        try:
            file_format, *fields = decode(text, list[Any])
            return cls(*convert(fields, tuple[str, str, str])) if file_format == _FORMAT else None
        except ValueError:
            return None


class ScoreStore:
    """The raw signals of one analysis: rows in the order in which frames were judged, each with its frame's number.

    One thread at a time. Several processes may have the same analysis open and even run it: equal keys mean equal
    rows, in the
    same order, each adds what the file lacks, and a longer chunk is never replaced by a shorter one.
    """

    def __init__(self, folder: Path, key: AnalysisKey) -> None:
        """Open or create the key's database in `folder`; a damaged one is put aside and begun anew (it is a cache).

        Where the folder may not be written, what is stored there can be read, and nothing be added to it.

        Raises:
            ScoreStoreError: the folder can't be written, and holds no analysis of this key.
        """
        self._path = folder / key.file_name
        self._copy: tempfile.TemporaryDirectory[str] | None = None
        with self._errors(tr("An analysis can't be opened")):
            opened = self._open(key)
        self._database, self._full_chunks, self._tail = opened
        self._saved_tail = len(self._tail)
        self._pending_places: dict[int, bytes] = {}
        """Of frames that are not on disk yet."""

    def __len__(self) -> int:
        """Rows stored, flushed or not."""
        return self._full_chunks * CHUNK_ROWS + len(self._tail)

    def append(self, frames: Frames, rows: RawSignals, places: Mapping[int, bytes] | None = None) -> None:
        """Add the next judged frames' numbers [N] and rows [N]; every full chunk is on disk when this returns.

        `places` are what `engine.scoring.places` packed, by frame.

        Raises:
            ScoreStoreError: the disk is full or the database can't be written; the store is as it was.
        """
        added = np.empty(len(rows), _ROW)
        added["frame"], added["signals"] = frames, rows
        pending = np.concatenate([self._tail, added])
        self._pending_places.update(places or {})
        full = len(pending) // CHUNK_ROWS
        if full:
            self._write(list(np.split(pending[: full * CHUNK_ROWS], full)))
            self._saved_tail = 0
        self._full_chunks += full
        self._tail = pending[full * CHUNK_ROWS :]

    def flush(self) -> None:
        """Write the rows of an incomplete chunk too.

        Raises:
            ScoreStoreError: the disk is full or the database can't be written.
        """
        if len(self._tail) > self._saved_tail:
            self._write([self._tail])
            self._saved_tail = len(self._tail)

    def frames(self) -> Frames:
        """Numbers of all judged frames, in the order of their rows.

        Raises:
            ScoreStoreError: the database can't be read.
        """
        numbers = [self.read(start, start + 64 * CHUNK_ROWS)[0] for start in range(0, len(self), 64 * CHUNK_ROWS)]
        return np.concatenate([np.empty(0, np.int64), *numbers])

    def clear(self) -> None:
        """Begin anew: what is stored is of frames that are numbered otherwise.

        Raises:
            ScoreStoreError: the database can't be written.
        """
        with self._errors(tr("An analysis can't be saved")), self._database:
            self._database.execute("DELETE FROM chunks")
            self._database.execute("DELETE FROM places")
        self._pending_places.clear()
        self._full_chunks, self._tail, self._saved_tail = 0, np.empty(0, _ROW), 0

    def read(self, start: int = 0, stop: int | None = None) -> tuple[Frames, RawSignals]:
        """Rows [start, stop) of what is stored, flushed or not: numbers of the judged frames, and their raw signals.

        Raises:
            ScoreStoreError: the database can't be read.
        """
        start, stop, _ = slice(start, stop).indices(len(self))
        first, last = start // CHUNK_ROWS, min(-(-stop // CHUNK_ROWS), self._full_chunks)
        with self._errors(tr("An analysis can't be read")):
            chunks = self._database.execute(
                "SELECT rows FROM chunks WHERE number >= ? AND number < ? ORDER BY number", (first, last)
            ).fetchall()
            if len(chunks) != max(last - first, 0) or any(len(blob) != _CHUNK_BYTES for (blob,) in chunks):
                raise sqlite3.DatabaseError("rows are gone")
        parts = [np.frombuffer(blob, _ROW) for (blob,) in chunks]
        offset = first * CHUNK_ROWS
        # Where `stop` lies before it, the tail is cut off again.
        rows = np.concatenate([*parts, self._tail])[start - offset : max(start, stop) - offset]
        return rows["frame"].astype(np.int64), np.ascontiguousarray(rows["signals"])

    def places(self, frames: Iterable[int]) -> dict[int, bytes]:
        """What was packed of these frames, by frame; those of which nothing was kept are missing.

        Raises:
            ScoreStoreError: the database can't be read.
        """
        found = {}
        with self._errors(tr("An analysis can't be read")):
            for frame in map(int, frames):
                if (pending := self._pending_places.get(frame)) is not None:
                    found[frame] = pending
                    continue
                row = self._database.execute("SELECT packed FROM places WHERE frame = ?", (frame,)).fetchone()
                if row:
                    found[frame] = row[0]
        return found

    def close(self) -> None:
        """Flush and close; closing twice is fine.

        Raises:
            ScoreStoreError: the last rows can't be written; the store is closed all the same.
        """
        try:
            self.flush()
        finally:
            self._saved_tail = len(self._tail)  # a second closing must not try again what failed
            self._database.close()
            if self._copy:
                self._copy.cleanup()

    def __enter__(self) -> ScoreStore:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _open(self, key: AnalysisKey) -> _Opened:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with only_opener(self._path.parent):
                opened = read_or_put_aside(self._path, lambda path: _open(path, key), SIDE_FILES)
                opened = opened or _open(self._path, key)
        except (OSError, sqlite3.Error) as error:
            if not (_is_read_only(error) and self._path.is_file()):
                raise
            # SQLite writes beside a database even to read it.
            self._copy = tempfile.TemporaryDirectory(prefix="vadgui-")
            copied = read_or_put_aside(self._copied(Path(self._copy.name)), lambda path: _open(path, key))
            if copied is None:
                raise
            copied[0].execute("PRAGMA query_only = ON")
            return copied
        with contextlib.suppress(OSError):
            os.utime(self._path)  # by its age `prune` knows when it was last of use
        return opened

    def _copied(self, folder: Path) -> Path:
        copied = folder / self._path.name
        for suffix in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(beside(self._path, suffix), beside(copied, suffix))
        return copied

    def _write(self, chunks: list[_Rows]) -> None:
        """Write chunks from the first incomplete one on, in one transaction."""
        blobs = [chunk.tobytes() for chunk in chunks]
        with self._errors(tr("An analysis can't be saved")), self._database:
            self._database.executemany(
                "INSERT INTO chunks VALUES (?, ?, ?) ON CONFLICT (number) DO UPDATE"
                " SET crc32 = excluded.crc32, rows = excluded.rows WHERE length(excluded.rows) > length(rows)",
                [(self._full_chunks + n, zlib.crc32(blob), blob) for n, blob in enumerate(blobs)],
            )
            self._database.executemany("INSERT OR REPLACE INTO places VALUES (?, ?)", self._pending_places.items())
        self._pending_places.clear()

    @contextlib.contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """What SQLite or the file system has against it, as a ScoreStoreError."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise ScoreStoreError(
                f"{what} ({error})",
                subject=self._path,
                advice=tr(
                    "Check the free space and the permissions of that folder, or name another one in the environment "
                    "variable VADGUI_CACHE."
                ),
            ) from error


def _open(path: Path, key: AnalysisKey) -> _Opened:
    """The key's database, its number of full chunks, and the rows of the incomplete one after them."""
    database = connect(path)
    try:
        is_new = _is_new(database)
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        # Taking stock may delete: no other process may add rows meanwhile.
        database.execute("BEGIN IMMEDIATE")
        with database:
            if is_new:
                _claim(database, key)
            if database.execute("SELECT key FROM analysis").fetchall() != [(key.text,)]:
                raise _ForeignDatabaseError
            if {sql for (sql,) in database.execute("SELECT sql FROM sqlite_master")} != _SCHEMA:
                raise _ForeignDatabaseError
            # What can be read may be damaged where rows would be added; this takes half as long as taking stock.
            if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("its pages contradict each other")
            return database, *_take_stock(database)
    except BaseException:
        database.close()
        raise


def _is_new(database: sqlite3.Connection) -> bool:
    """Whether the database is empty; looks before anything is written, so that a stranger's file stays as it is."""
    (application_id,) = database.execute("PRAGMA application_id").fetchone()
    (schema_version,) = database.execute("PRAGMA schema_version").fetchone()
    if application_id not in (0, _APPLICATION_ID) or (application_id == 0 and schema_version > 0):
        raise _ForeignDatabaseError
    return bool(application_id == 0)


def _claim(database: sqlite3.Connection, key: AnalysisKey) -> None:
    """Make an empty database this key's, unless another process has just done so."""
    database.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    for table in _TABLES:
        database.execute(f"CREATE TABLE IF NOT EXISTS {table}")
    database.execute("INSERT INTO analysis SELECT ? WHERE NOT EXISTS (SELECT * FROM analysis)", (key.text,))


def _take_stock(database: sqlite3.Connection) -> tuple[int, _Rows]:
    """The number of intact full chunks, and the rows of an incomplete one after them; what follows damage goes."""
    full = 0
    for number, crc32, rows in database.execute("SELECT number, crc32, rows FROM chunks ORDER BY number"):
        if number != full or not isinstance(rows, bytes) or zlib.crc32(rows) != crc32:
            break
        if len(rows) > _CHUNK_BYTES or len(rows) % _ROW.itemsize:
            break
        if len(rows) < _CHUNK_BYTES:
            return full, np.frombuffer(rows, _ROW)
        full += 1
    database.execute("DELETE FROM chunks WHERE number >= ?", (full,))
    return full, np.empty(0, _ROW)


def find_analysis(folder: Path, fits: Callable[[AnalysisKey], bool]) -> AnalysisKey | None:
    """The key that fits of the analysis used last, among all in the folder; None where none does."""
    files = [(last_used, path) for last_used, _, path in analysis_files(folder) if path.suffix == SUFFIX]
    for _, path in sorted(files, reverse=True):
        with contextlib.suppress(sqlite3.Error, OSError), contextlib.closing(connect(path, busy_seconds=0)) as opened:
            for (text,) in opened.execute("SELECT key FROM analysis"):
                key = AnalysisKey.of_text(str(text))
                if key is not None and fits(key):
                    return key
    return None


def _is_read_only(error: OSError | sqlite3.Error) -> bool:
    """Whether the machine forbids to write there; a full or broken disk is another matter."""
    if isinstance(error, OSError):
        return error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN)
