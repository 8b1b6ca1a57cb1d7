"""How much of a picture changed, whatever moved: a camera that fails differs there from one that sees much."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from engine.scoring.windows import PICTURE_CELLS, cell_means
from engine.video.frame import Pixels

CHANGED_LEVELS = 4
"""Grey levels by which a cell's mean changes where something has come or gone, or the light is another."""


class PictureChange(NamedTuple):
    """Changes of the luma between two 256x256 pictures, in grey levels, by cells of 8x8 pixels."""

    median: float
    """Mean absolute change of the median cell: where nothing moves, of the noise."""
    highest: float
    """That of the cell that changed most."""
    share: float
    """Of cells whose mean luma changed by CHANGED_LEVELS."""

    @classmethod
    def of(cls, earlier: Pixels, later: Pixels) -> PictureChange:
        """Between two pictures, uint8 [256, 256, 3]."""
        before, after = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (earlier, later))
        changes = _cell_changes(before, after)
        size = (PICTURE_CELLS, PICTURE_CELLS)
        means = [cv2.resize(each, size, interpolation=cv2.INTER_AREA) for each in (before, after)]
        has_changed = cv2.absdiff(means[0], means[1]) >= CHANGED_LEVELS
        middle = len(changes) // 2
        return cls(
            float(np.partition(changes, middle)[middle]),
            float(changes.max()),
            np.count_nonzero(has_changed) / has_changed.size,
        )


def highest_change(earlier: Pixels, later: Pixels) -> float:
    """`PictureChange.highest` between two pictures, uint8 [256, 256, 3]."""
    return float(_cell_changes(*(cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (earlier, later))).max())


def _cell_changes(before: cv2.typing.MatLike, after: cv2.typing.MatLike) -> npt.NDArray[np.float32]:
    """Mean absolute change of the luma of every cell, flat."""
    return cell_means(cv2.absdiff(before, after).astype(np.float32)).ravel()
