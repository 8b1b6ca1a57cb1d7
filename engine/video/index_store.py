"""Caches the indexes that needed a full decode, so that each video needs it only once; safe to delete."""

from __future__ import annotations

import platform
import zipfile
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from engine.common.atomic_write import atomic_write
from engine.common.paths import indexes_folder
from engine.video.frame import LostFrames
from engine.video.frame_index import EntryPoint, FrameIndex

_LAYOUT_VERSION = 3


def save_index(fingerprint: str, index: FrameIndex) -> None:
    """Store a canonical index; do nothing when the cache can't be written."""
    assert index.checksums is not None
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
                checksums=index.checksums,
                lost=np.array([(each.frame, each.count) for each in index.lost], np.int64).reshape(-1, 2),
                replaced=index.replaced,
            )


def load_index(fingerprint: str) -> FrameIndex | None:
    """The stored index of a video; None when it is missing, damaged, or made by another decoder version."""
    try:
        with np.load(_file(fingerprint), allow_pickle=False) as stored:
            if str(stored["made_by"]) != _made_by():
                return None
            numerator, denominator = (int(part) for part in stored["time_base"])
            return FrameIndex(
                pts=stored["pts"],
                keyframes=stored["keyframes"],
                time_base=Fraction(numerator, denominator),
                entries=stored["entries"],
                entry_kind=EntryPoint(str(stored["entry_kind"])),
                checksums=stored["checksums"],
                lost=tuple(LostFrames(int(frame), int(count)) for frame, count in stored["lost"]),
                replaced=stored["replaced"],
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _made_by() -> str:
    """Names what the checksums depend on: decoders may differ in the last bit by FFmpeg version and processor."""
    codecs = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"layout {_LAYOUT_VERSION}, libavcodec {codecs}, {platform.machine()}"


def _file(fingerprint: str) -> Path:
    return indexes_folder() / f"{fingerprint}.npz"
