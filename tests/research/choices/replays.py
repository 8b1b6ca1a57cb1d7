"""Changes in which a part of the picture plays faster, backwards, or shows another moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.research.choices.clip_measurements import ENGINE_BASELINE, ClipMeasurements
from tests.research.choices.clips import Clip, Pictures
from tests.research.choices.motion_prior import MotionPrior, follow_motion, middle_of

_TRIES = 40
_MIN_SECONDS = 1.0
_BLEND_SECONDS = 0.3
_FEATHER_PX = 4.0
_MARGIN_PX = 6
_COMPARED_FRAMES = 5
_MIN_PACE = 0.5
"""At twice its speed, a thing slower than half the usual speed would still be normal."""
_LATER_SECONDS = 2.0
"""How much later the moment is that the control (replayed) shows."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Replay:
    """Frames [start, start + len(sources)) show the frames `sources` where `weight` is 1."""

    start: int
    sources: Floats
    """Frame numbers; a fractional one blends its two neighbours."""
    weight: Floats
    """[256, 256, 1] in [0, 1]."""
    blend_in: bool
    """Whether it is faded in: needed where the first source is not the frame itself."""
    seam: float
    """Difference in grey levels at its border and in its last frame: how visible the change is as such."""


def replay(
    clip: Clip, measured: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator, pace: float, frames: int
) -> Replay | None:
    """The least visible replay out of many random places and moments at which a thing moves; None where none moves.

    `pace` 2 plays twice as fast, -1 backwards, from the frame on where it begins; 1 shows another moment.
    """
    best: Replay | None = None
    for _ in range(_TRIES):
        found = _attempt(clip, measured, prior, rng, pace, frames)
        if found is not None and (best is None or found.seam < best.seam):
            best = found
    return best


def pictures_of(found: Replay, clip: Clip) -> Iterator[tuple[int, npt.NDArray[np.uint8]]]:
    """The changed frames, with their numbers."""
    blend = max(round(_BLEND_SECONDS * clip.fps), 1)
    count = len(found.sources)
    for row, source in enumerate(found.sources):
        t = found.start + row
        strength = min((count - row) / blend, 1.0)
        if found.blend_in:
            strength = min(strength, (row + 1) / blend)
        weight = found.weight * np.float32(strength)
        mixed = clip.pictures[t] * (1 - weight) + _between(clip.pictures, float(source)) * weight
        yield t, np.asarray(mixed + 0.5, np.uint8)


def _attempt(
    clip: Clip, measured: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator, pace: float, frames: int
) -> Replay | None:
    count = len(clip.pictures)
    later = round(_LATER_SECONDS * clip.fps) if pace == 1 else 0
    # Frames from the first one shown to the last source.
    reach = round(pace * frames) + later
    first, last = max(1, 1 - reach), min(count - 1 - frames, count - 2 - reach)
    if last <= first:
        return None
    start = int(rng.integers(first, last))
    moving = np.argwhere(np.hypot(*measured.motion[ENGINE_BASELINE, start + later, :2]) >= prior.moving_px)
    if not len(moving):
        return None
    x, y = middle_of(*moving[int(rng.integers(len(moving)))])
    trajectory = follow_motion(measured, prior, start + later, x, y, stop=start + reach)
    # Shown for as long as the thing moves: one that stands or has gone can't be too fast.
    shown = min(frames, int((len(trajectory) - 1) / abs(pace)))
    height = prior.height_px(y + prior.usual_height_px / 2)
    went = float(np.hypot(*np.subtract(trajectory[-1], trajectory[0])))
    if shown < _MIN_SECONDS * clip.fps or went < _MIN_PACE * prior.speed_at(y) * (len(trajectory) - 1):
        return None
    sources = np.asarray(start + later + pace * np.arange(1, shown + 1), np.float32)
    weight = _weight(trajectory, height, height * clip.squeeze * 0.7)
    return Replay(start + 1, sources, weight, later > 0, _seam(clip.pictures, start + 1, sources, weight))


def _weight(trajectory: list[tuple[float, float]], height: float, width: float) -> Floats:
    """A box with soft edges around a thing of this size on all of its trajectory."""
    points = np.array(trajectory)
    half = np.array([width / 2, height / 2]) + _MARGIN_PX
    low, high = np.maximum(points.min(axis=0) - half, 0).astype(int), (points.max(axis=0) + half).astype(int) + 1
    weight = np.zeros((256, 256), np.float32)
    weight[low[1] : high[1], low[0] : high[0]] = 1
    return np.asarray(cv2.GaussianBlur(weight, (0, 0), _FEATHER_PX)[..., None], np.float32)


def _seam(pictures: Pictures, start: int, sources: Floats, weight: Floats) -> float:
    ring = (weight[..., 0] > 0.1) & (weight[..., 0] < 0.9)
    inside = weight[..., 0] > 0.5
    rows = np.linspace(0, len(sources) - 1, _COMPARED_FRAMES).astype(int)
    differences = [
        np.abs(pictures[start + row].astype(np.float32) - _between(pictures, float(sources[row]))).mean(axis=2)
        for row in rows
    ]
    # Root mean squares, for people notice the most different parts.
    along = [float(np.sqrt((each[ring] ** 2).mean())) for each in differences]
    return max(along) + float(np.sqrt((differences[-1][inside] ** 2).mean()))


def _between(pictures: Pictures, at: float) -> Floats:
    below = int(np.clip(np.floor(at), 0, len(pictures) - 1))
    above = min(below + 1, len(pictures) - 1)
    share = np.float32(at - below)
    if share == 0:
        return pictures[below].astype(np.float32)
    return np.asarray(pictures[below] * (1 - share) + pictures[above] * share, np.float32)
