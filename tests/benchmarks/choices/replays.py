"""A part of the picture that plays at another pace than the rest: faster, backwards, or at another time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.benchmarks.choices.clips import Clip, Pictures
from tests.benchmarks.choices.habits import Habits, follow, middle_of
from tests.benchmarks.choices.measured import MOTION, Measured

_TRIES = 40
_MIN_SECONDS = 1.0
_BLEND_SECONDS = 0.3
_FEATHER_PX = 4.0
_MARGIN_PX = 6
_COMPARED_FRAMES = 5
_MIN_PACE = 0.5
"""What goes slower than half of what is usual would not be too fast at twice its speed."""
_LATER_SECONDS = 2.0
"""How much later the moment is that a control shows."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Replay:
    """Frames [start, start + len(sources)) show, inside of `weight`, those of `sources`."""

    start: int
    sources: Floats
    """Frame numbers, between two of which pictures are blended."""
    weight: Floats
    """[256, 256, 1] in [0, 1]."""
    blend_in: bool
    """Whether it has to begin softly: where the source does not begin at the very frame."""
    seam: float
    """How much its border and its end differ from what they join, in grey levels."""


def replay(
    clip: Clip, measured: Measured, habits: Habits, rng: np.random.Generator, pace: float, frames: int
) -> Replay | None:
    """The best joined of many random places and moments at which a thing moves; None where there is none.

    `pace` 2 plays twice as fast, -1 backwards, from the frame on where it begins; 1 shows another moment.
    """
    best: Replay | None = None
    for _ in range(_TRIES):
        found = _attempt(clip, measured, habits, rng, pace, frames)
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
    clip: Clip, measured: Measured, habits: Habits, rng: np.random.Generator, pace: float, frames: int
) -> Replay | None:
    count = len(clip.pictures)
    later = round(_LATER_SECONDS * clip.fps) if pace == 1 else 0
    # Where the sources lie, from the beginning.
    reach = round(pace * frames) + later
    first, last = max(1, 1 - reach), min(count - 1 - frames, count - 2 - reach)
    if last <= first:
        return None
    start = int(rng.integers(first, last))
    moving = np.argwhere(np.hypot(*measured.motion[MOTION, start + later, :2]) >= habits.moving_px)
    if not len(moving):
        return None
    x, y = middle_of(*moving[int(rng.integers(len(moving)))])
    way = follow(measured, habits, start + later, x, y, stop=start + reach)
    # As long as the thing is there: what stands or has gone can't be too fast.
    shown = min(frames, int((len(way) - 1) / abs(pace)))
    height = habits.height_px(y + habits.usual_height_px / 2)
    went = float(np.hypot(*np.subtract(way[-1], way[0])))
    if shown < _MIN_SECONDS * clip.fps or went < _MIN_PACE * habits.speed_at(y) * (len(way) - 1):
        return None
    sources = np.asarray(start + later + pace * np.arange(1, shown + 1), np.float32)
    weight = _weight(way, height, height * clip.squeeze * 0.7)
    return Replay(start + 1, sources, weight, later > 0, _seam(clip.pictures, start + 1, sources, weight))


def _weight(way: list[tuple[float, float]], height: float, width: float) -> Floats:
    """A box around all of the way, of things so large, with soft edges."""
    points = np.array(way)
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
    # Both count as people see them: by their most different parts.
    along = [float(np.sqrt((each[ring] ** 2).mean())) for each in differences]
    return max(along) + float(np.sqrt((differences[-1][inside] ** 2).mean()))


def _between(pictures: Pictures, at: float) -> Floats:
    below = int(np.clip(np.floor(at), 0, len(pictures) - 1))
    above = min(below + 1, len(pictures) - 1)
    share = np.float32(at - below)
    if share == 0:
        return pictures[below].astype(np.float32)
    return np.asarray(pictures[below] * (1 - share) + pictures[above] * share, np.float32)
