"""Eq. 11 and 12 and the corners that the paper leaves open."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from engine.scoring.paper_scorer import anomaly_score, normality_score
from engine.scoring.signals import missing_signals

NAN = float("nan")
psnr_values = st.one_of(st.just(NAN), st.floats(5, 100, width=32))


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    with warnings.catch_warnings(), np.errstate(all="raise"):
        warnings.simplefilter("error")
        yield


def test_equation_11_and_12() -> None:
    psnr_db = np.array([NAN, 30, 20, 40, 25], np.float32)
    np.testing.assert_allclose(normality_score(psnr_db), [0.5, 0.5, 0, 1, 0.25])
    np.testing.assert_allclose(anomaly_score(psnr_db), [0.5, 0.5, 1, 0, 0.75])


@given(npst.arrays(np.float32, st.integers(0, 50), elements=psnr_values))
def test_scores_span_zero_to_one_and_are_missing_where_the_psnr_is(psnr_db: np.ndarray) -> None:
    scores = anomaly_score(psnr_db)
    assert scores.shape == psnr_db.shape
    np.testing.assert_array_equal(np.isnan(scores[1:]), np.isnan(psnr_db[1:]))
    known = scores[~np.isnan(scores)]
    if len(np.unique(psnr_db[~np.isnan(psnr_db)])) > 1:
        assert known.min() == 0
        assert known.max() == 1
        assert scores[np.nanargmin(psnr_db)] == 1
    else:
        assert not known.any()


@given(npst.arrays(np.float64, 20, elements=st.floats(5, 100)))
def test_lower_psnr_is_more_anomalous(psnr_db: np.ndarray) -> None:
    order = np.argsort(psnr_db, kind="stable")
    assert (np.diff(anomaly_score(psnr_db)[order]) <= 0).all()


def test_frame_0_takes_the_score_of_frame_1() -> None:
    assert anomaly_score(np.array([NAN, 20, 30]))[0] == 1
    assert np.isnan(anomaly_score(np.array([NAN, NAN, 30, 20]))[0])


@pytest.mark.parametrize("count", [0, 1, 2])
def test_nothing_analysed_gives_no_score(count: int) -> None:
    scores = anomaly_score(missing_signals(count)["psnr_db"])
    assert scores.shape == (count,)
    assert np.isnan(scores).all()


def test_nothing_stands_out_of_a_constant_video() -> None:
    np.testing.assert_array_equal(anomaly_score(np.array([NAN, 30, 30, NAN, 30])), [0, 0, 0, NAN, 0])


def test_the_signals_are_left_alone() -> None:
    psnr_db = np.array([NAN, 20, 30])
    anomaly_score(psnr_db)
    np.testing.assert_array_equal(psnr_db, [NAN, 20, 30])
