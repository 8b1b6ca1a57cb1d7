"""Optical flow as pictures and back: the Middlebury colour wheel, and the flow radius that suits footage."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from engine.video.frame import Pixels

Flow = npt.NDArray[np.float32]
"""Optical flow, float32 [2, H, W]: dx to the right, dy downwards, in pixels of the picture it belongs to."""

_ANGLE_BINS = 8192  # angles are rounded to these bins, finer than uint8 colours: the wheel has 6 x 255 levels
_HUE_BINS = 7200

_RADIUS_PERCENTILE = 99.9
_MIN_RADIUS_PX = 0.5
_SPEED_BINS_PER_PX = 32
_MAX_SPEED_PX = 256 * math.sqrt(2)
"""The diagonal of a 256 x 256 picture: nothing moves farther from one frame to the next."""


@cache
def _wheel() -> npt.NDArray[np.float32]:
    """The 55 fully saturated colours of the wheel, RGB in [0, 1] (Baker et al., IJCV 2011)."""
    # For each transition between a primary and a secondary colour: its length, the channel that changes, the sign.
    transitions = [(15, 1, +1), (6, 0, -1), (4, 2, +1), (11, 1, -1), (13, 0, +1), (6, 2, -1)]
    colours, colour = [], np.array([1.0, 0.0, 0.0])
    for length, channel, direction in transitions:
        for step in range(length):
            blended = colour.copy()
            blended[channel] += direction * step / length
            colours.append(blended)
        colour[channel] += direction
    return np.array(colours, np.float32)


@cache
def _complement_by_angle() -> npt.NDArray[np.float32]:
    """White minus the colour of each direction [bins, 3]; multiplied by the saturation and subtracted from white."""
    wheel = _wheel()
    position = np.arange(_ANGLE_BINS, dtype=np.float32) / _ANGLE_BINS * (len(wheel) - 1)
    lower = position.astype(int)
    fraction = (position - lower)[:, None]
    return np.asarray(1 - (wheel[lower] * (1 - fraction) + wheel[lower + 1] * fraction), np.float32)


@cache
def _direction_by_hue() -> npt.NDArray[np.float32]:
    """Unit vector (dx, dy) of each hue [bins, 2]: the inverse of the wheel, whose hue increases along all of it."""
    wheel_hues = cv2.cvtColor(_wheel()[None], cv2.COLOR_RGB2HSV)[0, :, 0]
    hues = np.arange(_HUE_BINS) * (360 / _HUE_BINS)
    # Hues past the last colour lie between its two ends, which mean the same direction.
    angle = np.interp(hues, wheel_hues, np.arange(len(wheel_hues))) / (len(wheel_hues) - 1) * 2 * np.pi
    return np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)


def flow_to_rgb(flow: Flow, radius_px: float) -> Pixels:
    """Colour-wheel picture uint8 [H, W, 3] of a flow [2, H, W]: direction as hue, speed as saturation.

    Speeds of `radius_px` and above are fully saturated. (Middlebury's own code divides by each picture's largest
    speed; a fixed radius makes pictures comparable.)
    """
    speed, angle = cv2.cartToPolar(flow[0], flow[1])
    saturation = np.minimum(speed * (255 / radius_px), 255)
    bins = (angle * (_ANGLE_BINS / (2 * np.pi))).astype(np.int32)
    complement = np.take(_complement_by_angle(), bins, axis=0, mode="wrap")
    complement *= saturation[..., None]
    return np.asarray(255.5 - complement, np.uint8)


def rgb_to_flow(rgb: npt.NDArray[np.float32], radius_px: float) -> Flow:
    """Flow [2, H, W] behind a colour-wheel picture, float32 RGB [H, W, 3] in [0, 1]: inverse of `flow_to_rgb`.

    Colours off the wheel, as a network predicts them, are read by their hue and chroma.
    """
    hsv = cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)
    speed = hsv[..., 1] * hsv[..., 2] * radius_px
    bins = (hsv[..., 0] * (_HUE_BINS / 360)).astype(np.int32)
    flow = np.take(_direction_by_hue(), bins, axis=0, mode="wrap")
    flow *= speed[..., None]
    return np.ascontiguousarray(flow.transpose(2, 0, 1))


def wheel_legend(size_px: int) -> Pixels:
    """The colour wheel, uint8 [size, size, 3]: each colour is where its motion points to, the rim is the radius.

    The corners outside the circle are saturated too; the caller cuts the circle out.
    """
    axis = np.linspace(-1, 1, size_px, dtype=np.float32)
    return flow_to_rgb(np.stack(np.meshgrid(axis, axis)), radius_px=1.0)


def flow_radius(speeds: npt.NDArray[np.floating]) -> float:
    """The flow radius of a detector in px: the 99.9th percentile of its training speeds, at least half a pixel."""
    return max(float(np.percentile(speeds, _RADIUS_PERCENTILE)), _MIN_RADIUS_PX)


class SpeedHistogram:
    """Histogram of pixel speeds, from which the flow radius of footage of any length follows in constant memory."""

    def __init__(self, counts: npt.NDArray[np.int64] | None = None) -> None:
        """Start empty, or from the `counts` [bins] of an earlier histogram."""
        bins = math.ceil(_MAX_SPEED_PX * _SPEED_BINS_PER_PX) + 1
        self.counts = np.zeros(bins, np.int64) if counts is None else counts

    def add(self, flow: Flow) -> None:
        """Count the pixels of a flow, float32 [2, H, W] in px."""
        speed = np.hypot(flow[0], flow[1])
        bins = np.minimum(speed * _SPEED_BINS_PER_PX, len(self.counts) - 1).astype(np.int64)
        self.counts += np.bincount(bins.ravel(), minlength=len(self.counts))

    def radius_px(self) -> float:
        """The `flow_radius` of all counted speeds, to 1/32 px."""
        cumulative = np.cumsum(self.counts)
        if not cumulative[-1]:
            return _MIN_RADIUS_PX
        target_count = cumulative[-1] * _RADIUS_PERCENTILE / 100
        target_bin = int(np.searchsorted(cumulative, target_count))
        count_below = cumulative[target_bin - 1] if target_bin else 0
        return max(
            float((target_bin + (target_count - count_below) / self.counts[target_bin]) / _SPEED_BINS_PER_PX),
            _MIN_RADIUS_PX,
        )
