"""Caches the indexes for which a whole file was decoded or fetched, so that each needs it once; safe to delete."""

from __future__ import annotations

import platform
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import read_or_put_aside
from engine.common.paths import indexes_folder
from engine.video.frame import ConcealedFrames, LostFrames
from engine.video.frame_index import EntryPoint, FrameIndex

_LAYOUT_VERSION = 5
_NO_CHECKSUMS = np.empty(0, np.uint32)
"""Of an index that the container gave, and no decode has checked."""


def save_index(fingerprint: str, index: FrameIndex) -> None:
    """Store an index; do nothing when the cache can't be written."""
    folder = indexes_folder()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with atomic_write(_file(fingerprint)) as file:
            np.savez_compressed(
                file,
                made_by=_made_by(),
                pts=index.pts,
                keyframes=index.keyframes,
                time_base=[index.time_base.numerator, index.time_base.denominator],
                entries=index.entries,
                entry_kind=index.entry_kind.value,
                checksums=_NO_CHECKSUMS if index.checksums is None else index.checksums,
                lost=np.array([(each.frame, each.count) for each in index.lost], np.int64).reshape(-1, 2),
                concealed=np.array([(each.start, each.stop) for each in index.concealed], np.int64).reshape(-1, 2),
                replaced=index.replaced,
            )


def load_index(fingerprint: str) -> FrameIndex | None:
    """The stored index of a video; None when it is missing, damaged, or made by another decoder version."""
    with suppress(OSError):
        return read_or_put_aside(_file(fingerprint), _read)
    return None


def _read(path: Path) -> FrameIndex | None:
    with np.load(path, allow_pickle=False) as stored:
        if str(stored["made_by"]) != _made_by():
            return None
        numerator, denominator = (int(part) for part in stored["time_base"])
        index = FrameIndex(
            pts=stored["pts"],
            keyframes=stored["keyframes"],
            time_base=Fraction(numerator, denominator),
            entries=stored["entries"],
            entry_kind=EntryPoint(str(stored["entry_kind"])),
            checksums=stored["checksums"] if len(stored["checksums"]) else None,
            lost=tuple(LostFrames(int(frame), int(count)) for frame, count in stored["lost"]),
            concealed=tuple(ConcealedFrames(int(start), int(stop)) for start, stop in stored["concealed"]),
            replaced=stored["replaced"],
        )
    _check(index)
    return index


def _check(index: FrameIndex) -> None:
    """Raises ValueError where the arrays of an index contradict each other."""
    numbers = (index.pts, index.keyframes, index.entries)
    checksums = np.zeros(len(index), np.uint32) if index.checksums is None else index.checksums
    if any(array.dtype != np.int64 or array.ndim != 1 for array in numbers) or checksums.dtype != np.uint32:
        raise ValueError("arrays of another kind")
    if not len(index) == len(checksums) or not len(index.keyframes) == len(index.entries):
        raise ValueError("arrays of different lengths")
    if (np.diff(index.pts) <= 0).any() or (np.diff(index.keyframes) <= 0).any():
        raise ValueError("times or keyframes that go back")
    if not len(index.keyframes) or index.keyframes[0] != 0 or index.keyframes[-1] >= len(index):
        raise ValueError("keyframes that are no frames")
    if index.time_base <= 0:
        raise ValueError("time that does not go on")


def _made_by() -> str:
    """Names what the checksums depend on: decoders may differ in the last bit by FFmpeg version and processor."""
    codecs = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"layout {_LAYOUT_VERSION}, libavcodec {codecs}, {platform.machine()}"


def _file(fingerprint: str) -> Path:
    return indexes_folder() / f"{fingerprint}.npz"
