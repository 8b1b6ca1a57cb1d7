"""Files that a URL names: s3://, https:// and whatever else fsspec reaches, as paths."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

if TYPE_CHECKING:
    _PathHere = Path
else:
    _PathHere = type(Path())  # of this system
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]+):/+")
BLOCK_BYTES = 1 << 20
"""What is asked for at once: some seconds of footage."""
_MAX_BLOCKS = 16
_WAITS_SECONDS = (0.5, 2.0, 5.0)
"""Before a read is tried again."""
_CHANGE_KEYS = ("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modified")
_TAG_KEYS = ("ETag", "etag", "Content-MD5")
_REFUSED = (401, 403)
_FINAL_ERRORS = (errno.ENOENT, errno.EACCES, errno.EPROTONOSUPPORT)


class RemotePath(_PathHere):
    """A file or folder elsewhere, which is read by ranges; its text is its URL.

    It names files and reads them: `stat`, `open` and what asks for the kind of a file. What else is asked of a file
    finds nothing under that name on this machine. Failures are OSError with a text, as for any path.
    """

    def __str__(self) -> str:
        return _URL.sub(r"\1://", super().__str__(), count=1)

    def absolute(self) -> RemotePath:
        """The path itself."""
        return self

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:  # noqa: ARG002
        """Kind, size and time of the last change; of a file without a time, its content's tag stands for that."""
        with _os_errors(self):
            system, key = _reached(self)
            system.invalidate_cache()
            found = system.info(key)
        return _status(found)

    def exists(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002
        """Whether there is such a file or folder."""
        with _os_errors(self):
            system, key = _reached(self)
            return bool(system.exists(key))

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002
        """Whether there is a folder, or something under names that begin so."""
        with _os_errors(self):
            system, key = _reached(self)
            return bool(system.isdir(key))

    def open(self, mode: str = "r", *_: Any, **__: Any) -> Any:
        """The file, for reading bytes."""
        if mode != "rb":
            raise OSError(errno.EROFS, "Files elsewhere are only read", str(self))
        return io.BufferedReader(RemoteFile(self), BLOCK_BYTES)

    def files(self) -> Iterator[tuple[RemotePath, os.stat_result]]:
        """All files in this folder and below in order, at the cost of listing them."""
        with _os_errors(self):
            system, root = _reached(self)
            system.invalidate_cache()
            found: dict[str, dict[str, Any]] = system.find(root, detail=True)
            keys = sorted(found)
        for key in keys:
            path = self / key[len(root) :].lstrip("/")
            with _os_errors(path):
                # Servers that answer with a page of links do not say how large files are.
                status = _status(found[key]) if found[key].get("size") is not None else path.stat()
            yield path, status


class RemoteFile(io.RawIOBase):
    """A file elsewhere, of which only the blocks that are read are fetched; a lost connection is tried again."""

    def __init__(self, path: RemotePath) -> None:
        """Raises OSError where the file can't be reached."""
        from fsspec.caching import BlockCache

        super().__init__()
        self.name = str(path)
        self.error: OSError | None = None
        """What a read failed of for good: FFmpeg takes that for the file's end."""
        self.start = b""
        """Its first bytes, for whoever looked at them."""
        self._path = path
        self._size = path.stat().st_size
        self._at = 0
        with _os_errors(path):
            self._system, self._key = _reached(path)
        self._cache = BlockCache(BLOCK_BYTES, self._fetched, self._size, _MAX_BLOCKS)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where it is read next."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place, which reads nothing."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(base + offset, 0)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the file goes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """So many bytes, less at the end."""
        stop = self._size if size < 0 else min(self._at + size, self._size)
        if self._at >= stop:
            return b""
        if self.error:
            raise self.error  # at once: FFmpeg goes on reading after an error
        try:
            data: bytes = self._cache._fetch(self._at, stop)
        except OSError as error:
            self.error = error
            raise
        self._at = stop
        return data

    def _fetched(self, start: int, stop: int) -> bytes:
        stop = min(stop, self._size)
        for wait in (*_WAITS_SECONDS, None):
            try:
                with _os_errors(self._path):
                    data = bytes(self._system.cat_file(self._key, start=start, end=stop))
                if len(data) == stop - start:
                    return data
                raise OSError(errno.EIO, f"{len(data)} bytes came instead of {stop - start}", self.name)
            except OSError as error:
                if wait is None or error.errno in _FINAL_ERRORS:
                    raise
                time.sleep(wait)
        raise AssertionError


def as_path(name: str | Path) -> Path:
    """The path that a name or URL means; a URL of this machine's files is a path like any other."""
    if isinstance(name, Path) or not (scheme := url_scheme(name)):
        return name if isinstance(name, Path) else Path(name)
    if scheme != "file":
        return RemotePath(name)
    try:
        path = urlsplit(name).path
    except ValueError:
        path = ""
    return Path(url2pathname(path) if path else name)  # of what is no URL after all, nothing is found under that name


def url_scheme(name: str) -> str:
    """What a URL begins with, in small letters; empty of what is no URL."""
    match = _URL.match(name)
    return match[1].lower() if match and "://" in match[0] else ""


def holds_secret(url: str) -> bool:
    """Whether a URL holds a password, or what may serve as one: a signature in its query, a token as user of HTTP.

    Raises:
        ValueError: it is no URL.
    """
    if not (scheme := url_scheme(url)):
        return False
    parts = urlsplit(url)
    return bool(parts.password or parts.query or (scheme in ("http", "https") and parts.username))


def _reached(path: RemotePath) -> tuple[Any, str]:
    """The file system of a path, with the credentials that fsspec finds for it, and the name there."""
    from fsspec.core import url_to_fs

    system, key = url_to_fs(str(path))
    return system, key


@contextmanager
def _os_errors(path: RemotePath) -> Iterator[None]:
    """Turn whatever a file system raises into an OSError that has a text."""
    try:
        yield
    except Exception as error:
        number, reason = _told(error)
        raise OSError(number, reason, str(path)) from error


def _told(error: Exception) -> tuple[int, str]:
    if isinstance(error, FileNotFoundError):
        return errno.ENOENT, os.strerror(errno.ENOENT)
    if isinstance(error, PermissionError) or getattr(error, "status", None) in _REFUSED:
        return errno.EACCES, os.strerror(errno.EACCES)
    if isinstance(error, ImportError | ValueError):  # no package, or no such protocol
        return errno.EPROTONOSUPPORT, str(error)
    if isinstance(error, OSError) and error.strerror:
        return error.errno or errno.EIO, error.strerror
    return errno.EIO, str(error) or type(error).__name__


def _status(found: dict[str, Any]) -> os.stat_result:
    kind = stat.S_IFDIR if found.get("type") == "directory" else stat.S_IFREG
    size, changed_ns = int(found.get("size") or 0), _changed_ns(found)
    changed = changed_ns // 10**9
    fields = (kind, 0, 0, 1, 0, 0, size, changed, changed, changed)
    return os.stat_result(fields, {"st_mtime_ns": changed_ns, "st_mtime": changed_ns / 1e9})


def _changed_ns(found: dict[str, Any]) -> int:
    """Time of the last change in ns; a tag of the content as a moment of 1970, long past; 0 where nothing is said."""
    # A file of memory:// is never changed in place: it is made anew.
    for value in (found.get(key) for key in (*_CHANGE_KEYS, "created")):
        if isinstance(value, datetime):
            return int(value.timestamp() * 1e9)
        if isinstance(value, int | float):
            return int(value * 1e9)
        if isinstance(value, str) and value:
            return int(_moment(value).timestamp() * 1e9)
    tag = next((str(found[key]) for key in _TAG_KEYS if found.get(key)), "")
    return zlib.crc32(tag.encode()) if tag else 0


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)
