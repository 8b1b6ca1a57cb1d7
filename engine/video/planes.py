"""The bytes of a frame's planes, whichever way FFmpeg stores them."""

from __future__ import annotations

import ctypes
import zlib

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane

from engine.video.frame import Pixels

PALETTE = "pal8"
"""FFmpeg's pixel format of pictures that are numbers of colours, with these colours as a plane of their own."""


def plane_rows(frame: VideoFrame, number: int = 0) -> Pixels:
    """What is visible of a plane, uint8 [rows, bytes of a row]: a view, valid for as long as the frame lives.

    Rows are from top to bottom, which are stored the other way round where FFmpeg's line size is negative.
    """
    plane = frame.planes[number]
    if number and frame.format.name == PALETTE:
        return _stored(plane, plane.buffer_size).reshape(1, -1)
    stride, height = abs(plane.line_size), plane.height
    visible = -(-plane.width * _bits_per_pixel(frame, number) // 8)
    if plane.line_size > 0:
        return _stored(plane, stride * height).reshape(height, stride)[:, :visible]
    lowest = plane.buffer_ptr + (height - 1) * plane.line_size
    # PyAV's own buffer begins at the uppermost row, which is stored last, and would reach beyond the picture.
    stored = (ctypes.c_uint8 * (stride * height)).from_address(lowest)
    stored.frame = frame  # type: ignore[attr-defined] # keeps the memory alive
    return np.ctypeslib.as_array(stored).reshape(height, stride)[::-1, :visible]


def picture_checksum(frame: VideoFrame) -> int:
    """CRC-32 over all that is visible of a frame: every plane, and the palette."""
    checksum = 0
    for number in range(len(frame.planes)):
        checksum = zlib.crc32(np.ascontiguousarray(plane_rows(frame, number)).data, checksum)
    return checksum


def _stored(plane: VideoPlane, count: int) -> Pixels:
    return np.frombuffer(memoryview(plane), np.uint8, count)


def _bits_per_pixel(frame: VideoFrame, number: int) -> int:
    if len(frame.planes) == 1:
        return frame.format.padded_bits_per_pixel
    components = [each for each in frame.format.components if each.plane == number]
    # Whole bytes for each sample: of 10 bits, too, and of two colours side by side in a plane.
    return 8 * sum(-(-each.bits // 8) for each in components) if frame.format.name != PALETTE else 8
