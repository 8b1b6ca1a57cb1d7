"""Rare seconds of footage that nobody reviewed: those of normal life count for the threshold, an event does not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.rare_seconds import is_rare_second, occurrences, with_normal_occurrences
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.tail import Tail, threshold_for

RARE_SHARE = 0.15


def split(maxima: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Seconds in the order of time: those that are not rare, and the occurrences of those that are."""
    rare = np.zeros(len(maxima), np.bool_)
    rare[np.argsort(maxima)[::-1][: round(RARE_SHARE * len(maxima))]] = True
    times = np.arange(len(maxima)) + 0.5
    return maxima[~rare], occurrences(maxima, times, rare)


def test_rare_seconds_that_follow_on_each_other_are_one_occurrence() -> None:
    scores = np.array([1, 5, 6, 7, np.nan, 2, 8.0])
    seconds = np.array([0, 1.1, 1.9, 2.5, 3.5, 4.0, 6.0])
    rare = np.array([0, 1, 1, 1, 1, 0, 1], np.bool_)
    assert [each.tolist() for each in occurrences(scores, seconds, rare)] == [[6, 7], [8]]
    assert occurrences(scores, seconds, np.zeros(7, np.bool_)) == []


def test_a_second_of_which_a_part_is_rare_is_not() -> None:
    """The motion of its first frames reaches back into what is."""
    seconds = np.array([0.0, 0.5, 1.0, 1.5, 2.0, 2.5])
    rare = np.array([0, 0, 1, 1, 1, 0], np.bool_)
    assert is_rare_second(rare, seconds).tolist() == [False, False, True, True, False, False]
    assert len(is_rare_second(rare[:0], seconds[:0])) == 0


@pytest.mark.parametrize("heavy", [False, True])
def test_without_an_event_the_threshold_is_that_of_all_of_the_footage(heavy: bool) -> None:
    found, expected = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        maxima = random.exponential(1.0, 300)
        maxima = np.expm1(0.1 * maxima) / 0.1 if heavy else maxima
        found.append(Tail.of(with_normal_occurrences(*split(maxima))).value_at(threshold_for(2)))
        expected.append(Tail.of(maxima).value_at(threshold_for(2)))
    assert np.median(found) == pytest.approx(np.median(expected), rel=0.02)
    assert np.mean(np.array(found) == expected) > 0.9


@pytest.mark.parametrize("length", [2, 5, 10, 20])
def test_with_an_event_it_is_that_of_the_normal_seconds(length: int) -> None:
    """However long the event is, as far as it is rare."""
    flagged, normal = [], []
    for seed in range(40):
        random = np.random.default_rng(seed)
        maxima = random.exponential(1.0, 150)
        event = slice(60, 60 + length)
        usual = np.delete(maxima, event)
        maxima[event] = 12 + random.exponential(1.0, length)
        tail = Tail.of(with_normal_occurrences(*split(maxima)))
        flagged.append(float((tail.neg_log10_p(maxima[event]) >= threshold_for(2)).mean()))
        normal.append(tail.value_at(threshold_for(2)) / Tail.of(usual).value_at(threshold_for(2)))
    assert np.mean(flagged) > 0.85
    assert np.median(normal) == pytest.approx(1, abs=0.05)


def test_an_event_of_a_tenth_of_the_footage_is_flagged_by_a_calibration_on_it() -> None:
    times, videos = np.arange(150) / 10, []
    for number in range(10):
        random = np.random.default_rng(number)
        signals = missing_signals(150)
        for name in EVIDENCE:
            signals[name] = random.gamma(2, 1, 150)
        videos.append((signals, times))
    event = videos[4][0]
    for name in EVIDENCE:
        event[name] += 30
    rare = [np.full(150, number == 4) for number in range(10)]

    def flagged(calibration: Calibration, signals: RawSignals) -> float:
        return float((calibration.scores(signals, times) >= threshold_for(2)).mean())

    apart = Calibration.of(videos, rare=rare)
    assert flagged(apart, event) > 0.9
    assert flagged(Calibration.of(videos), event) == 0, "taken as usual, it is"
    assert max(flagged(apart, signals) for signals, _ in videos[:4]) == 0
    normal_only = Calibration.of(videos[:4] + videos[5:])
    assert apart.offline.tail == normal_only.offline.tail
