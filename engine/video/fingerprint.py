"""Identifies a video by samples of its content, equally fast for any length."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from engine.common.paths import is_regular_file
from engine.video.decoder_calls import call_noted

_SAMPLE_BYTES = 1 << 20
_SAMPLES = 3
_PICTURES_BYTES = 256 << 20
"""What is read of all pictures of a folder together: half a second's work."""
_MIN_PICTURE_SAMPLE_BYTES = 4 << 10


def file_fingerprint(path: Path, size: int | None = None) -> str:
    """SHA-256 over size and three samples of a file, or of its first bytes: the start, middle and end of them."""
    digest = hashlib.sha256()
    with call_noted(path), path.open("rb") as file:
        _add_samples(digest, file, _SAMPLE_BYTES, size)
    return digest.hexdigest()


def is_another_file(path: Path, fingerprint: str) -> bool:
    """Whether a file's content is another by now than that of a fingerprint; not where it is gone or can't be read."""
    with suppress(OSError):
        return file_fingerprint(path) != fingerprint
    return False


def pictures_fingerprint(pictures: Sequence[Path]) -> str:
    """SHA-256 over the names of all pictures, and the size and content of each: all of it, or three samples of many.

    One that can't be read counts by its name: reading that frame says why.
    """
    digest = hashlib.sha256()
    sample_bytes = max(_PICTURES_BYTES // (_SAMPLES * max(len(pictures), 1)), _MIN_PICTURE_SAMPLE_BYTES)
    for picture in pictures:
        digest.update(os.fsencode(picture.name) + b"/")
        with suppress(OSError):
            if is_regular_file(picture):
                with picture.open("rb") as file:
                    _add_samples(digest, file, min(sample_bytes, _SAMPLE_BYTES))
    return digest.hexdigest()


def _add_samples(digest: hashlib._Hash, file: BinaryIO, sample_bytes: int, size: int | None = None) -> None:
    if size is None:
        size = file.seek(0, os.SEEK_END)
    digest.update(size.to_bytes(8, "little"))
    for sample in range(_SAMPLES):
        file.seek(max(size - sample_bytes, 0) * sample // (_SAMPLES - 1))
        digest.update(file.read(min(sample_bytes, size)))
