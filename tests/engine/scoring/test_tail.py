"""p-values against the truth: samples of known distributions, and counts of alarms in footage to come."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom

from engine.scoring.tail import MIN_BLOCKS, Tail, block_maxima, threshold_for


def test_the_highest_of_each_second_counts() -> None:
    scores = np.array([1, 5, 2, np.nan, 7, np.nan, 3.0])
    seconds = np.array([0, 0.4, 0.9, 1.2, 1.9, 2.5, 4.0])
    assert block_maxima(scores, seconds).tolist() == [5, 7, 3]
    assert len(block_maxima(np.full(3, np.nan), seconds[:3])) == 0


def test_inside_the_footage_p_is_the_conformal_one() -> None:
    tail = Tail.of(np.arange(100.0))
    # 1 + how many of the hundred are as high, of 101.
    assert tail.neg_log10_p(np.array([40.0])) == pytest.approx(-np.log10(61 / 101))
    assert tail.neg_log10_p(np.array([0.0])) == pytest.approx(0)


@given(seed=st.integers(0, 1000), count=st.integers(MIN_BLOCKS, 2000))
@settings(max_examples=40)
def test_higher_scores_are_never_less_surprising(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    tail = Tail.of(np.round(random.exponential(size=count), 1))  # with equal values
    surprises = tail.neg_log10_p(np.linspace(-3, 40, 500))
    assert (np.diff(surprises) > 0).all()
    assert surprises[0] < 0


def test_beyond_the_footage_the_tail_is_near_the_truth() -> None:
    found = [
        Tail.of(np.random.default_rng(seed).exponential(size=1000)).neg_log10_p(np.array([9.21]))[0]  # p = 1e-4
        for seed in range(30)
    ]
    assert np.median(found) == pytest.approx(4, abs=0.4)


def test_little_footage_makes_less_surprised() -> None:
    ordered = -np.log1p(-np.arange(1, 61) / 61)
    few, many = Tail.of(ordered), Tail.of(np.repeat(ordered, 20))
    assert few.neg_log10_p(np.array([15.0]))[0] < many.neg_log10_p(np.array([15.0]))[0]


def test_the_promised_alarms_come_true() -> None:
    """Ten hours of other footage from the same life: the count lies in the stated range nine times in ten."""
    inside = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        tail = Tail.of(random.gumbel(size=600))
        low, high = tail.expected_alarms(2, 10)
        alarms = (tail.neg_log10_p(random.gumbel(size=36_000)) >= threshold_for(2)).sum()
        inside += low <= alarms <= high
    assert inside >= 46


def test_the_range_is_wider_where_less_is_known() -> None:
    random = np.random.default_rng(3)
    little, much = (Tail.of(random.exponential(size=count)).expected_alarms(2, 10) for count in (40, 20_000))
    assert little[0] <= much[0] <= 20 <= much[1] < little[1]
    assert Tail.of(random.exponential(size=40)).expected_alarms(2, 0) == (0, 0)


def test_unknown_scores_stay_unknown_and_too_few_are_refused() -> None:
    tail = Tail.of(np.arange(40.0))
    assert np.isnan(tail.neg_log10_p(np.array([np.nan, 1.0]))).tolist() == [True, False]
    with pytest.raises(ValueError, match="too few"):
        Tail.of(np.arange(MIN_BLOCKS - 1.0))


def test_footage_in_which_nothing_ever_changes() -> None:
    tail = Tail.of(np.full(50, 2.0))
    assert np.isfinite(tail.neg_log10_p(np.array([1.0, 2.0, 3.0]))).all()


def test_more_footage_joins_as_if_it_had_been_there_from_the_beginning() -> None:
    random = np.random.default_rng(8)
    first, more = random.exponential(1.0, 2000), random.exponential(2.0, 1000)
    whole, joined = Tail.of(np.concatenate([first, more])), Tail.of(first).with_more(more)
    assert joined.blocks == whole.blocks
    scores = np.linspace(0, 15, 200)
    np.testing.assert_allclose(joined.neg_log10_p(scores), whole.neg_log10_p(scores), atol=0.1)
    rare = Tail.of(first, 300).with_more(np.empty(0))
    np.testing.assert_allclose(rare.neg_log10_p(scores), Tail.of(first, 300).neg_log10_p(scores), atol=0.15)


@pytest.mark.parametrize("value", [0.0, 0.3, 0.9, 2.0, 5.0])
def test_a_value_has_the_p_by_which_it_is_asked_for(value: float) -> None:
    tail = Tail.of(np.random.default_rng(9).exponential(1.0, 300))
    assert tail.neg_log10_p(np.array([tail.value_at(value)]))[0] == pytest.approx(value)


@pytest.mark.parametrize("per_hour", [0.01, 2, 300])
def test_the_range_holds_nine_tenths_of_the_negative_binomial_counts(per_hour: float) -> None:
    tail = Tail.of(np.random.default_rng(3).exponential(size=400))
    reach = max(math.log(10) * (threshold_for(per_hour) - tail.surprises[-1]), 0)
    shape = tail.exceedances / (1 + reach**2)
    expected = nbinom.ppf([0.05, 0.95], shape, shape / (shape + 10 * per_hour))
    assert tail.expected_alarms(per_hour, 10) == tuple(expected.astype(int))
