"""AUCs against brute force, Mann-Whitney ranks and values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from engine.evaluation.metrics import global_auc, macro_auc, micro_auc, rescaled, roc_auc, roc_curve, unpadded_macro_auc
from engine.scoring.paper_scorer import anomaly_score

NORMAL_AND_ABNORMAL = st.tuples(
    # Few distinct values give many ties, where AUC implementations go wrong.
    st.lists(st.integers(0, 6), min_size=1, max_size=25),
    st.lists(st.integers(0, 6), min_size=1, max_size=25),
    st.randoms(use_true_random=False),
)


def labels(text: str) -> np.ndarray:
    return np.array([letter == "x" for letter in text])


def correctly_ranked(normal: list[int], abnormal: list[int]) -> float:
    """Fraction of (abnormal, normal) pairs in which the abnormal frame scores higher; a tie counts half."""
    pairs = [(a > n) + 0.5 * (a == n) for a in abnormal for n in normal]
    return sum(pairs) / len(pairs)


@pytest.mark.slow
@given(NORMAL_AND_ABNORMAL)
def test_the_area_is_the_fraction_of_correctly_ranked_pairs(drawn: tuple) -> None:
    normal, abnormal, random = drawn
    frames = [(score, False) for score in normal] + [(score, True) for score in abnormal]
    random.shuffle(frames)
    scores, truth = np.array([f[0] for f in frames], float), np.array([f[1] for f in frames])
    assert roc_auc(scores, truth) == pytest.approx(correctly_ranked(normal, abnormal))
    ranks = mannwhitneyu(scores[truth], scores[~truth]).statistic / (truth.sum() * (~truth).sum())
    assert roc_auc(scores, truth) == pytest.approx(ranks)


@given(NORMAL_AND_ABNORMAL)
def test_the_curve_has_the_rates_at_every_threshold(drawn: tuple) -> None:
    normal, abnormal, _ = drawn
    scores = np.array(normal + abnormal, float)
    truth = np.arange(len(scores)) >= len(normal)
    curve = roc_curve(scores, truth)
    assert curve is not None
    thresholds = [np.inf, *sorted(set(scores), reverse=True)]
    assert curve.false_positive_rate == pytest.approx([np.mean(scores[~truth] >= t) for t in thresholds])
    assert curve.true_positive_rate == pytest.approx([np.mean(scores[truth] >= t) for t in thresholds])


def test_auc_of_a_perfect_a_constant_and_an_inverted_score() -> None:
    truth = labels("..xx")
    assert roc_auc(np.array([0.0, 1, 2, 3]), truth) == 1
    assert roc_auc(np.zeros(4), truth) == 0.5
    assert roc_auc(np.array([3.0, 2, 1, 0]), truth) == 0


def test_no_curve_if_all_frames_have_the_same_label() -> None:
    assert roc_curve(np.arange(3.0), labels("xxx")) is None
    assert np.isnan(roc_auc(np.arange(3.0), labels("...")))


@pytest.mark.parametrize("scores", [np.zeros(3), np.array([0.0, np.nan, 1, 1])])
def test_a_frame_without_score_is_refused(scores: np.ndarray) -> None:
    with pytest.raises(ValueError, match="one score for each label"):
        roc_auc(scores, labels("..xx"))


def test_rescaling_is_equations_11_and_12() -> None:
    psnr_db = np.array([np.nan, 31.0, 24.0, 38.0, 30.0])
    statistic = -psnr_db
    statistic[0] = statistic[1]  # frame 0 takes frame 1's value
    normality = (psnr_db[1:] - 24) / (38 - 24)
    assert rescaled(statistic) == pytest.approx([1 - normality[0], *(1 - normality)])
    assert rescaled(statistic) == pytest.approx(anomaly_score(psnr_db))


def test_micro_rescales_each_video_and_global_does_not() -> None:
    # A dark and a bright camera: in both the abnormal frame stands out, but at different levels.
    statistics, truth = [np.array([0.0, 1, 5]), np.array([10.0, 11, 15])], [labels("..x"), labels("..x")]
    assert micro_auc(statistics, truth) == 1
    assert global_auc(statistics, truth) == pytest.approx(correctly_ranked([0, 1, 10, 11], [5, 15]))
    assert global_auc(statistics, truth) == 0.75


def test_a_constant_video_does_not_divide_by_zero() -> None:
    with np.errstate(all="raise"):
        statistics, truth = [np.full(4, 7.0), np.array([0.0, 1])], [labels("..xx"), labels(".x")]
        # The first video is constant, so all its frames are at 0, like the normal frame of the second.
        assert micro_auc(statistics, truth) == pytest.approx(correctly_ranked([0, 0, 0], [0, 0, 1]))
        assert macro_auc(statistics, truth) == pytest.approx(np.mean([correctly_ranked([0, 0, 0], [0, 0, 1]), 1]))


def test_macro_pads_videos_that_are_all_normal_or_all_abnormal() -> None:
    rising = np.array([0.0, 1, 2])  # 0, 0.5 and 1 when rescaled
    all_abnormal = correctly_ranked([0], [0, 0.5, 1, 1])  # type: ignore[list-item]
    all_normal = correctly_ranked([0, 0, 0.5, 1], [1])  # type: ignore[list-item]
    assert (all_abnormal, all_normal) == (0.875, 0.875)
    assert macro_auc([rising, rising], [labels("xxx"), labels("...")]) == pytest.approx(0.875)


def test_unpadded_macro_leaves_such_videos_out() -> None:
    rising = np.array([1.0, 2, 3])
    assert unpadded_macro_auc([rising] * 4, [labels(each) for each in ("xxx", "...", "..x", "x.x")]) == 0.75
    assert np.isnan(unpadded_macro_auc([rising], [labels("xxx")]))
