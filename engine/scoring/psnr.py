"""How wrong a prediction was: PSNR of the predicted frame (Eq. 9 and 10) and error of the predicted flow."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from engine.scoring.signals import PATCH_GRID
from engine.scoring.windows import cell_means, window_means

Picture = npt.NDArray[np.float32]
"""float32 [H, W, 3] in [0, 1]; height and width divide by PATCH_GRID * CELL_PX."""
Flow = npt.NDArray[np.float32]
"""float32 [2, H, W], (dx, dy) in pixels; height and width divide by PATCH_GRID * CELL_PX."""
PatchValues = npt.NDArray[np.float32]
"""float32 [4, 4], rows from the top."""

_LOWEST_MSE = 1e-10
_LOWEST_MAX_I = 1 / 255  # the darkest 8-bit picture that is not black


class Measured(NamedTuple):
    """One measure of all the picture and of its parts."""

    frame: float
    patches: PatchValues
    window: float
    """Of the worst window (`engine.scoring.windows`): a patch of 64 pixels hides a small thing in what was predicted
    well around it, or cuts it in parts."""


def prediction_psnr(frame: Picture, predicted: Picture, *, max_i: float | None = 1.0) -> Measured:
    """PSNR in dB over all pixels and channels (Eq. 9 and 10).

    MAX_I is 1, as in the code that the paper says it follows, whose pictures are in [0, 1]; with None it is the real
    frame's maximum, as the paper's text has it, for patches and windows, too. Always finite: the mean squared error
    counts as at least 1e-10, which caps the PSNR at 100 dB, and a black frame's MAX_I as 1/255.
    """
    error = np.subtract(frame, predicted)
    error *= error
    mse = _means(cell_means(error).mean(axis=2))
    peak = max(float(frame.max()) if max_i is None else max_i, _LOWEST_MAX_I)
    return Measured(
        10 * math.log10(peak**2 / max(mse.frame, _LOWEST_MSE)),
        10 * np.log10(peak**2 / np.maximum(mse.patches, _LOWEST_MSE)),
        10 * math.log10(peak**2 / max(mse.window, _LOWEST_MSE)),
    )


def flow_error(teacher: Flow, predicted: Flow) -> Measured:
    """Mean end-point distance in pixels from teacher flow to predicted flow."""
    difference = np.subtract(teacher, predicted)
    return _means(cell_means(np.asarray(cv2.magnitude(difference[0], difference[1]), np.float32)))


def _means(cells: npt.NDArray[np.float32]) -> Measured:
    """Means of all cells [R, C], of each patch's, and the highest of a window's."""
    rows, columns = cells.shape
    patches = cells.reshape(PATCH_GRID, rows // PATCH_GRID, PATCH_GRID, columns // PATCH_GRID).mean(axis=(1, 3))
    return Measured(float(patches.mean()), patches, float(window_means(cells).max()))
