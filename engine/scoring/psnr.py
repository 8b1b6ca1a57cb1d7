"""How wrong a prediction was: PSNR of the predicted frame (Eq. 9 and 10) and error of the predicted flow."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.scoring.signals import PATCH_GRID
from engine.scoring.windows import cell_means, window_means

Picture = npt.NDArray[np.float32]
"""float32 [H, W, 3] in [0, 1]; height and width divide by PATCH_GRID."""
Flow = npt.NDArray[np.float32]
"""float32 [2, H, W], (dx, dy) in pixels; height and width divide by PATCH_GRID."""
PatchValues = npt.NDArray[np.float32]
"""float32 [4, 4], rows from the top."""

_LOWEST_MSE = 1e-10
_LOWEST_MAX_I = 1 / 255  # the darkest 8-bit picture that is not black


def frame_and_patch_psnr(
    frame: Picture, predicted: Picture, *, max_i: float | None = None
) -> tuple[float, PatchValues]:
    """PSNR in dB over all pixels and channels of the frame, and over each patch (Eq. 9 and 10).

    MAX_I is the ground-truth frame's maximum, as in the paper, unless `max_i` says otherwise; patches share the
    frame's. Always finite: the mean squared error counts as at least 1e-10, which caps the PSNR at 100 dB, and a
    black frame's MAX_I as 1/255.
    """
    height, width, channels = frame.shape
    rows, columns = height // PATCH_GRID, width // PATCH_GRID
    # One subtraction and one fused multiply-and-sum over memory; the frame's error is the mean of its equal patches'.
    error = np.subtract(frame, predicted).reshape(PATCH_GRID, rows, PATCH_GRID, columns * channels)
    patch_mse = np.einsum("ihjw,ihjw->ij", error, error) / (rows * columns * channels)
    peak = _peak(frame, max_i)
    psnr_db = 10 * math.log10(peak**2 / max(float(patch_mse.mean()), _LOWEST_MSE))
    patch_psnr_db = 10 * np.log10(peak**2 / np.maximum(patch_mse, _LOWEST_MSE))
    return psnr_db, patch_psnr_db


def window_psnr(frame: Picture, predicted: Picture, *, max_i: float | None = None) -> float:
    """PSNR in dB of the worst window (`engine.scoring.windows`), MAX_I as in `frame_and_patch_psnr`.

    A patch of 64 pixels hides a small thing in what was predicted well around it, or cuts it in parts.
    """
    error = np.subtract(frame, predicted)
    mse = cell_means(np.einsum("ijc,ijc->ij", error, error)) / frame.shape[2]
    worst = max(float(window_means(mse).max()), _LOWEST_MSE)
    return 10 * math.log10(_peak(frame, max_i) ** 2 / worst)


def flow_error(teacher: Flow, predicted: Flow) -> tuple[float, PatchValues]:
    """Mean end-point distance in pixels from teacher flow to predicted flow, over the picture and over each patch."""
    _, height, width = teacher.shape
    # In place, and summed by einsum: a third off the plain formula's time.
    distance = np.subtract(teacher, predicted)
    distance *= distance
    distance = np.sqrt(np.add(distance[0], distance[1], out=distance[0]), out=distance[0])
    patches = distance.reshape(PATCH_GRID, height // PATCH_GRID, PATCH_GRID, width // PATCH_GRID)
    patch_error_px = np.einsum("ihjw->ij", patches) * np.float32(PATCH_GRID**2 / (height * width))
    return float(patch_error_px.mean()), patch_error_px


def window_flow_error(teacher: Flow, predicted: Flow) -> float:
    """Mean end-point distance in pixels over the worst window (`engine.scoring.windows`)."""
    distance = np.hypot(teacher[0] - predicted[0], teacher[1] - predicted[1])
    return float(window_means(cell_means(distance)).max())


def _peak(frame: Picture, max_i: float | None) -> float:
    return max(float(frame.max()) if max_i is None else max_i, _LOWEST_MAX_I)
