"""Raw signals of a stored analysis inside zones: from the values of windows that it keeps, without a new analysis."""

from __future__ import annotations

import numpy as np

from engine.analysis.runner import stored_signals
from engine.analysis.score_store import ScoreStore
from engine.scoring.calibration import Calibration
from engine.scoring.damage import without_damage
from engine.scoring.places import placed_signals, signals_within
from engine.scoring.sampling import Frames
from engine.scoring.signals import RawSignals
from engine.scoring.zones import Zones, counted_windows
from engine.video.source import VideoSource

_ROWS_AT_ONCE = 1024


def rows_within(
    store: ScoreStore, frames: Frames, rows: RawSignals, calibration: Calibration | None, zones: Zones
) -> RawSignals:
    """The raw signals [K] of judged frames [K] as those windows alone give them that count in `zones`.

    Raises:
        ScoreStoreError: the store can't be read.
    """
    names = placed_signals(calibration)
    if not zones or not names or not len(frames):
        return rows
    packed = store.places(frames.tolist())
    return signals_within(rows, [packed.get(frame, b"") for frame in frames.tolist()], names, counted_windows(zones))


def stored_signals_within(
    store: ScoreStore, source: VideoSource, calibration: Calibration | None, zones: Zones
) -> RawSignals:
    """What `stored_signals` gives, inside zones, and without what damage alone may have caused.

    Raises:
        ScoreStoreError: the store can't be read.
    """
    signals = stored_signals(store, len(source))
    frames = store.frames() if zones else np.empty(0, np.int64)
    frames = frames[frames < len(source)]
    for start in range(0, len(frames), _ROWS_AT_ONCE):
        part = frames[start : start + _ROWS_AT_ONCE]
        signals[part] = rows_within(store, part, signals[part], calibration, zones)
    return without_damage(signals, source.info.concealed, source.times)
