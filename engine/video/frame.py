"""A decoded frame with its number and presentation time, and frames that damage took, or changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""An RGB picture, uint8 [H, W, 3]."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture of a video, upright (rotation metadata applied)."""

    pixels: Pixels
    """RGB, uint8 [H, W, 3], C-contiguous and read-only; the video's size, or a square where one was requested."""
    index: int
    """Frame number, counted from 0."""
    pts_seconds: float
    """Presentation time in seconds since the first frame, which is at 0."""

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(f"pixels must be uint8 [H, W, 3], not {self.pixels.dtype} {self.pixels.shape}")
        if self.index < 0:
            raise ValueError(f"a frame's index counts from 0, not {self.index}")


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
