"""What frame times say of a recording: how long each frame is on screen, and where the recording has gaps.

Recorders stop for an hour and go on, or learn the date only after a while. A frame is not on screen for all that time.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.floating]
_Numbers = npt.NDArray[np.intp]

_LONGEST_USUAL = 5.0
"""An interval of more than so many usual ones is too long: its frame was not on screen for all of it."""
_MIN_GAP_SECONDS = 1.0
"""Less is a camera that dropped some frames: what was there before and after is still one thing."""
_NEIGHBOURS = 15
"""Intervals on each side that say what is usual here: a rate that changes lastingly makes no gaps."""
_USUAL_QUANTILE = 3 / 4
"""Of those intervals: where they alternate between short and long ones, the long ones are usual, too."""


@dataclass(frozen=True)
class Gap:
    """A stretch of time of which the recording has no pictures."""

    frame: int
    """The first frame after it, from 1 on."""
    start_seconds: float
    """When the frame before it leaves the screen."""
    stop_seconds: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.stop_seconds - self.start_seconds


def gaps(times: Times) -> list[Gap]:
    """The gaps of a recording with frames at `times` [N], in order."""
    before, usual = _gap_places(times)
    return [
        Gap(int(frame) + 1, float(times[frame] + seconds), float(times[frame + 1]))
        for frame, seconds in zip(before, usual, strict=True)
    ]


def after_gaps(times: Times) -> npt.NDArray[np.bool_]:
    """Which frames [N] are the first ones after a gap."""
    flags = np.zeros(len(times), np.bool_)
    flags[_gap_places(times)[0] + 1] = True
    return flags


def runs(flags: npt.NDArray[np.bool_], breaks: npt.NDArray[np.bool_]) -> tuple[_Numbers, _Numbers]:
    """Starts and stops of the half-open runs of frames [N] that are flagged; they also end before each of `breaks`."""
    goes_on = flags[1:] & flags[:-1] & ~breaks[1:]
    starts = np.flatnonzero(flags & ~np.concatenate([[False], goes_on]))
    stops = np.flatnonzero(flags & ~np.concatenate([goes_on, [False]])) + 1
    return starts, stops


def frame_ends(times: Times) -> npt.NDArray[np.float64]:
    """When each frame [N] leaves the screen: when the next one comes, but after the usual time before a gap.

    The last one stays for as long as is usual there.
    """
    if not len(times):
        return np.empty(0)
    ends = np.append(times[1:], times[-1] + last_seconds(times)).astype(np.float64)
    before, usual = _too_long(times)
    ends[before] = times[before] + usual
    return ends


def without_gaps(times: Times) -> npt.NDArray[np.float64]:
    """Times [N] at which frames come when gaps are skipped, as players and clips do."""
    before, usual = _gap_places(times)
    if not len(before):
        return np.asarray(times, np.float64)
    intervals = np.diff(times).astype(np.float64)
    intervals[before] = usual
    return np.concatenate([times[:1], times[0] + np.cumsum(intervals)])


def shown_seconds(times: Times, last: float) -> float:
    """How long a recording is without its gaps, its last frame staying for `last` seconds."""
    played = without_gaps(times)
    return float(played[-1] - played[0]) + last if len(times) else 0.0


def last_seconds(times: Times) -> float:
    """How long the last frame stays, to judge by those before it; 0 without any."""
    intervals = np.diff(times[-_NEIGHBOURS - 1 :])
    if not len(intervals):
        return 0.0
    # An interval that is far longer than those before it is a gap and says nothing of how long frames last.
    usual = float(np.quantile(intervals, _USUAL_QUANTILE, method="lower"))
    return float(intervals[-1]) if intervals[-1] <= _LONGEST_USUAL * usual else usual


def _gap_places(times: Times) -> tuple[_Numbers, Times]:
    before, usual = _too_long(times)
    is_gap = times[before + 1] - times[before] - usual >= _MIN_GAP_SECONDS
    return before[is_gap], usual[is_gap]


def _too_long(times: Times) -> tuple[_Numbers, Times]:
    """Numbers of the frames that are followed by too long an interval, and how long a frame usually lasts there."""
    intervals = np.diff(times)
    # Nearly all recordings end here, soon: this is asked at every move of the threshold.
    if len(intervals) < 2 or intervals.max() <= _LONGEST_USUAL * intervals.min():
        return np.empty(0, np.intp), np.empty(0)
    suspects = np.flatnonzero(intervals > _LONGEST_USUAL * intervals.min())
    if len(suspects) > len(intervals) / 100:
        suspects = suspects[intervals[suspects] > _LONGEST_USUAL * _shortest_near(intervals)[suspects]]
    places = suspects[:, None] + np.delete(np.arange(-_NEIGHBOURS, _NEIGHBOURS + 1), _NEIGHBOURS)
    is_there = (places >= 0) & (places < len(intervals))
    near = np.sort(np.where(is_there, intervals[places.clip(0, len(intervals) - 1)], np.inf), axis=1)
    ranks = ((is_there.sum(axis=1) - 1) * _USUAL_QUANTILE).astype(np.intp)
    usual = near[np.arange(len(suspects)), ranks]
    is_long = (usual > 0) & (intervals[suspects] > _LONGEST_USUAL * usual)
    return suspects[is_long], usual[is_long]


def _shortest_near(intervals: Times) -> Times:
    """The shortest of each interval [N] and the three on each side: most of what is not too long is told by it."""
    padded = np.pad(intervals, 3, mode="edge")
    return np.asarray(np.lib.stride_tricks.sliding_window_view(padded, 7).min(axis=1))
