"""However the rows come in, they say what they say all at once."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import EVIDENCE
from engine.scoring.incremental import IncrementalScores
from engine.scoring.paper_scorer import PaperScorer
from engine.scoring.scorers import scorer_named, scorer_names
from engine.scoring.signals import RawSignals, missing_signals

COUNT = 400


def signals_of(seed: int, count: int = COUNT) -> RawSignals:
    """Noise, a burst and a spell of another light; some frames were never analysed."""
    noise = np.random.default_rng(seed)
    made = missing_signals(count)
    made["psnr_db"] = noise.normal(36, 1, count)
    made["patch_psnr_db"] = noise.normal(36, 2, (count, 4, 4))
    for name in EVIDENCE:
        made[name] = noise.gamma(2, 1, count)
        made[name][120:140] += 20
    made["camera_motion_px"] = noise.gamma(1, 0.01, count)
    made["sharpness"] = 8
    light = np.where(np.arange(count) < count // 2, 1.0, 0.4)
    made["layout"] = np.linspace(60, 190, 64).reshape(8, 8) * light[:, None, None]
    made[noise.random(count) < 0.1] = missing_signals(1)[0]
    made[0] = missing_signals(1)[0]
    return made


def times_of(seed: int, count: int = COUNT) -> np.ndarray:
    """Frames between 10 ms and a third of a second apart, two of them at one time."""
    gaps = np.random.default_rng(seed).uniform(0.01, 0.3, count - 1)
    gaps[50] = 0
    return np.concatenate([[0.0], np.cumsum(gaps)])


@cache
def calibration() -> Calibration:
    bright = [signals_of(seed) for seed in range(60, 64)]
    for each in bright:
        each["layout"][1:] = np.linspace(60, 190, 64).reshape(8, 8)
    return Calibration.of([(each, times_of(seed)) for seed, each in enumerate(bright)])


@st.composite
def pieces(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Runs of frames in any order, some of them twice, that together are all."""
    cuts = sorted(draw(st.sets(st.integers(1, COUNT - 1), max_size=12)))
    runs = list(zip([0, *cuts], [*cuts, COUNT], strict=True))
    again = draw(st.lists(st.sampled_from(runs), max_size=3))
    return draw(st.permutations(runs)) + again


@pytest.mark.parametrize("name", scorer_names())
@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 50), order=pieces(), at_most=st.integers(20, 2 * COUNT), derive_between=st.booleans())
def test_pieces_say_what_the_whole_does(
    name: str, seed: int, order: list[tuple[int, int]], at_most: int, derive_between: bool
) -> None:
    signals, times = signals_of(seed), times_of(seed)
    scorer = scorer_named(name, calibration())
    growing = IncrementalScores(scorer, times, calibration().reference)
    assert np.isnan(growing.scores()).all()
    assert growing.drifts() == []
    for start, stop in order:
        growing.add(start, signals[start:stop])
        if derive_between:
            growing.derive(at_most)
    while not growing.is_up_to_date:
        growing.derive(at_most)
    assert growing.signals.tobytes() == signals.tobytes()
    np.testing.assert_allclose(growing.scores(), scorer.scores(signals, times), rtol=1e-6)
    assert growing.drifts() == calibration().drifts(signals, times)
    assert growing.drifts()


def test_a_row_that_changes_takes_its_neighbours_along() -> None:
    signals, times = signals_of(1), times_of(1)
    growing = IncrementalScores(CalibratedScorer(calibration()), times, calibration().reference)
    growing.add(0, signals)
    growing.derive(COUNT)
    for changed in (1, 200, COUNT - 1):
        signals[changed] = signals[130]
        growing.add(changed, signals[changed : changed + 1])
    growing.derive(3)
    expected = CalibratedScorer(calibration()).scores(signals, times)
    np.testing.assert_allclose(growing.scores(), expected, rtol=1e-6)


def test_a_step_takes_no_more_than_it_was_given() -> None:
    growing = IncrementalScores(PaperScorer(), times_of(1))
    growing.add(0, signals_of(1))
    growing.derive(COUNT // 2)
    assert not growing.is_up_to_date
    assert np.isnan(growing.scores()[-1])
    growing.derive(COUNT)
    assert growing.is_up_to_date


def test_rows_beyond_the_end_are_left_out() -> None:
    growing = IncrementalScores(PaperScorer(), times_of(1))
    growing.add(COUNT - 3, signals_of(1)[100:110])
    growing.add(COUNT, signals_of(1))
    growing.derive(COUNT)
    assert len(growing.scores()) == COUNT
    assert np.count_nonzero(~np.isnan(growing.scores())) <= 3


def test_nothing_is_known_of_no_recording() -> None:
    growing = IncrementalScores(CalibratedScorer(calibration()), np.empty(0), calibration().reference)
    growing.add(0, missing_signals(0))
    assert growing.is_up_to_date
    assert (len(growing.scores()), growing.drifts()) == (0, [])


@pytest.mark.parametrize("name", scorer_names())
def test_frame_0_may_come_last(name: str) -> None:
    signals, times = signals_of(2), times_of(2)
    scorer = scorer_named(name, calibration())
    growing = IncrementalScores(scorer, times)
    growing.add(1, signals[1:])
    growing.derive(COUNT)
    growing.add(0, signals[:1])
    growing.derive(1)
    np.testing.assert_allclose(growing.scores(), scorer.scores(signals, times), rtol=1e-6)
