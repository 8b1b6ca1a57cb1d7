"""What is measured of every window of a transition, a byte each: where in the picture the evidence lies."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from engine.scoring.calibration import Calibration
from engine.scoring.motion import PLACES
from engine.scoring.prototype_bank import FEW_WINDOWS
from engine.scoring.signals import RawSignals
from engine.scoring.zones import Windows

WindowValues = Mapping[str, npt.NDArray[np.floating]]
"""Values [PLACES, PLACES] of every window by the name of the raw signal that is the worst of them."""
PlaceMaps = npt.NDArray[np.float32]
"""float32 [L, PLACES, PLACES] of the signals that `placed_signals` names, in that order; NaN where not measured."""

PLACED_SIGNALS = (
    "speed_px",
    "speed_excess_px",
    "velocity_error_px",
    "speed_rarity",
    "direction_rarity",
    "appearance_distance",
)
"""Raw signals that are the worst of values of windows."""
_SMALLEST, _STEP = 0.05, 0.03
"""A code c stands for 0.05 (e^(0.03 c) - 1): steps of 3 %, or of 0.0015 near 0, up to 102.

All signals fit into that: px a frame, nats, standard deviations."""
_NOT_MEASURED = 255
_CODES = _SMALLEST * np.expm1(_STEP * np.arange(256))
_CODES[_NOT_MEASURED] = np.nan
_VALUES = _CODES.astype(np.float32)
_COMPRESSION = 6
_MOST_BYTES = 1300
"""Of a sample: three of them fit into a page of SQLite's. At five samples a second that makes 30 MB an hour at most."""
_COARSER = (2, 4, 8, 16, 32)
"""Steps of a code where much moves: 2 or 4 in crowds, more in rain, or where the camera shakes."""


def placed_signals(calibration: Calibration | None) -> tuple[str, ...]:
    """The signals of the calibrated score whose windows are kept; none without calibration."""
    return tuple(name for name in calibration.evidence if name in PLACED_SIGNALS) if calibration else ()


def pack_places(values: WindowValues, names: Sequence[str]) -> bytes:
    """The values of every window of these signals, in few bytes; what is negative counts as 0.

    To 1.5 %, or less exactly and never too high where they would take too much room.
    """
    codes = np.full((len(names), PLACES, PLACES), _NOT_MEASURED, np.uint8)
    for layer, name in enumerate(names):
        if name in values:
            steps = np.log1p(np.maximum(values[name], 0) * (1 / _SMALLEST)) * (1 / _STEP)
            codes[layer] = np.minimum(steps + 0.5, _NOT_MEASURED - 1)
    # What does not move is 0 in all of them: most of most pictures.
    packed = zlib.compress(codes.tobytes(), _COMPRESSION)
    for step in _COARSER:
        if len(packed) <= _MOST_BYTES:
            break
        coarse = np.where(codes == _NOT_MEASURED, codes, codes - codes % step)
        packed = zlib.compress(coarse.tobytes(), _COMPRESSION)
    return packed


def unpack_places(packed: bytes) -> PlaceMaps:
    """What `pack_places` was given, as exactly as it is packed.

    Raises:
        ValueError: the bytes are no such values.
    """
    return np.asarray(_VALUES[_codes(packed)])


def signals_within(rows: RawSignals, packed: Sequence[bytes], names: Sequence[str], windows: Windows) -> RawSignals:
    """Raw signals [K] taken anew from those windows alone, of what was packed of each row.

    A signal stays exactly as it was measured where its worst window is among them, so that zones in which nothing
    stands out change no score; elsewhere it is what was packed, and never more than it was. So it is of rows
    of which nothing legible was packed.
    """
    told = rows.copy()
    legible = {row: codes for row, each in enumerate(packed) if len(codes := _legible(each)) == len(names)}
    if not legible or not names:
        return told
    at = np.array(list(legible))
    codes = np.stack(list(legible.values())).reshape(len(at), len(names), -1)
    inside = codes[:, :, windows.ravel()]
    for layer, name in enumerate(names):
        few = FEW_WINDOWS if name == "appearance_distance" else 1
        everywhere, here = _worst(codes[:, layer], few), _worst(inside[:, layer], few)
        measured = rows[name][at]
        told[name][at] = np.where(here < everywhere, np.minimum(here, measured), measured)
    return told


def _worst(codes: npt.NDArray[np.uint8], few: int) -> npt.NDArray[np.float32]:
    """The mean [K] of the `few` greatest of the values [K, W]; windows that are lacking count as still."""
    if few == 1:
        return np.asarray(_VALUES[codes.max(axis=1, initial=0)])
    greatest = codes if codes.shape[1] <= few else np.partition(codes, -few, axis=1)[:, -few:]
    # In order: sums of the same numbers are then the same.
    return np.asarray(_VALUES[np.sort(greatest, axis=1)].sum(axis=1) / np.float32(few))


def _codes(packed: bytes) -> npt.NDArray[np.uint8]:
    try:
        return np.frombuffer(zlib.decompress(packed), np.uint8).reshape(-1, PLACES, PLACES)
    except zlib.error as error:
        raise ValueError("not the values of windows") from error


def _legible(packed: bytes) -> npt.NDArray[np.uint8]:
    try:
        return _codes(packed)
    except ValueError:
        return np.empty((0, PLACES, PLACES), np.uint8)
