"""Replaces redacted pixels by what is not made of them, so that nothing can be recovered."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from engine.redaction.regions import RedactedRegion, Redaction, RedactionMethod
from engine.scoring.zones import Points
from engine.video.frame import Pixels
from engine.video.shape import Size

Mask = npt.NDArray[np.uint8]
"""[H, W]: 255 where something is redacted, else 0."""

_MARGIN_PX = 4
"""Regions are wider by so much: colours are stored for pairs of pixels, and decoders mix those of neighbours."""
_GRID = 48
"""Cells along the longer side of the picture: all that the surroundings, or a blurred picture, are made of."""
_BLUR_CELLS = 1.0
_HALVED_DOWN_TO = 4.0
"""Pixels of a cell."""
_SUBPIXEL_BITS = 4
_LEAST_KEPT = 64
"""Out of 255: a cell with less of its pixels outside of regions says too little of the surroundings."""


class Redactor:
    """Redacts frames of one recording."""

    def __init__(self, redaction: Redaction, width_px: int, height_px: int, *, shown_px: Size | None = None) -> None:
        """Pictures are `width_px` x `height_px` large; where they are shown in another size, cells are square there."""
        self._redaction = redaction
        self._size = width_px, height_px
        width, height = shown_px or self._size
        cell = max(width, height) / _GRID
        self._cells = max(round(width / cell), 1), max(round(height / cell), 1)

    def redacted(self, pixels: Pixels, frame: int) -> Pixels:
        """A copy of a frame in which nothing of a region is left."""
        masks = {
            method: mask
            for method in RedactionMethod
            if (mask := self._mask([each for each in self._redaction.regions if each.method is method], frame))
            is not None
        }
        result = pixels
        if masks:
            hidden = np.bitwise_or.reduce(list(masks.values()))
            # Whatever comes next can't look at it. NumPy's indexing by a mask takes a hundred times as long.
            result = np.asarray(cv2.bitwise_and(pixels, pixels, mask=cv2.bitwise_not(hidden)), np.uint8)
            self._replace(result, hidden, masks)
        if self._redaction.blurs_picture:
            result = self._spread(self._shrunk(result))
        return result.copy() if result is pixels else result

    def _replace(self, picture: Pixels, hidden: Mask, masks: dict[RedactionMethod, Mask]) -> None:
        """Show something else where a picture is black, unless it is to be filled."""
        shown = {method: mask for method, mask in masks.items() if method is not RedactionMethod.FILL}
        if not shown:
            return
        surroundings = self._surroundings(picture, hidden)
        for method, mask in shown.items():
            stretch = self._spread if method is RedactionMethod.BLUR else self._squares
            # Of two regions in one place, the one that is filled is filled.
            seen = mask & ~masks[RedactionMethod.FILL] if RedactionMethod.FILL in masks else mask
            cv2.copyTo(stretch(surroundings), seen, picture)

    def _surroundings(self, picture: Pixels, hidden: Mask) -> Pixels:
        """The colours of cells of the picture; of those in regions, what is around them suggests."""
        kept = self._shrunk(np.asarray(cv2.bitwise_not(hidden), np.uint8))
        sums = self._shrunk(picture)
        unknown = np.asarray(kept < _LEAST_KEPT, np.uint8)
        means = sums * (255 / np.maximum(kept, _LEAST_KEPT)[..., None])
        means = np.where(unknown[..., None], 0, np.minimum(means, 255)).astype(np.uint8)
        return np.asarray(cv2.inpaint(means, unknown, 3, cv2.INPAINT_TELEA), np.uint8)

    def _shrunk(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Means of the picture's cells, roughly: halving it first takes a quarter of the time."""
        while min(picture.shape[1] / self._cells[0], picture.shape[0] / self._cells[1]) >= _HALVED_DOWN_TO:
            picture = np.asarray(cv2.pyrDown(picture), np.uint8)
        return np.asarray(cv2.resize(picture, self._cells, interpolation=cv2.INTER_AREA), np.uint8)

    def _spread(self, cells: Pixels) -> Pixels:
        smooth = cv2.GaussianBlur(cells, (0, 0), _BLUR_CELLS)
        return np.asarray(cv2.resize(smooth, self._size, interpolation=cv2.INTER_LINEAR), np.uint8)

    def _squares(self, cells: Pixels) -> Pixels:
        return np.asarray(cv2.resize(cells, self._size, interpolation=cv2.INTER_NEAREST), np.uint8)

    def _mask(self, regions: list[RedactedRegion], frame: int) -> Mask | None:
        """Where these regions are in a frame; None if nowhere."""
        polygons = tuple(each.points_at(frame) for each in regions if each.covers(frame))
        return _drawn(polygons, *self._size) if polygons else None


@lru_cache(maxsize=16)
def _drawn(polygons: tuple[Points, ...], width_px: int, height_px: int) -> Mask:
    """Every pixel that a polygon touches, and those near to it; regions that stay are drawn once."""
    mask = np.zeros((height_px, width_px), np.uint8)
    scale = np.array([width_px, height_px], np.float64)
    for points in polygons:
        corners = np.round((np.array(points) * scale - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.fillPoly(mask, [corners], (255,), shift=_SUBPIXEL_BITS)
    side = 2 * _MARGIN_PX + 1
    mask = np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), np.uint8)
    mask.setflags(write=False)
    return mask
