"""Events missed against false alarms an hour, by the threshold."""

from __future__ import annotations

from dataclasses import astuple
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.events import ScoredVideo, event_figures
from engine.evaluation.misses import miss_curve
from engine.scoring.segments import SegmentRule


def rule_at(threshold: float) -> SegmentRule:
    return SegmentRule(threshold, threshold, min_length_seconds=0, merge_gap_seconds=0, padding_seconds=0)


def video(scores: list[float], *events: tuple[int, int]) -> ScoredVideo:
    """Of a frame a second."""
    return ScoredVideo("clip", np.array(scores), np.arange(len(scores)) * 1.0, float(len(scores)), events)


def test_each_point_misses_fewer_events_and_has_no_fewer_false_alarms() -> None:
    #         event          alarm          event          alarm           event
    scores = [0, 0.9, 0, 0, 0.8, 0, 0, 0.6, 0, 0, 0.4, 0, 0, 0.2, 0]
    found = miss_curve([video(scores, (1, 2), (7, 8), (13, 14))], rule_at)
    hourly = 3600 / 12
    assert [astuple(point) for point in found] == [
        (0.9, 0.0, pytest.approx(2 / 3)),
        (0.6, hourly, pytest.approx(1 / 3)),
        (0.2, 2 * hourly, pytest.approx(0)),
    ]


def test_alarms_that_become_one_at_a_low_threshold_stay_several() -> None:
    found = miss_curve([video([0.8, 0.1, 0.8, 0.1, 0.8, 0.1, 0.1], (6, 7))], rule_at)
    assert [astuple(point) for point in found] == [(0.1, pytest.approx(3 * 3600 / 6), 0.0)]


def test_there_is_none_without_events_or_without_normal_footage() -> None:
    assert miss_curve([video([0.1, 0.9, 0.1])], rule_at) == []
    assert miss_curve([video([0.1, 0.9, 0.1], (0, 3))], rule_at) == []


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8]), min_size=12, max_size=12), st.integers(0, 3))
def test_each_point_is_what_its_threshold_gives(scores: list[float], first: int) -> None:
    videos = [video(scores, (first, first + 2), (8, 9))]
    curve = miss_curve(videos, rule_at)
    assert curve[-1].missed == 0
    for point, following in pairwise(curve):
        assert point.threshold > following.threshold
        assert point.missed > following.missed
        assert point.false_alarms_per_hour <= following.false_alarms_per_hour
    for point in curve:
        found = event_figures(videos, rule_at(point.threshold))
        assert point.missed == 1 - found.detected / found.events
        assert point.false_alarms_per_hour >= found.false_alarms_per_hour
