"""Turns anomaly scores into segments that a person can review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class SegmentRule:
    """How scores become segments; durations in seconds so that it means the same at any frame rate."""

    enter: float = 0.5
    """A segment needs a frame with at least this anomaly score ..."""
    leave: float = 0.4
    """... and reaches both ways as far as scores stay at or above this."""
    min_length_seconds: float = 0.2
    """Shorter runs are dropped, before padding."""
    merge_gap_seconds: float = 1.0
    """Runs that are at most this far apart become one."""
    padding_seconds: float = 0.2
    """Added on both sides, within the video; segments that then touch become one."""

    def __post_init__(self) -> None:
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

    Raises:
        ValueError: the two arrays differ in length.
    """
    raise NotImplementedError
