"""However the rows come in, they say what they say all at once."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring.calibrated_scorer import CalibratedLiveScorer, CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.conditions import in_condition
from engine.scoring.evidence import EVIDENCE
from engine.scoring.incremental import IncrementalScores
from engine.scoring.paper_scorer import PaperScorer
from engine.scoring.sampling import SAMPLED
from engine.scoring.scorer import Scorer
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
    light = np.where(np.arange(count) < count * 0.65, 1.0, 0.4)
    light[60 : 60 + count // 10] = 0.72
    made["layout"] = np.linspace(60, 190, 64).reshape(8, 8) * light[:, None, None]
    made["contrast"] = 40
    made["median_change"], made["highest_change"] = 0.5, 40
    made["changed_share"] = np.where(noise.random(count) < 0.01, 0.9, 0.1)
    made["highest_change"][200:240] = 0
    made["contrast"][160:190] = 1
    made[noise.random(count) < 0.1] = missing_signals(1)[0]
    made[0] = missing_signals(1)[0]
    return made


def times_of(seed: int, count: int = COUNT) -> np.ndarray:
    """Frames between 10 ms and a third of a second apart, two of them at one time."""
    gaps = np.random.default_rng(seed).uniform(0.01, 0.3, count - 1)
    gaps[50] = 0
    return np.concatenate([[0.0], np.cumsum(gaps)])


def spoilt_frames(scorer: Scorer, signals: RawSignals, times: np.ndarray) -> np.ndarray:
    return in_condition(signals, times, scorer.references, scorer.sampling)


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
@settings(max_examples=20)
@given(seed=st.integers(0, 50), order=pieces(), at_most=st.integers(20, 2 * COUNT), derive_between=st.booleans())
def test_pieces_say_what_the_whole_does(
    name: str, seed: int, order: list[tuple[int, int]], at_most: int, derive_between: bool
) -> None:
    signals, times = signals_of(seed), times_of(seed)
    scorer = scorer_named(name, calibration())
    growing = IncrementalScores(scorer, times, calibration().references)
    assert np.isnan(growing.scores()).all()
    assert growing.drifts() == []
    for start, stop in order:
        growing.add(np.arange(start, stop), signals[start:stop])
        if derive_between:
            growing.derive(at_most)
    while not growing.is_up_to_date:
        growing.derive(at_most)
    assert growing.signals.tobytes() == signals.tobytes()
    np.testing.assert_allclose(growing.scores(), scorer.scores(signals, times), rtol=1e-6)
    if scorer.is_comparable:
        assert np.isnan(growing.scores()[160:190]).sum() > 6
    assert growing.conditions() == scorer.conditions(signals, times)
    assert (growing.in_condition() == spoilt_frames(scorer, signals, times)).all()
    assert growing.is_other_scene() is scorer.is_other_scene(signals) is False
    assert growing.drifts() == calibration().drifts(signals, times)
    assert growing.drifts()


def test_a_row_that_changes_takes_its_neighbours_along() -> None:
    signals, times = signals_of(1), times_of(1)
    growing = IncrementalScores(CalibratedScorer(calibration()), times, calibration().references)
    growing.add(np.arange(len(signals)), signals)
    growing.derive(COUNT)
    for changed in (1, 200, COUNT - 1):
        signals[changed] = signals[130]
        growing.add(np.array([changed]), signals[changed : changed + 1])
    while not growing.is_up_to_date:
        growing.derive(3)
    expected = CalibratedScorer(calibration()).scores(signals, times)
    np.testing.assert_allclose(growing.scores(), expected, rtol=1e-6)


def test_a_step_takes_no_more_than_it_was_given() -> None:
    growing = IncrementalScores(PaperScorer(), times_of(1))
    growing.add(np.arange(COUNT), signals_of(1))
    growing.derive(COUNT // 2)
    assert not growing.is_up_to_date
    assert np.isnan(growing.scores()[-1])
    growing.derive(COUNT)
    assert growing.is_up_to_date


def test_rows_beyond_the_end_are_left_out() -> None:
    growing = IncrementalScores(PaperScorer(), times_of(1))
    growing.add(np.arange(COUNT - 3, COUNT + 7), signals_of(1)[100:110])
    growing.add(np.arange(COUNT, 2 * COUNT), signals_of(1))
    growing.derive(COUNT)
    assert len(growing.scores()) == COUNT
    assert np.count_nonzero(~np.isnan(growing.scores())) <= 3


def test_nothing_is_known_of_no_recording() -> None:
    growing = IncrementalScores(CalibratedScorer(calibration()), np.empty(0), calibration().references)
    growing.add(np.arange(0), missing_signals(0))
    assert growing.is_up_to_date
    assert (len(growing.scores()), growing.drifts()) == (0, [])


@pytest.mark.parametrize("name", scorer_names())
def test_frame_0_may_come_last(name: str) -> None:
    signals, times = signals_of(2), times_of(2)
    scorer = scorer_named(name, calibration())
    growing = IncrementalScores(scorer, times)
    growing.add(np.arange(1, COUNT), signals[1:])
    growing.derive(COUNT)
    growing.add(np.arange(1), signals[:1])
    growing.derive(1)
    np.testing.assert_allclose(growing.scores(), scorer.scores(signals, times), rtol=1e-6)


@pytest.mark.parametrize("live", [False, True])
@pytest.mark.parametrize("fps", [25, 29.97, 10])
@given(data=st.data())
@settings(max_examples=15)
def test_samples_in_any_order_and_pieces_say_what_the_whole_does(fps: float, live: bool, data: st.DataObject) -> None:
    times = np.arange(1500) / fps
    sampled = replace(calibration(), sampling=SAMPLED)
    scorer = CalibratedLiveScorer(sampled) if live else CalibratedScorer(sampled)
    samples = SAMPLED.frames(times)
    signals = missing_signals(len(times))
    signals[samples] = signals_of(data.draw(st.integers(0, 9)), len(times))[samples]
    known = samples[~np.isnan(signals["speed_excess_px"][samples])]
    signals["speed_px"][samples] = 1
    whole = scorer.scores(signals, times)
    assert np.isnan(whole).sum() < len(times) / 2
    assert len(known)
    incremental = IncrementalScores(scorer, times)
    remaining = np.array(data.draw(st.permutations(samples.tolist())))
    for part in np.split(remaining, sorted(data.draw(st.lists(st.integers(0, len(samples)), max_size=6)))):
        incremental.add(np.sort(part), signals[np.sort(part)])
        while not incremental.is_up_to_date:
            incremental.derive(data.draw(st.sampled_from([37, 500, 10_000])))
        # What is told as final never changes any more.
        final = incremental.scores()
        is_final = ~np.isnan(final)
        np.testing.assert_allclose(final[is_final], whole[is_final], rtol=1e-6)
    np.testing.assert_allclose(incremental.scores(), whole, rtol=1e-6)
    assert np.isnan(incremental.rough_scores()).all()
    # Then the frames of segments, some of them samples once more.
    start = data.draw(st.integers(1, len(times) - 100))
    signals[start : start + 90] = signals_of(3, len(times))[start : start + 90]
    signals[samples] = incremental.signals[samples]
    for part in np.split(np.arange(start, start + 90), [data.draw(st.integers(1, 80))]):
        incremental.add(part, signals[part])
        while not incremental.is_up_to_date:
            incremental.derive(37)
    np.testing.assert_allclose(incremental.scores(), scorer.scores(signals, times), rtol=1e-6)
