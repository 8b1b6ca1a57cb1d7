"""The raw signals of one transition: what is measured and stored; every score is derived from them on reading."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

SIGNALS_VERSION = 8
"""Counts up whenever the same frames and weights would give other raw signals: stored analyses are then made anew."""

PATCH_GRID = 4
"""The 256x256 picture is measured in a 4x4 grid of 64x64-pixel patches, too."""

LAYOUT_GRID = 8
"""A thumbnail of the frame's light has this many cells across, and down."""

RAW_SIGNALS = np.dtype(
    [
        # How wrong the prediction was.
        ("psnr_db", "<f4"),  # Eq. 9 over the frame
        ("patch_psnr_db", "<f4", (PATCH_GRID, PATCH_GRID)),  # Eq. 9 over each patch, rows from the top
        ("window_psnr_db", "<f4"),  # Eq. 9 over the worst 24x24 window
        ("flow_error_px", "<f4"),  # mean end-point distance, teacher flow to predicted flow
        ("patch_flow_error_px", "<f4", (PATCH_GRID, PATCH_GRID)),  # the same over each patch
        ("window_flow_error_px", "<f4"),  # the same over the worst window
        # How things moved over a fifth of a second (before that, over the first one), where the picture has changed;
        # px being px a frame, of the calibration where there is one.
        ("speed_px", "<f4"),  # of the fastest window
        ("speed_excess_px", "<f4"),  # of the window that is the most faster than predicted
        ("velocity_error_px", "<f4"),  # of the window whose mean velocity is farthest from the predicted one
        ("speed_rarity", "<f4"),  # in nats, of the rarest window, by normal motion at its place
        ("direction_rarity", "<f4"),  # the same of its speed in its direction
        # How what moved looked.
        ("appearance_distance", "<f4"),  # of the most unusual windows, from the nearest prototype
        # How the camera stands and what light there is, which is no anomaly.
        ("camera_motion_px", "<f4"),  # of the picture as a whole
        ("sharpness", "<f4"),  # mean absolute Laplacian of the luma, in grey levels
        ("layout", "u1", (LAYOUT_GRID, LAYOUT_GRID)),  # mean luma; all 0 where there is no other signal
        ("contrast", "<f4"),  # spread of the luma, in grey levels
        # How much of the picture changed over the time that motion is measured over, by cells of 8x8 pixels.
        ("median_change", "<f4"),  # mean absolute change of luma of the median cell, in grey levels
        ("highest_change", "<f4"),  # of the cell that changed most
        ("changed_share", "<f4"),  # of cells whose mean luma is another
    ]
)
"""One frame's row, pixels being those of the 256x256 picture. Frame 0 has no transition: its row is all NaN.

Of samples, what needs the frame model or the teacher is NaN, and where the motion model did not predict, what needs it.
Rarities and appearance are NaN where the detector has not learnt what is normal; they and the signals of motion, where
the frames before are not known.
"""

PREDICTION_ERRORS = tuple(name for name in RAW_SIGNALS.names or () if name.endswith(("psnr_db", "flow_error_px")))
"""The signals that need the frame model, or the teacher."""

RawSignals = npt.NDArray[np.void]
"""A structured array [N] of RAW_SIGNALS, row t speaking of the transition from I_{t-1} to I_t."""


def missing_signals(count: int) -> RawSignals:
    """`count` rows of frames that were not analysed: every signal NaN."""
    rows = np.zeros(count, RAW_SIGNALS)
    for name in RAW_SIGNALS.names or ():
        if RAW_SIGNALS[name].base.kind == "f":
            rows[name] = np.nan
    return rows


def is_judged(signals: RawSignals) -> npt.NDArray[np.bool_]:
    """Which frames [N] anything was measured of."""
    return np.asarray(~(np.isnan(signals["sharpness"]) & np.isnan(signals["psnr_db"])))


def with_frame_0(values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Values of frames [N], frame 0 taking frame 1's where it has none of its own: it has no transition."""
    filled = values.astype(np.float64)
    if len(filled) > 1 and np.isnan(filled[0]):
        filled[0] = filled[1]
    return filled
