"""Turns FFmpeg's frames into upright RGB pictures."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from engine.video.frame import Pixels
from engine.video.planes import plane_rows
from engine.video.scaling import SquareScaler


class PixelReader:
    """Converts the frames of one stream to RGB; reusing one reformatter is 40 % faster than one per frame."""

    def __init__(self, first: VideoFrame) -> None:
        """Frames of another size than the `first` are stretched to its size, which keeps panels and scores aligned."""
        self._reformatter = VideoReformatter()
        self._width, self._height = first.width, first.height

    def read(self, frame: VideoFrame) -> Pixels:
        """RGB uint8 [H, W, 3], upright and read-only."""
        return _upright(self.as_stored(frame), frame.rotation)

    def as_stored(self, frame: VideoFrame) -> Pixels:
        """RGB uint8 [H, W, 3] before rotation."""
        picture = self._reformatter.reformat(frame, width=self._width, height=self._height, format="rgb24")
        # Without row padding this is a view, not a copy: the array keeps the converted picture alive.
        return plane_rows(picture).reshape(self._height, self._width, 3)


class SquareReader:
    """Converts the frames of one stream to squares, which it rotates after scaling, when they are smaller."""

    def __init__(self, first: VideoFrame, size: int) -> None:
        """Frames of any size are stretched to the `first` one's size and then scaled to `size` x `size`."""
        self._pixels = PixelReader(first)
        self._scaler = SquareScaler(first.width, first.height, size)

    def read(self, frame: VideoFrame) -> Pixels:
        """RGB uint8 [size, size, 3], upright and read-only."""
        return _upright(self._scaler.scale(self._pixels.as_stored(frame)), frame.rotation)


def _upright(pixels: Pixels, rotation: int) -> Pixels:
    if rotation:
        # FFmpeg's angle is counter-clockwise, as numpy's quarter turns are.
        pixels = np.rot90(pixels, round(rotation / 90) % 4)
    upright = np.ascontiguousarray(pixels)
    upright.flags.writeable = False
    return upright
