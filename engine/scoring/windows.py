"""Means over small parts of the picture: cells of 8x8 pixels, and overlapping windows of 3x3 cells.

A module of its own, for PSNR, motion and the encoder's features are all measured in the same windows.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

CELL_PX = 8
PICTURE_CELLS = 32
"""Cells across the 256x256 picture, and down."""
WINDOW_CELLS = 3
"""24 pixels: a person far from most cameras. Windows begin at every cell."""


def cell_means(values: Floats, cell_px: int = CELL_PX) -> Floats:
    """Means of [H, W, ...] over cells, [H / 8, W / 8, ...]; height and width divide by the cells' size."""
    height, width = values.shape[:2]
    # Where it shrinks by a whole factor, area interpolation is the mean: ten times as fast as NumPy's.
    return np.asarray(cv2.resize(values, (width // cell_px, height // cell_px), interpolation=cv2.INTER_AREA))


def window_means(cells: Floats) -> Floats:
    """Means of cells [R, C] over every window of 3x3 of them, [R - 2, C - 2]."""
    means = cv2.blur(cells, (WINDOW_CELLS, WINDOW_CELLS))
    margin = WINDOW_CELLS // 2
    return np.asarray(means[margin:-margin, margin:-margin])
