"""The raw signals of one transition: what is measured and stored; every score is derived from them on reading."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PATCH_GRID = 4
"""The 256x256 picture is judged in a 4x4 grid of 64x64-pixel patches."""

RAW_SIGNALS = np.dtype(
    [
        ("psnr_db", "<f4"),  # Eq. 9 over the frame
        ("patch_psnr_db", "<f4", (PATCH_GRID, PATCH_GRID)),  # Eq. 9 over each patch, rows from the top
        ("flow_error_px", "<f4"),  # mean end-point distance, teacher flow to predicted flow
        ("patch_flow_error_px", "<f4", (PATCH_GRID, PATCH_GRID)),  # the same over each patch
    ]
)
"""One frame's row, pixels being those of the 256x256 picture. Frame 0 has no transition: its row is all NaN."""

RawSignals = npt.NDArray[np.void]
"""A structured array [N] of RAW_SIGNALS, row t speaking of the transition from I_{t-1} to I_t."""


def missing_signals(count: int) -> RawSignals:
    """`count` rows of frames that were not analysed: every signal NaN."""
    rows = np.empty(count, RAW_SIGNALS)
    for name in RAW_SIGNALS.names or ():
        rows[name] = np.nan
    return rows
