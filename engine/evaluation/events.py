"""Event-level figures: what a reviewer finds, how soon, at how many false alarms, and after watching how much."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.scoring.segments import Segment, SegmentRule, find_segments

SEEN_SHARE = 0.95
"""Of the events, which a reviewer is asked to see at the least effort."""


@dataclass(frozen=True, eq=False)
class ScoredVideo:
    """One video as a reviewer would have it, and what is true of it."""

    name: str
    scores: npt.NDArray[np.floating]
    """Anomaly scores [N] as they are shown, never NaN."""
    seconds: npt.NDArray[np.floating]
    """When each frame appears [N]."""
    duration_seconds: float
    """When the last frame is gone."""
    events: Sequence[tuple[int, int]]
    """Half-open runs of abnormal frames [start, stop)."""

    @property
    def frame_seconds(self) -> npt.NDArray[np.float64]:
        """How long each frame stays on screen [N]."""
        ends = np.append(self.seconds[1:], max(self.duration_seconds, float(self.seconds[-1])))
        return np.asarray(ends - self.seconds, np.float64)


@dataclass(frozen=True)
class EventFigures:
    """What was found of all videos' events under one segment rule."""

    events: int
    detected: int
    """Events that a flagged segment overlaps."""
    delays_seconds: tuple[float, ...]
    """Of the detected events: from their start until a segment's score reaches `enter`; 0 where it had before."""
    false_alarms: int
    """Flagged segments that overlap no event."""
    normal_seconds: float
    """Footage outside of all events."""
    review_effort: float
    """Share of all footage in [0, 1] to watch for SEEN_SHARE of the events; NaN where there are none."""

    @property
    def median_delay_seconds(self) -> float:
        """NaN where nothing was detected."""
        return float(np.median(self.delays_seconds)) if self.delays_seconds else float("nan")

    @property
    def false_alarms_per_hour(self) -> float:
        """In an hour of normal footage; NaN where there is none."""
        return self.false_alarms / (self.normal_seconds / 3600) if self.normal_seconds > 0 else float("nan")


def event_figures(videos: Sequence[ScoredVideo], rule: SegmentRule) -> EventFigures:
    """Hold the segments of `rule` against the events of all videos.

    Segments count without their padding: it is there for watching, and would reach into events not found.
    """
    bare = replace(rule, padding_seconds=0.0)
    detected, false_alarms, normal_seconds = 0, 0, 0.0
    delays: list[float] = []
    for video in videos:
        segments = find_segments(video.scores, video.seconds, bare)
        for event in video.events:
            finding = [segment for segment in segments if _overlap(segment, event)]
            if finding:
                detected += 1
                delays.append(min(_delay_seconds(video, segment, event, rule.enter) for segment in finding))
        false_alarms += sum(not any(_overlap(segment, event) for event in video.events) for segment in segments)
        normal = np.ones(len(video.scores), np.bool_)
        for start, stop in video.events:
            normal[start:stop] = False
        normal_seconds += float(video.frame_seconds[normal].sum())
    events = sum(len(video.events) for video in videos)
    return EventFigures(
        events, detected, tuple(delays), false_alarms, normal_seconds, review_effort(videos, rule, SEEN_SHARE)
    )


def review_effort(videos: Sequence[ScoredVideo], rule: SegmentRule, share: float) -> float:
    """Share of all footage that a person watches to see `share` of the events, taking the most suspicious first.

    One threshold is lowered over all videos until the segments at or above it (`rule`'s lengths, gaps and padding)
    overlap that share of the events; these segments' part of the footage is the effort. 1 where even the lowest
    threshold shows too few, NaN where there are no events.
    """
    events = sum(len(video.events) for video in videos)
    if not events:
        return float("nan")
    needed = math.ceil(share * events - 1e-9)
    thresholds = np.unique(np.concatenate([video.scores for video in videos]))
    # Whatever is watched at one threshold is watched at every lower one: halving finds the highest that suffices.
    effort, low, high = 1.0, 0, len(thresholds) - 1
    while low <= high:
        middle = (low + high) // 2
        seen, watched = _watch(videos, float(thresholds[middle]), rule)
        if seen >= needed:
            effort, low = watched, middle + 1
        else:
            high = middle - 1
    return effort


def _watch(videos: Sequence[ScoredVideo], threshold: float, rule: SegmentRule) -> tuple[int, float]:
    """Events seen, and the share of footage watched, in the segments at or above a threshold."""
    flat = replace(rule, enter=threshold, leave=threshold)
    seen, watched, total = 0, 0.0, 0.0
    for video in videos:
        segments = find_segments(video.scores, video.seconds, flat)
        seen += sum(any(_overlap(segment, event) for segment in segments) for event in video.events)
        lengths = video.frame_seconds
        watched += sum(float(lengths[segment.start : segment.stop].sum()) for segment in segments)
        total += float(lengths.sum())
    return seen, watched / total if total > 0 else 1.0


def _overlap(segment: Segment, event: tuple[int, int]) -> bool:
    return segment.start < event[1] and event[0] < segment.stop


def _delay_seconds(video: ScoredVideo, segment: Segment, event: tuple[int, int], enter: float) -> float:
    # A segment reaches back to where its score began to rise; an alarm could not have gone off before `enter`.
    alarm = segment.start + int(np.argmax(video.scores[segment.start : segment.stop] >= enter))
    return max(float(video.seconds[alarm] - video.seconds[event[0]]), 0.0)
