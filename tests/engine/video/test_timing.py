"""Gaps, and how long frames are on screen, in times made for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.video.timing import Gap, after_gaps, frame_ends, gaps, last_seconds, without_gaps


def with_gap(count: int, fps: float, gap_seconds: float) -> np.ndarray:
    """Twice so many frames, and after the usual time of the frame between a gap."""
    half = np.arange(count) / fps
    return np.concatenate([half, half + count / fps + gap_seconds])


@pytest.mark.parametrize("fps", [25, 10, 1, 1 / 60])
@pytest.mark.parametrize("gap_seconds", [3600.0, 24 * 365.25 * 86400])
def test_a_gap_is_where_the_clock_jumps(fps: float, gap_seconds: float) -> None:
    times = with_gap(60, fps, gap_seconds)
    (gap,) = gaps(times)
    assert gap.frame == 60
    assert (gap.start_seconds, gap.seconds) == pytest.approx((60 / fps, gap_seconds))
    np.testing.assert_allclose(without_gaps(times), np.arange(120) / fps, atol=1e-6)
    np.testing.assert_allclose(frame_ends(times) - times, 1 / fps, atol=1e-6)
    assert np.flatnonzero(after_gaps(times)).tolist() == [60]


@pytest.mark.parametrize(
    "times",
    [
        np.arange(100) / 25,
        np.arange(100) * 60.0,  # a time-lapse
        np.cumsum([0.04] * 60 + [0.2] * 30 + [0.04] * 60),
        np.cumsum([0.04] * 100 + [2.0] * 40 + [0.04] * 100),  # a recorder that saves space while nothing moves
        np.cumsum([0.04, 0.1, 0.02, 0.25] * 20),
        np.array([0.0]),
        np.array([0.0, 3600.0]),  # nobody knows what is usual
        np.empty(0),
    ],
)
def test_rates_that_change_make_no_gaps(times: np.ndarray) -> None:
    assert gaps(times) == []
    np.testing.assert_array_equal(without_gaps(times), times)
    np.testing.assert_array_equal(frame_ends(times)[:-1], times[1:])


def test_frames_that_were_dropped_make_no_gap_but_nothing_was_on_screen() -> None:
    times = with_gap(60, 25, 0.6)
    assert gaps(times) == []
    assert frame_ends(times)[59] == pytest.approx(2.4)


def test_gaps_one_after_the_other() -> None:
    burst = np.arange(10) / 10
    times = np.concatenate([burst + start for start in (0, 60, 600, 86400)])
    assert gaps(times) == [
        Gap(10, pytest.approx(1.0), 60.0),
        Gap(20, pytest.approx(61.0), 600.0),
        Gap(30, pytest.approx(601.0), 86400.0),
    ]


def test_a_gap_before_the_last_frame_says_nothing_of_how_long_it_stays() -> None:
    assert last_seconds(np.array([0.0, 0.1, 0.2, 0.3, 500.0])) == pytest.approx(0.1)


@given(st.lists(st.sampled_from([0.04, 0.1, 0.2, 0.7, 1.5, 6.0, 3600.0]), max_size=60))
def test_gaps_and_pictures_make_up_the_whole_time(intervals: list[float]) -> None:
    times = np.concatenate([[0.0], np.cumsum(intervals)])
    ends, played = frame_ends(times), without_gaps(times)
    assert (ends[:-1] <= times[1:]).all()
    assert (np.diff(played) > 0).all()
    assert played[-1] + sum(gap.seconds for gap in gaps(times)) == pytest.approx(times[-1])
    assert all(gap.seconds >= 1 for gap in gaps(times))
