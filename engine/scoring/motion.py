"""Motion over a fifth of a second: where to, and how fast, each window of the picture moved."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engine.flow.colour import Flow
from engine.scoring.picture_change import PictureChange
from engine.scoring.windows import CELL_PX, PICTURE_CELLS, WINDOW_CELLS, cell_means, window_means
from engine.video.frame import Pixels
from engine.video.source import usual_frame_seconds

BASELINE_SECONDS = 0.2
"""Between the two pictures that motion is measured on: over one frame of a camera with a high frame rate, slow things
move less than the flow's error."""

PLACES = PICTURE_CELLS - WINDOW_CELLS + 1
"""Windows across the picture, and down."""

_MIN_CHANGE = 1.0
"""Change of luma, in grey levels, from which on a window counts as moving: noise and compression mostly change it by
less (docs/research/choice-of-signals.md)."""
_BLOCK_PX = CELL_PX // 2
"""Changes of luma are measured between means over blocks of this size, for noise differs from pixel to pixel."""

_TIE_MARGIN = 0.03
"""In frames; rounded times move a tie between two numbers of frames by less."""
_SAME_RATE = 0.02
"""Relative difference up to which frame rates are the same: times rounded to milliseconds make 30 frames a second
30.3."""

Times = npt.NDArray[np.floating]
Motion = npt.NDArray[np.float32]
"""float32 [3, PLACES, PLACES]: of each window the mean dx, dy and speed, in px a frame; 0 where nothing moves."""


@dataclass(frozen=True, eq=False)
class MeasuredMotion:
    """What moved between two pictures."""

    windows: Motion
    camera_px: float
    """How far the picture as a whole moved, px a frame."""
    change: PictureChange
    """How much of the picture changed."""

    @classmethod
    def of(
        cls,
        flow: Flow,
        earlier: Pixels,
        later: Pixels,
        frames: float,
        moving: npt.NDArray[np.bool_] | None = None,
    ) -> MeasuredMotion:
        """Of the flow between two 256x256 pictures that lie so many frames apart.

        Whoever knows their `moving_windows` gives them.
        """
        motion = window_motion(flow, frames)
        # Of an area in which only the noise changes, the estimated flow is not 0 but random.
        windows = motion * (moving_windows(earlier, later) if moving is None else moving)
        return cls(windows, camera_motion_px(motion), PictureChange.of(earlier, later))

    @classmethod
    def none(cls, earlier: Pixels, later: Pixels) -> MeasuredMotion:
        """Between two 256x256 pictures that have no `moving_windows`."""
        return cls(np.zeros((3, PLACES, PLACES), np.float32), 0.0, PictureChange.of(earlier, later))


def baseline_frames(seconds: Times) -> int:
    """How many frames lie between the two that motion is measured on, for a video with frames at these times [N]."""
    frame_seconds = usual_frame_seconds(seconds)
    # The number nearest to the baseline; of two that are equally near, the smaller, because over more frames the flow
    # loses small fast things. Without the margin, the rounding of times would decide at 12.5 frames a second.
    return max(1, math.ceil(BASELINE_SECONDS / frame_seconds - 0.5 - _TIE_MARGIN)) if frame_seconds else 1


def frame_ratio(own_seconds: float | None, frame_seconds: float | None) -> float:
    """How many frames of `frame_seconds` a frame of a video lasts.

    1 where they are as long but for rounded times, and where one of both is not known.
    """
    ratio = own_seconds / frame_seconds if own_seconds and frame_seconds else 1.0
    return 1.0 if abs(ratio - 1) <= _SAME_RATE else ratio


def window_motion(flow: Flow, frames: float = 1) -> Motion:
    """Mean motion of every window, px a frame, from a flow of the 256x256 picture over so many frames."""
    planes = (flow[0], flow[1], cv2.magnitude(flow[0], flow[1]))
    return np.stack([window_means(cell_means(each)) for each in planes]) / np.float32(frames)


def moving_windows(earlier: Pixels, later: Pixels) -> npt.NDArray[np.bool_]:
    """Which windows [PLACES, PLACES] changed by more than noise does between two 256x256 pictures."""
    return window_changes(earlier, later) >= _MIN_CHANGE


def window_changes(earlier: Pixels, later: Pixels) -> npt.NDArray[np.float32]:
    """How much lighter or darker each window has become, in grey levels, as a mean over its blocks."""
    before, after = (_block_means(each) for each in (earlier, later))
    return window_means(cell_means(cv2.absdiff(before, after).astype(np.float32), CELL_PX // _BLOCK_PX))


def _block_means(picture: Pixels) -> npt.NDArray[np.uint8]:
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    size = (luma.shape[1] // _BLOCK_PX, luma.shape[0] // _BLOCK_PX)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def net_speed(motion: Motion) -> npt.NDArray[np.float32]:
    """Speed of each window's mean motion [PLACES, PLACES]: opposite motions within a window cancel out."""
    # Not OpenCV's magnitude: its last bit hangs on where in memory the arrays lie.
    return np.asarray(np.sqrt(motion[0] * motion[0] + motion[1] * motion[1]), np.float32)


def camera_motion_px(motion: Motion) -> float:
    """How far the picture as a whole moved, px a frame: the median, for most of it is still where the camera is."""
    return float(np.hypot(*np.median(motion[:2].reshape(2, -1), axis=1)))
