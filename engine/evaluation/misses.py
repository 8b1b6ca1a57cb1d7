"""Events missed against false alarms an hour: what each threshold trades for the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from engine.evaluation.events import ScoredVideo, detections
from engine.scoring.segments import SegmentRule

_BETWEEN = 100
"""Thresholds beside those at which events are found."""


@dataclass(frozen=True)
class MissPoint:
    """What one threshold gives."""

    threshold: float
    false_alarms_per_hour: float
    """Of normal footage; at this threshold, or a higher one that has more: a lower one makes one alarm of several."""
    missed: float
    """Share of the events that no flagged segment overlaps, in [0, 1]."""


def miss_curve(videos: Sequence[ScoredVideo], rule_at: Callable[[float], SegmentRule]) -> list[MissPoint]:
    """From the highest threshold down, each at which fewer events are missed; false alarms only become more.

    Empty without normal footage, and where no threshold finds an event.
    """
    highest = [float(video.scores[start:stop].max()) for video in videos for start, stop in video.events]
    if not highest:
        return []
    between = np.quantile(np.concatenate([video.scores for video in videos]), np.linspace(0, 1, _BETWEEN))
    thresholds = np.unique([*highest, *between[between > min(highest)]])[::-1]
    curve: list[MissPoint] = []
    most, missed = 0.0, 1.0
    for threshold in thresholds.tolist():
        found = detections(videos, rule_at(threshold))
        if not found.normal_seconds:
            return []
        most = max(most, found.false_alarms_per_hour)
        share = 1 - found.detected / found.events
        if share < missed:
            missed = share
            curve.append(MissPoint(threshold, most, missed))
    return curve
