"""Reads a video file of this machine or of a share for FFmpeg, which takes a read that fails for the file's end."""

from __future__ import annotations

import errno
import io
import os
import time
from contextlib import suppress
from io import FileIO
from pathlib import Path

from engine.video.mp4_boxes import UnreadPart, unread_parts

BUFFER_BYTES = 128 << 10
"""What FFmpeg asks for at once."""
WAITS_SECONDS = (0.5, 2.0, 5.0)
"""Before a read is tried again: so long a share or a disk that was plugged out may take to be back."""


class LocalFile(io.RawIOBase):
    """A file that is opened anew where a read fails, and remembers what a read failed of for good."""

    def __init__(self, path: Path) -> None:
        """Raises OSError where the file can't be opened."""
        super().__init__()
        # Without the prefix, FFmpeg would read a colon in the file name as the end of a protocol.
        self.name = f"file:{path}"
        self.error: OSError | None = None
        """What a read failed of for good."""
        self.start = b""
        """Its first bytes, for whoever looked at them."""
        self.unread: tuple[UnreadPart, ...] = ()
        """Parts that FFmpeg is told to skip, as it can't read them."""
        self._path = path
        self._file = FileIO(path)
        self._content = self._size_and_time()

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Where it is read next."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place."""
        return self._file.seek(offset, whence)

    def skip_damaged_boxes(self) -> None:
        """Have what can't be read of an MP4 skipped; to be called before anything is read.

        Raises:
            OSError: the file can't be read.
        """
        self.unread = unread_parts(self, self._path, *self._content)

    def read(self, size: int = -1) -> bytes:
        """So many bytes, less at the end; none where they can't be read, after some seconds of trying.

        An exception would go through FFmpeg, which goes on reading after it: `error` tells the difference.
        """
        if self.error:
            return b""
        at = self._file.tell() if self.unread else 0
        try:
            data = self._file.read(size)
        except OSError:
            data = self._read_again(self._file.tell(), size)
        return self._without_damage(data, at) if self.unread else data

    def close(self) -> None:
        """Close the file; closing twice is fine."""
        _close(self._file)
        super().close()

    def _without_damage(self, data: bytes, at: int) -> bytes:
        for part in self.unread:
            first, header = part.start - at, part.header
            if -len(header) < first < len(data):
                begin, end = max(first, 0), min(first + len(header), len(data))
                data = data[:begin] + header[begin - first : end - first] + data[end:]
        return data

    def _read_again(self, at: int, size: int) -> bytes:
        failed: OSError | None = None
        for wait in WAITS_SECONDS:
            time.sleep(wait)
            try:
                self._open_anew(at)
                return self._file.read(size)
            except OSError as error:
                failed = error
        self.error = failed
        return b""

    def _open_anew(self, at: int) -> None:
        file = FileIO(self._path)
        _close(self._file)
        self._file = file
        if self._size_and_time() != self._content:
            raise OSError(errno.ESTALE, "the file was changed meanwhile", str(self._path))
        self._file.seek(at)

    def _size_and_time(self) -> tuple[int, int]:
        status = os.fstat(self._file.fileno())
        return status.st_size, status.st_mtime_ns


def _close(file: FileIO) -> None:
    # Where the share is gone, closing fails too, and closes all the same.
    with suppress(OSError):
        file.close()
