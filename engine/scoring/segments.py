"""Turns anomaly scores into segments that a person can review."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from engine.video.timing import after_gaps, frame_ends, runs

_Indices = npt.NDArray[np.intp]

# Times come from printed files and sums of rates: five frames of 40 ms must count as 0.2 s.
_TIME_TOLERANCE_SECONDS = 5e-7


@dataclass(frozen=True)
class SegmentRule:
    """How scores become segments; durations in seconds so that it means the same at any frame rate.

    The thresholds were chosen on the demo scene: they flag all five of its events.
    """

    enter: float = 0.7
    """A segment needs a frame with at least this anomaly score ..."""
    leave: float = 0.5
    """... and reaches both ways as far as scores stay at or above this."""
    min_length_seconds: float = 0.2
    """Shorter runs are dropped, before padding."""
    merge_gap_seconds: float = 1.0
    """Runs that are at most this far apart become one."""
    padding_seconds: float = 0.2
    """Added on both sides, within the video; segments that then touch become one."""

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, astuple(self))):
            raise ValueError("thresholds and durations of a segment rule must be finite")
        if self.leave > self.enter:
            raise ValueError(f"leave ({self.leave}) must not be above enter ({self.enter})")
        if min(self.min_length_seconds, self.merge_gap_seconds, self.padding_seconds) < 0:
            raise ValueError("durations of a segment rule must not be negative")


@dataclass(frozen=True)
class Segment:
    """A half-open run of frames [start, stop) flagged as anomalous."""

    start: int
    stop: int
    peak_frame: int
    peak_score: float

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.peak_frame < self.stop:
            raise ValueError(f"not a segment: {self}")

    def __len__(self) -> int:
        return self.stop - self.start


def find_segments(
    scores: npt.NDArray[np.floating], seconds: npt.NDArray[np.floating], rule: SegmentRule
) -> list[Segment]:
    """Segments of anomaly scores [N] at frame times [N]; a NaN score (not analysed yet) belongs to no segment.

    Short runs are dropped first, so that scattered spikes can't add up to a segment; then near ones are merged and
    padded. Runs, merges and paddings end before a frame without a score, and at a gap in time.

    Raises:
        ValueError: the two arrays differ in length.
    """
    return SegmentFinder(seconds).find(scores, rule)


class SegmentFinder:
    """Finds segments in a recording, again and again: what follows from its times alone is worked out once."""

    def __init__(self, seconds: npt.NDArray[np.floating]) -> None:
        """Of a recording with frames at these times [N]."""
        self._seconds = seconds
        self._is_after_gap = after_gaps(seconds)
        self._ends = frame_ends(seconds)

    def find(self, scores: npt.NDArray[np.floating], rule: SegmentRule) -> list[Segment]:
        """What `find_segments` does.

        Raises:
            ValueError: there are more or fewer scores than frames.
        """
        seconds, ends = self._seconds, self._ends
        if len(scores) != len(seconds):
            raise ValueError(f"{len(scores)} scores at {len(seconds)} times")
        starts, stops = runs(scores >= rule.leave, self._is_after_gap)
        has_entered = np.zeros(len(starts), np.bool_)
        has_entered[np.searchsorted(starts, np.flatnonzero(scores >= rule.enter), side="right") - 1] = True
        starts, stops = starts[has_entered], stops[has_entered]
        if not len(starts):
            return []

        long_enough = ends[stops - 1] - seconds[starts] >= rule.min_length_seconds - _TIME_TOLERANCE_SECONDS
        starts, stops = starts[long_enough], stops[long_enough]

        analysed_starts, analysed_stops = runs(~np.isnan(scores), self._is_after_gap)
        stretch = np.searchsorted(analysed_starts, starts, side="right") - 1
        between = seconds[starts[1:]] - ends[stops[:-1] - 1]
        near = (between <= rule.merge_gap_seconds + _TIME_TOLERANCE_SECONDS) & (stretch[1:] == stretch[:-1])
        starts, stops, stretch = _join(starts, stops, near, stretch)

        first = np.searchsorted(seconds, seconds[starts] - rule.padding_seconds - _TIME_TOLERANCE_SECONDS)
        last = np.searchsorted(seconds, ends[stops - 1] + rule.padding_seconds - _TIME_TOLERANCE_SECONDS)
        # Frames that share a time must not shrink a run, nor padding reach into what was not analysed.
        starts = np.maximum(np.minimum(first, starts), analysed_starts[stretch])
        stops = np.minimum(np.maximum(last, stops), analysed_stops[stretch])
        touching = (starts[1:] <= stops[:-1]) & (stretch[1:] == stretch[:-1])
        starts, stops, _ = _join(starts, stops, touching, stretch)
        return [_segment(scores, start, stop) for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]


def _join(
    starts: _Indices, stops: _Indices, joined: npt.NDArray[np.bool_], stretch: _Indices
) -> tuple[_Indices, _Indices, _Indices]:
    """Make one of every run and its successor where `joined` [runs - 1] is True."""
    begins = np.append(True, ~joined)[: len(starts)]
    finishes = np.append(~joined, True)[: len(starts)]
    return starts[begins], stops[finishes], stretch[begins]


def _segment(scores: npt.NDArray[np.floating], start: int, stop: int) -> Segment:
    peak = start + int(scores[start:stop].argmax())
    return Segment(start=start, stop=stop, peak_frame=peak, peak_score=float(scores[peak]))
