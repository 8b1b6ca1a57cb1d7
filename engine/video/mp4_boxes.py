"""The parts of an MP4 that can't be read: FFmpeg gives up at the first of them, and says nothing of what lies behind.

A recorder that writes fragments and loses power leaves half of one; a disk that fails leaves holes.
"""

from __future__ import annotations

import errno
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

_MAX_LIST_BYTES = 1 << 24
"""Of a fragment's list of frames, which has a few bytes for each."""
_CHUNK_BYTES = 1 << 18
_MOST_BOXES = 500_000
"""Of a day with a fragment for every second there are a third as many. What is behind is left to FFmpeg."""
_MOST_TRIED = 1000
"""What begins like a fragment and is none, and damaged parts: a file may be made to hold nothing else."""
_KIND = re.compile(rb"[\x20-\x7e\xa9]{4}")
# The list of a fragment's frames begins with the fragment's number.
_FRAGMENT = re.compile(rb"(?s).{4}moof\x00\x00\x00\x10mfhd")
_FRAGMENT_BYTES = 16
_MOST_KNOWN = 64
_known: dict[tuple[Path, int, int], tuple[UnreadPart, ...]] = {}
"""A recording is opened several times, and may have a fragment for each frame."""


@dataclass(frozen=True)
class UnreadPart:
    """Bytes [start, stop) of which FFmpeg can make nothing."""

    start: int
    stop: int

    @property
    def header(self) -> bytes:
        """What FFmpeg has to read in place of the first bytes to go on behind the part; nothing where it is tiny."""
        size = self.stop - self.start
        if size >= 1 << 32:
            return struct.pack(">I4sQ", 1, b"free", size)
        return struct.pack(">I4s", size, b"free") if size >= 8 else b""


def unread_parts(file: RawIOBase, name: Path, size: int, changed_ns: int) -> tuple[UnreadPart, ...]:
    """What is damaged between a file's fragments, or was appended to a file without; the file is at its start then.

    Raises:
        OSError: the file can't be read.
    """
    key = (name, size, changed_ns)
    if key not in _known:
        found = tuple(_unread(file, size))
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = found
    file.seek(0)
    return _known[key]


def _unread(file: RawIOBase, size: int) -> Iterator[UnreadPart]:
    at, has_list, is_fragmented = 0, False, False
    tries = iter(range(_MOST_TRIED))
    for _ in range(_MOST_BOXES):
        if at + 8 > size:
            return
        kind, stop = _box(file, at, size)
        if kind == b"ftyp" and has_list and not is_fragmented:
            yield UnreadPart(at, size)  # another recording, which no player shows
            return
        if kind == b"mdat" and stop > size and is_fragmented:
            # Either the end is missing, or the length is wrong.
            following = _next_fragment(file, at + 8, size, tries)
            kind, stop = (b"", at) if following < size else (kind, stop)
        if kind:
            is_fragmented |= kind == b"moof" or (kind == b"moov" and b"mvex" in _read(file, at, _CHUNK_BYTES))
            has_list |= kind == b"moov"
            at = stop
            continue
        if not is_fragmented:
            return  # the list says where all frames are, wherever the boxes end
        stop = _next_fragment(file, at + 1, size, tries)
        # Space that was reserved and not used is nobody's loss.
        if stop < size or any(_read(file, at, _CHUNK_BYTES)):
            yield UnreadPart(at, stop)
        at = stop


def _box(file: RawIOBase, at: int, size: int) -> tuple[bytes, int]:
    """Kind and end of the box that begins there, beyond the file where that is cut; no kind where there is none."""
    header = _read(file, at, 16).ljust(8, b"\0")
    length, kind = struct.unpack(">I4s", header[:8])
    if length == 1 and len(header) == 16:
        (length,) = struct.unpack(">Q", header[8:])
    elif length == 0 and kind == b"mdat":
        length = size - at
    is_whole = length >= 8 and _KIND.fullmatch(kind) and (at + length <= size or kind == b"mdat")
    if is_whole and kind == b"moof":
        is_whole = length <= _MAX_LIST_BYTES and _is_filled(_read(file, at + 8, length - 8))
    return (kind, at + length) if is_whole else (b"", at)


def _is_filled(data: bytes, *, is_track: bool = False) -> bool:
    """Whether boxes, and those inside of tracks, fill the data exactly."""
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            return False
        length, kind = struct.unpack_from(">I4s", data, at)
        if not 8 <= length <= len(data) - at or not _KIND.fullmatch(kind):
            return False
        if kind == b"traf" and not (is_track or _is_filled(data[at + 8 : at + length], is_track=True)):
            return False
        at += length
    return True


def _next_fragment(file: RawIOBase, at: int, size: int, tries: Iterator[int]) -> int:
    """Where the next whole fragment begins, else the end of the file."""
    while at < size:
        for found in _FRAGMENT.finditer(_read(file, at, _CHUNK_BYTES + _FRAGMENT_BYTES)):
            if next(tries, None) is None:
                return size
            if _box(file, at + found.start(), size)[0]:
                return at + found.start()
        at += _CHUNK_BYTES
    return size


def _read(file: RawIOBase, at: int, count: int) -> bytes:
    file.seek(at)
    if not (data := file.read(count)):
        raise OSError(errno.EIO, "nothing can be read here")
    return data
