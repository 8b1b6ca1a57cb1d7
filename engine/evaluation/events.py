"""Event-level metrics: detected events, delay, false alarms, and the footage that a reviewer has to watch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.scoring.segments import Segment, SegmentRule, find_segments
from engine.video.timing import frame_ends

SEEN_SHARE = 0.95
"""Fraction of the events that a reviewer has to see, for the review effort."""


@dataclass(frozen=True, eq=False)
class ScoredVideo:
    """A video's scores and times, with its labelled events."""

    name: str
    scores: npt.NDArray[np.floating]
    """Anomaly scores [N] as displayed, never NaN."""
    seconds: npt.NDArray[np.floating]
    """Presentation times [N]."""
    duration_seconds: float
    """End of the last frame."""
    events: Sequence[tuple[int, int]]
    """Half-open runs of abnormal frames [start, stop)."""

    @property
    def frame_seconds(self) -> npt.NDArray[np.float64]:
        """Duration of each frame [N]."""
        ends = frame_ends(self.seconds)
        ends[-1] = max(self.duration_seconds, float(self.seconds[-1]))
        return np.asarray(ends - self.seconds, np.float64)


@dataclass(frozen=True)
class Detections:
    """What the segments of one rule find in all videos, and what they flag wrongly."""

    events: int
    delays_seconds: tuple[float, ...]
    """For each detected event, the time from its start until a segment's score reaches `enter`; 0 if it did before."""
    false_alarms: int
    """Number of flagged segments that overlap no event."""
    normal_seconds: float
    """Duration of the footage outside of all events."""

    @property
    def detected(self) -> int:
        """Number of events that a flagged segment overlaps."""
        return len(self.delays_seconds)

    @property
    def median_delay_seconds(self) -> float:
        """Median delay of the detected events; NaN without any."""
        return float(np.median(self.delays_seconds)) if self.delays_seconds else float("nan")

    @property
    def false_alarms_per_hour(self) -> float:
        """False alarms per hour of normal footage; NaN without normal footage."""
        return self.false_alarms / (self.normal_seconds / 3600) if self.normal_seconds > 0 else float("nan")


@dataclass(frozen=True)
class EventFigures(Detections):
    """Event-level metrics over all videos under one segment rule."""

    review_effort: float
    """Fraction of all footage in [0, 1] to watch to see SEEN_SHARE of the events; NaN without events."""


def event_figures(videos: Sequence[ScoredVideo], rule: SegmentRule) -> EventFigures:
    """Compare the segments of `rule` with the events of all videos."""
    found = detections(videos, rule)
    return EventFigures(
        found.events,
        found.delays_seconds,
        found.false_alarms,
        found.normal_seconds,
        review_effort(videos, rule, SEEN_SHARE),
    )


def detections(videos: Sequence[ScoredVideo], rule: SegmentRule) -> Detections:
    """Which events the segments of `rule` find, how late, and how many find none.

    Segments count without their padding, which is only for watching and could reach into events that were missed.
    """
    unpadded = replace(rule, padding_seconds=0.0)
    false_alarms, normal_seconds = 0, 0.0
    delays: list[float] = []
    for video in videos:
        segments = find_segments(video.scores, video.seconds, unpadded)
        for event in video.events:
            detecting = [segment for segment in segments if _overlap(segment, event)]
            if detecting:
                delays.append(min(_delay_seconds(video, segment, event, rule.enter) for segment in detecting))
        false_alarms += sum(not any(_overlap(segment, event) for event in video.events) for segment in segments)
        normal = np.ones(len(video.scores), np.bool_)
        for start, stop in video.events:
            normal[start:stop] = False
        normal_seconds += float(video.frame_seconds[normal].sum())
    return Detections(sum(len(video.events) for video in videos), tuple(delays), false_alarms, normal_seconds)


def review_effort(videos: Sequence[ScoredVideo], rule: SegmentRule, share: float) -> float:
    """Fraction of all footage that a person watches to see the fraction `share` of the events, highest scores first.

    One threshold for all videos is lowered until the segments at or above it (with `rule`'s lengths, gaps and padding)
    overlap that share of the events; the effort is the fraction of the footage in these segments. It is 1 if even the
    lowest threshold shows too few events, and NaN without events.
    """
    events = sum(len(video.events) for video in videos)
    if not events:
        return float("nan")
    needed = math.ceil(share * events - 1e-9)
    thresholds = np.unique(np.concatenate([video.scores for video in videos]))
    # Footage watched at one threshold is watched at every lower one too, so bisection finds the highest that suffices.
    effort, low, high = 1.0, 0, len(thresholds) - 1
    while low <= high:
        middle = (low + high) // 2
        seen, watched = _reviewed(videos, float(thresholds[middle]), rule)
        if seen >= needed:
            effort, low = watched, middle + 1
        else:
            high = middle - 1
    return effort


def _reviewed(videos: Sequence[ScoredVideo], threshold: float, rule: SegmentRule) -> tuple[int, float]:
    """Number of events seen and fraction of footage watched in the segments at or above a threshold."""
    single_threshold = replace(rule, enter=threshold, leave=threshold)
    seen, watched, total = 0, 0.0, 0.0
    for video in videos:
        segments = find_segments(video.scores, video.seconds, single_threshold)
        seen += sum(any(_overlap(segment, event) for segment in segments) for event in video.events)
        lengths = video.frame_seconds
        watched += sum(float(lengths[segment.start : segment.stop].sum()) for segment in segments)
        total += float(lengths.sum())
    return seen, watched / total if total > 0 else 1.0


def _overlap(segment: Segment, event: tuple[int, int]) -> bool:
    return segment.start < event[1] and event[0] < segment.stop


def _delay_seconds(video: ScoredVideo, segment: Segment, event: tuple[int, int], enter: float) -> float:
    # A segment starts where its score began to rise, but the alarm is raised only when the score reaches `enter`.
    alarm = segment.start + int(np.argmax(video.scores[segment.start : segment.stop] >= enter))
    return max(float(video.seconds[alarm] - video.seconds[event[0]]), 0.0)
