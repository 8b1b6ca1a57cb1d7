"""Looks at a video in a few moments instead of at every frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.errors import VideoError
from engine.common.events import ShouldStop
from engine.models.picture import model_picture
from engine.video.frame import Pixels
from engine.video.source import VideoSource

_MOMENTS = 12
_ENOUGH_KEYFRAMES = 6  # with fewer, a moment's way from its keyframe is short all the same: there are few frames
_STEP_SECONDS = 0.2  # long enough for a slow pedestrian to move, short enough to cost little decoding
_FAILURES = 3  # each sends the decoder back to the beginning of the file
_NOISE_SIGMA_PX = 1.5
_CHANGED_LEVELS = 10  # of 255, after smoothing: above a camera's noise and coding, below anything that moves


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame as the models see it, and what moves then."""

    seconds: float
    frame: int
    picture: Pixels
    """uint8 [256, 256, 3]."""
    moving: float
    """Share of the picture, 0 to 1, that changes within a fifth of a second."""


@dataclass
class Looks:
    """The moments of a video that were looked at."""

    moments: list[Moment] = field(default_factory=list)
    undecodable: list[int] = field(default_factory=list)
    """Frames that should have been looked at, and can't be decoded."""


def look_at(source: VideoSource, should_stop: ShouldStop) -> Looks:
    """Look at a dozen moments, evenly spread; frames that can't be decoded are noted.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    looks = Looks()
    step = max(round(_STEP_SECONDS * source.info.average_fps), 1)
    for frame in _spread(source):
        # A pair at the end of a video is better than none.
        first = max(min(frame, len(source) - 1 - step), 0)
        try:
            picture = model_picture(source.read(first, should_stop).pixels)
            later = model_picture(source.read(min(first + step, len(source) - 1), should_stop).pixels)
        except VideoError:
            looks.undecodable.append(first)
            if len(looks.undecodable) == _FAILURES:
                break
            continue
        looks.moments.append(Moment(float(source.times[first]), first, picture, moving_share(picture, later)))
    return looks


def moving_share(before: Pixels, after: Pixels) -> float:
    """Share of a picture, 0 to 1, that is another in a second one; a change of the light as a whole is none."""
    change = smoothed_luma(after, _NOISE_SIGMA_PX) - smoothed_luma(before, _NOISE_SIGMA_PX)
    return float((np.abs(change - np.median(change)) > _CHANGED_LEVELS).mean())


def smoothed_luma(picture: Pixels, sigma_px: float) -> npt.NDArray[np.float32]:
    """Brightness of RGB uint8 [H, W, 3] in [0, 255] without detail below `sigma_px`, float32 [H, W]."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma_px), np.float32)


def _spread(source: VideoSource) -> list[int]:
    """Frames evenly spread in time; keyframes where there are enough of them."""
    times, keyframes = source.times, source.keyframes
    wished = np.searchsorted(times, np.linspace(0, times[-1], _MOMENTS, endpoint=False), side="right") - 1
    if len(keyframes) >= _ENOUGH_KEYFRAMES:
        wished = keyframes[np.searchsorted(keyframes, wished, side="right") - 1]
    return [int(frame) for frame in np.unique(wished)]
