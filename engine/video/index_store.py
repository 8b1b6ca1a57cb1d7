"""Keeps indexes that took a full decode, so that a video needs it only once; a cache, safe to delete."""

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
from engine.video.frame_index import EntryPoint, FrameIndex

_LAYOUT = 2


def save_index(fingerprint: str, index: FrameIndex) -> None:
    """Keep a canonical index; a cache that can't be written is done without."""
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
            )


def load_index(fingerprint: str) -> FrameIndex | None:
    """The index kept of a video; None where there is none, it is damaged, or another decoder made it."""
    try:
        with np.load(_file(fingerprint), allow_pickle=False) as kept:
            if str(kept["made_by"]) != _made_by():
                return None
            numerator, denominator = (int(part) for part in kept["time_base"])
            return FrameIndex(
                pts=kept["pts"],
                keyframes=kept["keyframes"],
                time_base=Fraction(numerator, denominator),
                entries=kept["entries"],
                entry_kind=EntryPoint(str(kept["entry_kind"])),
                checksums=kept["checksums"],
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None


def _made_by() -> str:
    """Not every codec is decoded to the same bit on every processor and by every version of FFmpeg."""
    codecs = ".".join(map(str, av.library_versions["libavcodec"]))
    return f"layout {_LAYOUT}, libavcodec {codecs}, {platform.machine()}"


def _file(fingerprint: str) -> Path:
    return indexes_folder() / f"{fingerprint}.npz"
