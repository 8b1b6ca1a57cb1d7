"""Frames between samples: judged, they tell to the frame where a segment begins, and change nothing else."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring.calibrated_scorer import CalibratedLiveScorer, CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.sampling import SAMPLED
from engine.scoring.scorer import Scorer
from engine.scoring.segments import SegmentRule, find_segments
from engine.scoring.signals import RawSignals, missing_signals

FPS = 25


def noise(seed: int, seconds: float) -> tuple[RawSignals, np.ndarray]:
    random = np.random.default_rng(seed)
    signals = missing_signals(int(seconds * FPS))
    for name in EVIDENCE:
        # As real evidence does, it changes over some frames.
        values = random.gamma(2, 1, len(signals) + 8)
        signals[name] = np.convolve(values, np.ones(9) / 9, "valid")
    signals[0] = missing_signals(1)[0]
    return signals, np.arange(len(signals)) / FPS


@cache
def calibration() -> Calibration:
    every_fifth = [(signals[5::5], times[5::5]) for signals, times in (noise(seed, 100) for seed in range(4))]
    return replace(Calibration.of(every_fifth, sampling=SAMPLED), sampling=SAMPLED)


def sampled(signals: RawSignals, times: np.ndarray, also: slice = slice(0)) -> RawSignals:
    """The signals as they are known where samples were judged, and some more frames."""
    known = missing_signals(len(signals))
    samples = SAMPLED.frames(times)
    known[samples], known[also] = signals[samples], signals[also]
    return known


def runs_above(scores: np.ndarray, threshold: float) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(scores >= threshold, prepend=False, append=False))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


@given(st.integers(0, 1000), st.integers(0, 400), st.integers(1, 200), st.floats(0.1, 5))
@settings(max_examples=40)
def test_what_reaches_a_threshold_stays_the_same(seed: int, start: int, count: int, threshold: float) -> None:
    signals, times = noise(seed, 20)
    signals["direction_rarity"][200:215] += seed % 7
    scorer = CalibratedScorer(calibration())
    samples = SAMPLED.frames(times)
    before = scorer.scores(sampled(signals, times), times)
    after = scorer.scores(sampled(signals, times, slice(start, start + count)), times)
    np.testing.assert_array_equal(after[samples], before[samples])
    runs, runs_before = runs_above(after, threshold), runs_above(before, threshold)
    assert len(runs) == len(runs_before)
    for (begin, stop), (begin_before, stop_before) in zip(runs, runs_before, strict=True):
        assert after[begin:stop].max() == before[begin_before:stop_before].max()
        assert set(samples) & set(range(begin, stop)) == set(samples) & set(range(begin_before, stop_before))
        assert stop - begin >= min(5, stop_before - begin_before)


@pytest.mark.parametrize("onset", range(255, 260))
def test_a_border_is_exact_to_the_frame_where_frames_were_judged(onset: int) -> None:
    signals, times = noise(3, 20)
    for name in EVIDENCE:
        signals[name] = 2
    signals[0] = missing_signals(1)[0]
    signals["direction_rarity"][onset : onset + 100] = 40
    scorer = CalibratedScorer(calibration())
    rule = SegmentRule(enter=3.0, leave=3.0, padding_seconds=0)
    (every,) = find_segments(scorer.scores(sampled(signals, times, slice(None)), times), times, rule)
    (near,) = find_segments(scorer.scores(sampled(signals, times, slice(onset - 40, onset + 5)), times), times, rule)
    (coarse,) = find_segments(scorer.scores(sampled(signals, times), times), times, rule)
    assert every.start == near.start == onset - FPS  # evidence is the mean over a second before and after, too
    assert every.stop == onset + 100 + FPS
    assert coarse.start in (228, 233)
    assert every.peak_score == coarse.peak_score


@pytest.mark.parametrize("scorer", [CalibratedScorer(calibration()), CalibratedLiveScorer(calibration())])
def test_frames_that_were_not_judged_have_the_score_of_a_sample(scorer: Scorer) -> None:
    signals, times = noise(5, 20)
    scores = scorer.scores(sampled(signals, times), times)
    samples = SAMPLED.frames(times)
    assert set(scores) == set(scores[samples])


def test_live_nothing_between_samples_counts() -> None:
    signals, times = noise(5, 20)
    scorer = CalibratedLiveScorer(calibration())
    np.testing.assert_array_equal(
        scorer.scores(sampled(signals, times, slice(100, 200)), times), scorer.scores(sampled(signals, times), times)
    )
