"""Replaces stored times that don't go forward, and no others."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Ticks = npt.NDArray[np.float64]
_Flags = npt.NDArray[np.bool_]

_NEAR_FRAMES = 8
"""Frames that say what interval is usual at a place, and whether times go on from where they jumped back to."""
_LONGEST_USUAL = 5.0
"""Frames without a time are spread evenly over what is between their neighbours, unless that is so many intervals."""


def repaired_ticks(ticks: Ticks, frame_ticks: float) -> tuple[Ticks, _Flags]:
    """Strictly increasing times [N] for the stored ones, NaN for none, and which of them were not kept.

    As few as possible are replaced, by the interval that is usual where they are; frames that have none, as in program
    streams, share what is between their neighbours. Where times start over for good, as in recordings that were joined,
    the later ones go on from the earlier ones. Where nothing else is known, a frame lasts `frame_ticks`.
    """
    repaired = np.array(ticks, np.float64)
    replaced = np.zeros(len(ticks), np.bool_)
    end = None
    for start, stop in _stretches(ticks):
        part, is_kept = _forward(ticks[start:stop], frame_ticks)
        if end is not None:
            part = part + (end - part[0])
            is_kept[0] = False
        repaired[start:stop], replaced[start:stop] = part, ~is_kept
        end = part[-1] + _usual(repaired[:stop], frame_ticks)
    return repaired, replaced


def _stretches(ticks: Ticks) -> Iterator[tuple[int, int]]:
    """Half-open runs of frames, each beginning where times start over."""
    start = 0
    known = np.flatnonzero(~np.isnan(ticks))
    for place in known[1:][np.diff(ticks[known]) <= 0].tolist():
        before, after = ticks[max(place - _NEAR_FRAMES, start) : place], ticks[place : place + _NEAR_FRAMES]
        # A single wrong time has right ones on both sides, which go forward.
        if np.fmax.reduce(after) <= np.fmin.reduce(before):
            yield start, place
            start = place
    if len(ticks):
        yield start, len(ticks)


def _forward(ticks: Ticks, frame_ticks: float) -> tuple[Ticks, _Flags]:
    """Times of one stretch without those that don't go forward, and which were kept."""
    kept = _longest_increasing(ticks)
    is_kept = np.zeros(len(ticks), np.bool_)
    is_kept[kept] = True
    if not len(kept):
        return np.arange(len(ticks), dtype=np.float64) * frame_ticks, is_kept
    forward = np.array(ticks, np.float64)
    near = kept[: _NEAR_FRAMES + 1]
    step = float(np.median(np.diff(ticks[near]) / np.diff(near))) if len(near) > 1 else frame_ticks
    forward[: kept[0]] = ticks[kept[0]] - step * np.arange(kept[0], 0, -1)
    holes = np.flatnonzero(np.diff(kept, append=len(ticks)) > 1)
    for hole in holes.tolist():
        first = int(kept[hole])
        step = _usual(forward[: first + 1], frame_ticks)
        is_last = hole + 1 == len(kept)
        stop = len(ticks) if is_last else int(kept[hole + 1])
        if not is_last:
            even = (ticks[stop] - ticks[first]) / (stop - first)
            has_none = np.isnan(ticks[first + 1 : stop]).all()
            is_gap = even > _LONGEST_USUAL * max(step, _even_after(ticks, kept, hole + 1))
            step = even if has_none and not is_gap else min(step, even)
        forward[first + 1 : stop] = ticks[first] + step * np.arange(1, stop - first)
    return forward, is_kept


def _even_after(ticks: Ticks, kept: npt.NDArray[np.intp], place: int) -> float:
    """The interval up to the frame that is kept after number `place` of them; 0 where it is the last."""
    if place + 1 >= len(kept):
        return 0.0
    first, stop = int(kept[place]), int(kept[place + 1])
    return float((ticks[stop] - ticks[first]) / (stop - first))


def _usual(ticks: Ticks, frame_ticks: float) -> float:
    """The usual interval of the last few times, which increase."""
    intervals = np.diff(ticks[-_NEAR_FRAMES - 1 :])
    return float(np.median(intervals)) if len(intervals) else frame_ticks


def _longest_increasing(ticks: Ticks) -> npt.NDArray[np.intp]:
    """Places of the most times that increase strictly, in order; those without a time are left out."""
    tops: list[float] = []
    top_places = array("q")
    before = array("q", [-1]) * len(ticks)
    for place, tick in enumerate(ticks.tolist()):
        if tick != tick:
            continue
        rank = bisect_left(tops, tick)
        if rank < len(tops) and tops[rank] == tick:
            continue  # of those that have the same time, the first keeps it
        before[place] = top_places[rank - 1] if rank else -1
        if rank == len(tops):
            tops.append(tick)
            top_places.append(place)
        else:
            tops[rank] = tick
            top_places[rank] = place
    places = np.empty(len(tops), np.intp)
    place = top_places[-1] if top_places else -1
    for rank in range(len(tops) - 1, -1, -1):
        places[rank] = place
        place = before[place]
    return places
