"""Samples a video at a few moments, instead of decoding every frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.errors import VideoError
from engine.common.events import ShouldStop
from engine.models.picture import model_picture
from engine.video.frame import Pixels
from engine.video.source import VideoSource, usual_frame_seconds
from engine.video.timing import without_gaps

_MOMENTS = 12
_MIN_KEYFRAMES = 6  # a video with fewer keyframes is so short that seeking to any frame is fast
_STEP_SECONDS = 0.2  # between the two frames of a moment: a slow pedestrian moves, and few frames must be decoded
_MAX_FAILURES = 3  # after each failure the decoder starts again at the beginning of the file
_NOISE_SIGMA_PX = 1.5
_MIN_CHANGE_LEVELS = 10  # of 255, after smoothing: above sensor noise and compression, below the contrast of objects


@dataclass(frozen=True, eq=False)
class Moment:
    """A frame at the models' input size, and how much of it moves."""

    seconds: float
    frame: int
    picture: Pixels
    """RGB uint8 [256, 256, 3]."""
    moving: float
    """Share of the picture, 0 to 1, that changes within 0.2 s."""


@dataclass
class SampledMoments:
    """The sampled moments of a video."""

    moments: list[Moment] = field(default_factory=list)
    undecodable: list[int] = field(default_factory=list)
    """Numbers of sampled frames that can't be decoded."""


def sample_moments(source: VideoSource, should_stop: ShouldStop) -> SampledMoments:
    """Sample a dozen moments, evenly spaced in time.

    Raises:
        Cancelled: `should_stop` returned true.
    """
    sample = SampledMoments()
    usual = usual_frame_seconds(source.times)
    step = max(round(_STEP_SECONDS / usual), 1) if usual else 1
    for frame in _evenly_spaced_frames(source):
        # Near the end of the video, use an earlier frame that still has a second frame to compare with.
        first = max(min(frame, len(source) - 1 - step), 0)
        try:
            picture = model_picture(source.read(first, should_stop).stored)
            later = model_picture(source.read(min(first + step, len(source) - 1), should_stop).stored)
        except VideoError:
            sample.undecodable.append(first)
            if len(sample.undecodable) == _MAX_FAILURES:
                break
            continue
        sample.moments.append(Moment(float(source.times[first]), first, picture, moving_share(picture, later)))
    return sample


def moving_share(before: Pixels, after: Pixels) -> float:
    """Share of pixels, 0 to 1, that differ between two pictures, apart from a change in overall brightness."""
    change = smoothed_luma(after, _NOISE_SIGMA_PX) - smoothed_luma(before, _NOISE_SIGMA_PX)
    return float((np.abs(change - np.median(change)) > _MIN_CHANGE_LEVELS).mean())


def smoothed_luma(picture: Pixels, sigma_px: float) -> npt.NDArray[np.float32]:
    """Brightness of RGB uint8 [H, W, 3] in [0, 255] without detail below `sigma_px`, float32 [H, W]."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma_px), np.float32)


def _evenly_spaced_frames(source: VideoSource) -> list[int]:
    """Numbers of frames evenly spaced in time without gaps; only keyframes, if there are enough of them."""
    times, keyframes = without_gaps(source.times), source.keyframes
    frames = np.searchsorted(times, np.linspace(0, times[-1], _MOMENTS, endpoint=False), side="right") - 1
    if len(keyframes) >= _MIN_KEYFRAMES:
        frames = keyframes[np.searchsorted(keyframes, frames, side="right") - 1]
    return [int(frame) for frame in np.unique(frames)]
