"""Keeps indexes that took a full decode, so that a video needs it only once; a cache, safe to delete."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np

from engine.paths import indexes_folder
from engine.video.frame_index import FrameIndex

_VERSION = 1


def save_index(fingerprint: str, index: FrameIndex) -> None:
    """Keep an index; a cache that can't be written is done without."""
    with contextlib.suppress(OSError):
        folder = indexes_folder()
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".partial")
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(
                file,
                version=_VERSION,
                pts=index.pts,
                keyframes=index.keyframes,
                time_base=[index.time_base.numerator, index.time_base.denominator],
                checksums=np.empty(0, np.uint32) if index.checksums is None else index.checksums,
                seekable=index.seekable,
            )
        Path(name).replace(_file(fingerprint))


def load_index(fingerprint: str) -> FrameIndex | None:
    """The index kept of a video, None where there is none or it is damaged."""
    try:
        with np.load(_file(fingerprint), allow_pickle=False) as kept:
            if int(kept["version"]) != _VERSION or not len(kept["pts"]):
                return None
            numerator, denominator = (int(part) for part in kept["time_base"])
            return FrameIndex(
                pts=kept["pts"],
                keyframes=kept["keyframes"],
                time_base=Fraction(numerator, denominator),
                checksums=kept["checksums"],
                seekable=bool(kept["seekable"]),
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def _file(fingerprint: str) -> Path:
    return indexes_folder() / f"{fingerprint}.npz"
