"""Which frames are samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.scoring.sampling import EVERY_FRAME, SAMPLED, Sampling


@pytest.mark.parametrize(
    ("fps", "frames"),
    [(25, [5, 10, 15]), (30, [6, 12, 18]), (10, [2, 4, 6]), (12.5, [3, 5, 8]), (5, [1, 2, 3]), (2, [1, 2, 3])],
)
def test_five_a_second_where_there_are_as_many(fps: float, frames: list[int]) -> None:
    assert SAMPLED.frames(np.arange(40) / fps)[:3].tolist() == frames


def test_rounded_times_change_nothing() -> None:
    times = np.arange(300) / 30
    np.testing.assert_array_equal(SAMPLED.frames(np.round(times, 3)), SAMPLED.frames(times))


@pytest.mark.parametrize(("count", "frames"), [(0, []), (1, []), (2, [1]), (4, [3])])
def test_a_recording_shorter_than_the_interval_has_its_last_frame(count: int, frames: list[int]) -> None:
    assert SAMPLED.frames(np.arange(count) / 25).tolist() == frames


def test_every_frame_is_every_frame() -> None:
    assert EVERY_FRAME.is_every_frame
    assert EVERY_FRAME.frames(np.arange(4) / 25).tolist() == [0, 1, 2, 3]


@given(st.lists(st.floats(0.005, 2), min_size=2, max_size=80), st.integers(0, 60))
def test_a_part_has_the_samples_of_the_whole(gaps: list[float], begin: int) -> None:
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    assume(times[-1] >= SAMPLED.seconds)  # a shorter one has its last frame, and is never cut into parts
    due = SAMPLED.due(times)
    begin = min(begin, len(times) - 2)
    # Of the first frame of a part it is not known how far away the one before it is.
    np.testing.assert_array_equal(SAMPLED.due(times[begin:])[1:], due[begin + 1 :])


@given(st.lists(st.floats(0.005, 0.15), min_size=20, max_size=200))
def test_no_moment_is_far_from_a_sample(gaps: list[float]) -> None:
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    samples = Sampling(seconds=0.2).frames(times)
    assert (np.diff(times[samples]) <= 0.4).all()
    assert times[samples[0]] <= 0.4 or len(samples) == 1
