"""What is measured of every window of a transition, a byte each: where in the picture the evidence lies."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.scoring.calibration import Calibration
from engine.scoring.motion import PLACES

WindowValues = Mapping[str, npt.NDArray[np.floating]]
"""Values [PLACES, PLACES] of every window by the name of the raw signal that is the worst of them."""
PlaceMaps = npt.NDArray[np.float32]
"""float32 [L, PLACES, PLACES] of the signals that `placed_signals` names, in that order; NaN where not measured."""

_PLACED = (
    "speed_px",
    "speed_excess_px",
    "velocity_error_px",
    "speed_rarity",
    "direction_rarity",
    "appearance_distance",
)
_SMALLEST, _STEP = 0.05, 0.03
"""A code c stands for 0.05 (e^(0.03 c) - 1): steps of 3 %, or of 0.0015 near 0, up to 102.

All signals fit into that: px a frame, nats, standard deviations."""
_NOT_MEASURED = 255
_CODES = _SMALLEST * np.expm1(_STEP * np.arange(256))
_CODES[_NOT_MEASURED] = np.nan
_VALUES = _CODES.astype(np.float32)
_COMPRESSION = 6


def placed_signals(calibration: Calibration | None) -> tuple[str, ...]:
    """The signals of the calibrated score whose windows are kept; none without calibration."""
    return tuple(name for name in calibration.evidence if name in _PLACED) if calibration else ()


def pack_places(values: WindowValues, names: Sequence[str]) -> bytes:
    """The values of every window of these signals, in few bytes; what is negative counts as 0."""
    codes = np.full((len(names), PLACES, PLACES), _NOT_MEASURED, np.uint8)
    for layer, name in enumerate(names):
        if name in values:
            steps = np.log1p(np.maximum(values[name], 0) * (1 / _SMALLEST)) * (1 / _STEP)
            codes[layer] = np.minimum(steps + 0.5, _NOT_MEASURED - 1)
    # What does not move is 0 in all of them: most of most pictures.
    return zlib.compress(codes.tobytes(), _COMPRESSION)


def unpack_places(packed: bytes) -> PlaceMaps:
    """What `pack_places` was given, to 1.5 %.

    Raises:
        ValueError: the bytes are no such values.
    """
    try:
        codes = np.frombuffer(zlib.decompress(packed), np.uint8)
        return np.asarray(_VALUES[codes.reshape(-1, PLACES, PLACES)])
    except zlib.error as error:
        raise ValueError("not the values of windows") from error
