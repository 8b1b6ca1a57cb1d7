"""Event-level metrics on short timelines with obvious results."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.events import ScoredVideo, event_figures, review_effort
from engine.scoring.segments import SegmentRule, find_segments

EXACT = SegmentRule(enter=0.7, leave=0.5, min_length_seconds=0, merge_gap_seconds=0, padding_seconds=0)


def video(scores: list[float], *events: tuple[int, int], fps: float = 10.0) -> ScoredVideo:
    times = np.arange(len(scores)) / fps
    return ScoredVideo("clip", np.array(scores), times, len(scores) / fps, events)


def test_an_event_is_detected_where_a_segment_overlaps_it() -> None:
    #        0    1    2    3    4    5    6    7    8    9
    scores = [0.0, 0.0, 0.6, 0.8, 0.6, 0.0, 0.0, 0.9, 0.0, 0.0]
    found = event_figures([video(scores, (4, 6), (8, 10))], EXACT)
    assert (found.events, found.detected) == (2, 1)
    assert found.false_alarms == 1  # frame 7 ends where the second event starts
    assert found.normal_seconds == pytest.approx(0.6)
    assert found.false_alarms_per_hour == pytest.approx(1 / (0.6 / 3600))


def test_padding_neither_finds_an_event_nor_hides_a_false_alarm() -> None:
    scores = [0.0, 0.9, 0.0, 0.0, 0.0, 0.0]
    found = event_figures([video(scores, (3, 5))], replace(EXACT, padding_seconds=0.3))
    assert (found.detected, found.false_alarms) == (0, 1)


def test_the_delay_lasts_until_the_score_reaches_enter() -> None:
    # The segment starts at frame 2 with the event, but its score reaches `enter` only at frame 4.
    late = video([0.0, 0.0, 0.6, 0.6, 0.9, 0.0], (2, 6))
    early = video([0.0, 0.9, 0.9, 0.0], (2, 4))
    missed = video([0.0, 0.0], (0, 2))
    found = event_figures([late, early, missed], EXACT)
    assert found.delays_seconds == pytest.approx((0.2, 0.0))
    assert found.median_delay_seconds == pytest.approx(0.1)


def test_an_early_segment_s_alarm_counts_and_not_a_later_one_s() -> None:
    found = event_figures([video([0.0, 0.9, 0.0, 0.9, 0.0, 0.9, 0.0], (0, 7))], EXACT)
    assert found.delays_seconds == pytest.approx((0.1,))
    assert found.false_alarms == 0


def test_times_come_from_the_video() -> None:
    jumpy = ScoredVideo("clip", np.array([0.0, 0.0, 0.9, 0.0]), np.array([0.0, 1, 5, 6]), 16.0, [(1, 3)])
    found = event_figures([jumpy], EXACT)
    assert found.delays_seconds == (4.0,)
    assert found.normal_seconds == pytest.approx(1 + 10)  # the last frame stays for ten seconds
    assert found.review_effort == pytest.approx(1 / 16)


def test_without_events_none_is_detected() -> None:
    found = event_figures([video([0.0, 0.9, 0.0])], EXACT)
    assert (found.events, found.detected, found.false_alarms) == (0, 0, 1)
    assert np.isnan([found.median_delay_seconds, found.review_effort]).all()
    assert np.isnan(event_figures([video([0.0, 0.9], (0, 2))], EXACT).false_alarms_per_hour)


def test_review_effort_is_at_the_highest_threshold_that_shows_enough_events() -> None:
    # Frame 1 is watched first (a false alarm), then 4 (an event), then 6 and 7 (the other).
    scores = [0.0, 1.0, 0.1, 0.1, 0.8, 0.1, 0.6, 0.6, 0.1, 0.1]
    watched = video(scores, (4, 5), (7, 8))
    assert review_effort([watched], EXACT, 0.5) == pytest.approx(0.2)
    assert review_effort([watched], EXACT, 1.0) == pytest.approx(0.4)


def test_review_effort_counts_padding_that_a_person_watches() -> None:
    watched = video([0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], (3, 4))
    assert review_effort([watched], replace(EXACT, padding_seconds=0.2), 0.95) == pytest.approx(0.5)


def test_review_effort_is_1_if_an_event_never_stands_out() -> None:
    flat = video([0.5] * 10, (3, 4))
    assert review_effort([flat], EXACT, 0.95) == 1
    short = replace(EXACT, min_length_seconds=5)
    assert review_effort([flat], short, 0.95) == 1


@given(
    st.lists(st.tuples(st.floats(0, 1, width=16), st.booleans()), min_size=2, max_size=30),
    st.sampled_from([0.3, 0.5, 0.95, 1.0]),
    st.sampled_from([0.0, 0.1, 0.25]),
)
def test_review_effort_is_the_minimum_over_all_thresholds(
    frames: list[tuple[float, bool]], share: float, seconds: float
) -> None:
    rule = SegmentRule(0.5, 0.5, min_length_seconds=seconds, merge_gap_seconds=seconds, padding_seconds=seconds)
    truth = np.array([abnormal for _, abnormal in frames])
    edges = np.flatnonzero(np.diff(truth, prepend=False, append=False)).tolist()
    events = list(zip(edges[::2], edges[1::2], strict=True))
    watched = video([score for score, _ in frames], *events)
    efforts = [1.0]
    for threshold in set(watched.scores.tolist()):
        segments = find_segments(watched.scores, watched.seconds, replace(rule, enter=threshold, leave=threshold))
        shown = np.zeros(len(frames), bool)
        for segment in segments:
            shown[segment.start : segment.stop] = True
        if sum(shown[start:stop].any() for start, stop in events) >= share * len(events):
            efforts.append(shown.mean())
    if events:
        assert review_effort([watched], rule, share) == pytest.approx(min(efforts))
