"""Whether pictures show the same scene from the same place, whatever moves in it and whatever the light."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from engine.footage_check.moments import smoothed_luma
from engine.models.picture import PICTURE_SIZE
from engine.video.frame import Pixels

SAME_SCENE = 0.4
"""Least similarity of two views of one scene: those of other scenes were below 0.15, crowded ones above 0.5."""

OTHER_LIGHT_LEVELS = 50
"""Difference of `brightness` that makes another light."""

_SAME_WHEN_SHIFTED = 0.7
"""More is asked here: of all shifts, some one makes any two scenes resemble each other (0.5 was seen)."""

_SMOOTHING_PX = 2.0
_SIGNATURE_SIZE = 64  # coarse: a camera that shakes in the wind is still the same

Signature = npt.NDArray[np.float32]
"""Where a scene has edges: float32 [4096] with mean 0 and norm 1, so that a product of two is their correlation."""


def signature(picture: Pixels) -> Signature:
    """Where a picture, uint8 [256, 256, 3], has edges; all zeros where it has none."""
    return _normalised(_edges(picture))


def similarities(signatures: Sequence[Signature]) -> npt.NDArray[np.float32]:
    """Correlation [N, N] of all pairs, -1 to 1; those without edges resemble each other."""
    stacked = np.stack(signatures)
    blank = ~stacked.any(axis=1)
    return np.asarray(stacked @ stacked.T + np.outer(blank, blank), np.float32)


def main_group(alike: npt.NDArray[np.float32], weights: npt.NDArray[np.float64]) -> tuple[int, npt.NDArray[np.bool_]]:
    """The view that most of the weight [N] resembles, and which [N] do, by their similarities [N, N]."""
    near = alike >= SAME_SCENE
    # Of equals, the one that resembles the others best.
    centre = int(np.argmax(near @ weights + (alike * near).sum(axis=1) * 1e-6))
    return centre, np.asarray(near[centre], np.bool_)


def background(pictures: Sequence[Pixels]) -> Pixels:
    """What stands still: the median of pictures, uint8 [256, 256, 3]."""
    return np.asarray(np.median(np.stack(pictures), axis=0), np.uint8)


def brightness(picture: Pixels) -> float:
    """How bright most of a picture is, 0 to 255."""
    return float(np.median(smoothed_luma(picture, 1)))


def shift_px(picture: Pixels, other: Pixels) -> float | None:
    """By how many px a camera was turned between two pictures of one scene; None where they show different ones."""
    edges, others = _edges(picture), _edges(other)
    window = cv2.createHanningWindow((PICTURE_SIZE, PICTURE_SIZE), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(edges, others, window)
    if max(abs(dx), abs(dy)) > PICTURE_SIZE / 3:
        return None
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    moved = np.asarray(cv2.warpAffine(edges, shift, (PICTURE_SIZE, PICTURE_SIZE)), np.float32)
    seen = _overlap(dx, dy)
    alike = float(_normalised(moved[seen]) @ _normalised(others[seen]))
    return float(np.hypot(dx, dy)) if alike >= _SAME_WHEN_SHIFTED else None


def _overlap(dx: float, dy: float) -> tuple[slice, slice]:
    """Rows and columns that both pictures show."""

    def along(shift: float) -> slice:
        return slice(max(int(np.ceil(shift)), 0), PICTURE_SIZE + min(int(np.floor(shift)), 0))

    return along(dy), along(dx)


def _edges(picture: Pixels) -> npt.NDArray[np.float32]:
    smooth = smoothed_luma(picture, _SMOOTHING_PX)
    strength = np.asarray(np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)))
    # The root: at night the same edges are weak, and by day a single strong one must not outvote all others.
    return np.asarray(np.sqrt(strength), np.float32)


def _normalised(edges: npt.NDArray[np.float32]) -> Signature:
    coarse = cv2.resize(edges, (_SIGNATURE_SIZE, _SIGNATURE_SIZE), interpolation=cv2.INTER_AREA).ravel()
    coarse = coarse - coarse.mean()
    norm = float(np.linalg.norm(coarse))
    # Of a blank picture rounding alone is left.
    return np.asarray(coarse / norm if norm > 1 else np.zeros_like(coarse), np.float32)
