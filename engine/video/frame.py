"""A decoded frame with its number and presentation time, and frames that damage took, or changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt

from engine.video.shape import Size, size_in_words

Pixels = npt.NDArray[np.uint8]
"""An RGB picture, uint8 [H, W, 3]."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture of a video, upright (rotation metadata applied)."""

    stored: Pixels
    """RGB, uint8 [H, W, 3], C-contiguous and read-only, with the pixels that are stored, or a square where one was
    requested: for who resizes it anyway."""
    index: int
    """Frame number, counted from 0."""
    pts_seconds: float
    """Presentation time in seconds since the first frame, which is at 0."""
    shown_px: Size | None = None
    """Width and height as it is to be shown, where stored pixels are not square."""

    def __post_init__(self) -> None:
        if self.stored.dtype != np.uint8 or self.stored.ndim != 3 or self.stored.shape[2] != 3:
            raise ValueError(f"pixels must be uint8 [H, W, 3], not {self.stored.dtype} {self.stored.shape}")
        if self.index < 0:
            raise ValueError(f"a frame's index counts from 0, not {self.index}")

    @cached_property
    def pixels(self) -> Pixels:
        """RGB, uint8 [H, W, 3], C-contiguous and read-only, with square pixels: for people."""
        if self.shown_px is None:
            return self.stored
        # Converted by libswscale in the same step as from YUV it would take twice as long.
        pixels = np.asarray(cv2.resize(self.stored, self.shown_px, interpolation=cv2.INTER_CUBIC), np.uint8)
        pixels.flags.writeable = False
        return pixels

    @property
    def stored_px(self) -> Size:
        """Width and height as stored."""
        return self.stored.shape[1], self.stored.shape[0]

    @property
    def size_in_words(self) -> str:
        """Its size, such as "704 × 288, shown as 704 × 528"."""
        return size_in_words(self.stored_px, self.shown_px or self.stored_px)

    @property
    def nbytes(self) -> int:
        """Most bytes that its pictures take."""
        width, height = self.shown_px or (0, 0)
        return self.stored.nbytes + 3 * width * height


@dataclass(frozen=True)
class LostFrames:
    """Frames one after another that are in a file but can't be decoded."""

    frame: int
    """The first frame after them; one more than the last where they are at the end."""
    count: int


@dataclass(frozen=True)
class ConcealedFrames:
    """Frames [start, stop) whose pictures may be wrong: the decoder made up for damage in them, or before them.

    Later frames are made of earlier ones, so that this lasts until a keyframe is whole.
    """

    start: int
    stop: int
