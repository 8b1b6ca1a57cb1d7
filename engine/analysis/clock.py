"""Finds a clock that is burnt into the pictures of a recording: a few digits that change once a second, on the second.

What happens before the camera keeps no such time.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.errors import VideoError
from engine.common.events import ShouldStop, never_stop
from engine.models.picture import PICTURE_SIZE
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.scorer import Scorer
from engine.scoring.zones import Zone, ZoneKind, Zones
from engine.video.source import VideoSource
from engine.video.timing import without_gaps

CLOCK = "clock"
"""Name of the zone."""

_BLOCK_PX = 4
_BLOCKS = PICTURE_SIZE // _BLOCK_PX
_TICK_LEVELS = 8.0
"""Grey levels by which a block with a digit changes; keyframes pop by less."""
_STRETCHES, _STRETCH_SECONDS = 4, 6.0
_MIN_SECONDS = 10.0
_MIN_RATE = 4.0
"""Frames a second: with fewer, everything seems to change once a second."""
_KEPT_SHARE = 0.8
"""Of the seconds: in so many a digit changes; of the changes: so many come on the second."""
_MAX_TICKING = 60
"""Blocks: more of them are no clock but the light, or a keyframe."""
_CHARACTERS_BEFORE, _CHARACTERS_AFTER = 8, 4
"""Of "10:42:07.31" beside the seconds: the others change too seldom to be seen, or all the time."""
_CHARACTER_WIDTH = 0.55
"""Of its height, with the gap."""

Flags = npt.NDArray[np.bool_]


def find_clock(source: VideoSource, should_stop: ShouldStop = never_stop) -> Zone | None:
    """An ignored zone over a burnt-in clock; None where there is none, or the recording is too short or slow to tell.

    Raises:
        VideoError: a frame can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    times = without_gaps(source.times)
    if len(times) < 2 or times[-1] - times[0] < _MIN_SECONDS:
        return None
    if (len(times) - 1) / (times[-1] - times[0]) < _MIN_RATE:
        return None
    ticks = np.zeros((_BLOCKS, _BLOCKS), np.int64)
    seconds = 0
    for start in np.linspace(times[0], max(times[-1] - _STRETCH_SECONDS, times[0]), _STRETCHES):
        first, stop = np.searchsorted(times, [start, start + _STRETCH_SECONDS])
        # Of a damaged file, what was read before may have shown that there are fewer.
        frames = np.arange(first, min(stop, len(source)))
        changes = _changes(source, frames, should_stop)
        if len(changes) < _MIN_RATE:
            continue
        at = times[frames[1 : len(changes) + 1]]
        ticks += _ticks(changes, at, np.median(np.diff(at)))
        seconds += int(at[-1] - at[0])
    return _zone(ticks >= _KEPT_SHARE * max(seconds, 1)) if seconds >= _MIN_SECONDS / 2 else None


def zones_or_clock(zones: Zones, source: VideoSource, scorer: Scorer, should_stop: ShouldStop = never_stop) -> Zones:
    """Zones of a recording; where there are none, an ignored one over its burnt-in clock, if the score knows zones.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    if zones or not isinstance(scorer, CalibratedScorer):
        return zones
    try:
        clock = find_clock(source, should_stop)
    except VideoError:
        return zones  # the analysis comes to what can't be decoded, and tells it
    return (clock,) if clock else ()


def _changes(source: VideoSource, frames: npt.NDArray[np.int64], should_stop: ShouldStop) -> Flags:
    """Which blocks [K - 1, BLOCKS, BLOCKS] change from each of the frames [K] to the next."""
    size = (_BLOCKS, _BLOCKS)
    blocks = [
        cv2.resize(cv2.cvtColor(each.pixels, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
        for each in source.pictures(frames, PICTURE_SIZE, should_stop)
    ]
    changes = [cv2.absdiff(before, after) >= _TICK_LEVELS for before, after in pairwise(blocks)]
    return np.array(changes, np.bool_).reshape(-1, *size)


def _ticks(changes: Flags, at: npt.NDArray[np.floating], frame_seconds: float) -> npt.NDArray[np.int64]:
    """In how many seconds each block [BLOCKS, BLOCKS] changes on the second; 0 where it changes at other times, too."""
    phases = at % 1.0
    best = np.zeros(changes.shape[1:], np.int64)
    counts = changes.sum(axis=0)
    # A clock's second begins anywhere between two frames, and times are rounded.
    reach = 0.75 * frame_seconds
    for phase in np.unique(np.round(phases, 3)):
        away = np.abs((phases - phase + 0.5) % 1.0 - 0.5)
        on_time = changes[away <= reach]
        whole = np.floor(at[away <= reach] - phase + 0.5)
        starts = np.flatnonzero(np.diff(whole, prepend=-np.inf))
        hits = np.logical_or.reduceat(on_time, starts, axis=0).sum(axis=0)
        is_regular = on_time.sum(axis=0) >= _KEPT_SHARE * counts
        best = np.maximum(best, np.where(is_regular, hits, 0))
    return best


def _zone(is_ticking: Flags) -> Zone | None:
    if not 0 < np.count_nonzero(is_ticking) <= _MAX_TICKING:
        return None
    joined = cv2.dilate(is_ticking.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    if count > 2:  # two clocks are none
        return None
    left, top, width, height = (int(value) for value in boxes[1][:4])
    character = _CHARACTER_WIDTH * (height - 1)
    corners = (
        (max(left - _CHARACTERS_BEFORE * character, 0) / _BLOCKS, top / _BLOCKS),
        (min(left + width + _CHARACTERS_AFTER * character, _BLOCKS) / _BLOCKS, (top + height) / _BLOCKS),
    )
    return Zone.rectangle(ZoneKind.IGNORED, *corners, CLOCK)
