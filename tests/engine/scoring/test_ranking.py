"""The most suspicious moments, whatever the threshold."""

from __future__ import annotations

import time

import numpy as np

from engine.scoring.ranking import most_suspicious
from engine.scoring.segments import Segment

SECONDS = np.arange(1000) / 10
PEAKS = {100: 2.0, 103: 1.9, 400: 3.0, 700: 1.0, 990: 2.5}


def scores() -> np.ndarray:
    found = np.zeros(1000)
    for frame, score in PEAKS.items():
        found[frame] = score
    return found


def test_the_highest_come_first_and_one_event_comes_once() -> None:
    found = most_suspicious(scores(), SECONDS, 10)
    assert [(each.peak_frame, each.peak_score) for each in found] == [(400, 3.0), (990, 2.5), (100, 2.0), (700, 1.0)]
    assert (found[0].start, found[0].stop) == (390, 411)
    assert found[1].stop == 1000
    assert most_suspicious(scores(), SECONDS, 2) == found[:2]


def test_what_is_flagged_or_near_it_and_what_is_not_known_is_left_out() -> None:
    known = scores()
    known[690:710] = np.nan
    flagged = [Segment(420, 440, 430, 9.0)]
    assert [each.peak_frame for each in most_suspicious(known, SECONDS, 10, flagged)] == [990, 100]


def test_nothing_is_suspicious_in_calm_or_unknown_footage() -> None:
    assert most_suspicious(np.zeros(1000), SECONDS, 5) == []
    assert most_suspicious(np.full(1000, np.nan), SECONDS, 5) == []
    assert most_suspicious(np.empty(0), np.empty(0), 5) == []


def test_moments_lie_apart() -> None:
    rng = np.random.default_rng(0)
    found = most_suspicious(rng.uniform(0.1, 5, 1000), SECONDS, 100)
    times = np.sort([SECONDS[each.peak_frame] for each in found])
    assert len(found) > 8
    assert np.diff(times).min() >= 5
    assert [each.peak_score for each in found] == sorted((each.peak_score for each in found), reverse=True)


def test_a_day_takes_a_moment() -> None:
    day = np.arange(24 * 3600 * 25) / 25
    values = np.random.default_rng(0).gamma(1, 0.3, len(day))
    began = time.thread_time()  # what other programs take of the processor does not count
    assert len(most_suspicious(values, day, 10)) == 10
    assert time.thread_time() - began < 3
