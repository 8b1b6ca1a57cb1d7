"""Compares scenes by their edges: whether pictures show one camera's view, despite moving objects and other light."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from engine.footage_check.moments import smoothed_luma
from engine.models.picture import PICTURE_SIZE
from engine.video.frame import Pixels

SAME_SCENE = 0.4
"""Minimum similarity of two views of one scene; measured: below 0.15 between scenes, above 0.5 in crowded ones."""

OTHER_LIGHT_LEVELS = 50
"""Difference of `brightness`, of 255, above which two pictures have different light."""

_SAME_WHEN_SHIFTED = 0.7
"""Minimum similarity after alignment by the best shift, which makes even different scenes similar (up to 0.5)."""

_SMOOTHING_PX = 2.0
_SIGNATURE_SIZE = 64  # coarse, so that a camera shaking in the wind keeps its signature

Signature = npt.NDArray[np.float32]
"""Edge strength of a scene, float32 [4096] with mean 0 and norm 1: the dot product of two is their correlation."""


def signature(picture: Pixels) -> Signature:
    """Edge signature of a picture, uint8 [256, 256, 3]; all zeros if it has no edges."""
    return _normalised(_edges(picture))


def similarities(signatures: Sequence[Signature]) -> npt.NDArray[np.float32]:
    """Correlation matrix [N, N] of signatures, -1 to 1; two signatures without edges have correlation 1."""
    stacked = np.stack(signatures)
    blank = ~stacked.any(axis=1)
    return np.asarray(stacked @ stacked.T + np.outer(blank, blank), np.float32)


def main_group(
    similarity: npt.NDArray[np.float32], weights: npt.NDArray[np.float64]
) -> tuple[int, npt.NDArray[np.bool_]]:
    """Index of the view with the greatest weight of similar views, and a mask [N] of these views.

    `similarity` is [N, N] as `similarities` returns it, `weights` is [N].
    """
    near = similarity >= SAME_SCENE
    # The small term breaks ties in favour of the view with the highest similarity to the others.
    centre = int(np.argmax(near @ weights + (similarity * near).sum(axis=1) * 1e-6))
    return centre, np.asarray(near[centre], np.bool_)


def background(pictures: Sequence[Pixels]) -> Pixels:
    """Background: the median of pictures, uint8 [256, 256, 3]."""
    return np.asarray(np.median(np.stack(pictures), axis=0), np.uint8)


def brightness(picture: Pixels) -> float:
    """Median brightness of a picture, 0 to 255."""
    return float(np.median(smoothed_luma(picture, 1)))


def shift_px(picture: Pixels, other: Pixels) -> float | None:
    """Shift in px between two pictures of one scene from a turned camera; None if they show different scenes."""
    edges, other_edges = _edges(picture), _edges(other)
    window = cv2.createHanningWindow((PICTURE_SIZE, PICTURE_SIZE), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(edges, other_edges, window)
    if max(abs(dx), abs(dy)) > PICTURE_SIZE / 3:
        return None
    shift = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    shifted = np.asarray(cv2.warpAffine(edges, shift, (PICTURE_SIZE, PICTURE_SIZE)), np.float32)
    overlap = _overlap(dx, dy)
    similarity = float(_normalised(shifted[overlap]) @ _normalised(other_edges[overlap]))
    return float(np.hypot(dx, dy)) if similarity >= _SAME_WHEN_SHIFTED else None


def _overlap(dx: float, dy: float) -> tuple[slice, slice]:
    """Rows and columns that both pictures show after a shift of the first by (dx, dy)."""

    def along(shift: float) -> slice:
        return slice(max(int(np.ceil(shift)), 0), PICTURE_SIZE + min(int(np.floor(shift)), 0))

    return along(dy), along(dx)


def _edges(picture: Pixels) -> npt.NDArray[np.float32]:
    smooth = smoothed_luma(picture, _SMOOTHING_PX)
    strength = np.asarray(np.hypot(cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)))
    # The square root keeps a few strong edges from outweighing all others, and brings day and night closer together.
    return np.asarray(np.sqrt(strength), np.float32)


def _normalised(edges: npt.NDArray[np.float32]) -> Signature:
    coarse = cv2.resize(edges, (_SIGNATURE_SIZE, _SIGNATURE_SIZE), interpolation=cv2.INTER_AREA).ravel()
    coarse = coarse - coarse.mean()
    norm = float(np.linalg.norm(coarse))
    # A picture without edges only has rounding errors, which must not be scaled up to norm 1.
    return np.asarray(coarse / norm if norm > 1 else np.zeros_like(coarse), np.float32)
