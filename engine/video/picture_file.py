"""Reads picture files within bounds: nothing but regular files, and none whose header announces too many pixels."""

from __future__ import annotations

import io
import logging
import stat
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

MAX_PIXELS = 1 << 26
"""Pixels of the largest picture that is opened, of videos too: 8192x8192, twice an 8K camera's."""
_MAX_BYTES = 8 * MAX_PIXELS + (1 << 20)  # uncompressed, with four channels of 16 bits

# What is that large or damaged is refused here, with a word.
warnings.simplefilter("ignore", Image.DecompressionBombWarning)
logging.getLogger("PIL").setLevel(logging.CRITICAL)


def read_picture_bytes(path: Path) -> bytes:
    """The content of a picture's file.

    Raises:
        OSError: the file can't be read.
        ValueError: it is no regular file, or far too large for a picture.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no regular file")
    if status.st_size > _MAX_BYTES:
        raise ValueError(f"it is larger than {_MAX_BYTES >> 20} MiB")
    return path.read_bytes()


def decode_picture(data: bytes, flags: int) -> npt.NDArray[Any]:
    """Decode a picture as OpenCV's `flags` say.

    Raises:
        ValueError: it is no picture, is damaged, or has too many pixels.
    """
    width, height = _announced_size(data)
    if width * height > MAX_PIXELS:
        raise ValueError(f"it has {width}x{height} pixels, more than {MAX_PIXELS / 1e6:.0f} million")
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:
        picture = None
    if picture is None:
        raise ValueError("it is no picture, or damaged")
    return np.asarray(picture)


def _announced_size(data: bytes) -> tuple[int, int]:
    """Width and height in a picture's header; 0 where Pillow does not know the format."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            return picture.size
    except Image.DecompressionBombError:
        return 1 << 16, 1 << 16
    except Exception:  # a damaged header makes Pillow raise nearly anything; OpenCV has the last word
        return 0, 0
