"""Stored times that don't go forward are replaced, and no others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.video.time_repair import repaired_ticks

NAN = float("nan")


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ([0, 4, 8, 8, 16, 20], [0, 4, 8, 12, 16, 20]),  # repeated
        ([0, 4, 8, 3, 16, 20], [0, 4, 8, 12, 16, 20]),  # one that goes back
        ([0, 4, 8, 9000, 16, 20], [0, 4, 8, 12, 16, 20]),  # one too far ahead: it, not all that follow
        ([0, 4, 8, NAN, 16, 20], [0, 4, 8, 12, 16, 20]),  # none
        ([0, 4, 8, 8, 30, 34], [0, 4, 8, 12, 30, 34]),  # the usual interval, not half of what is left
        ([0, 4, 8, 8, 10, 14], [0, 4, 8, 9, 10, 14]),  # as much as there is room for
        ([NAN, NAN, 8, 12, 16], [0, 4, 8, 12, 16]),
        ([NAN, 8, NAN, NAN, 20, NAN, NAN, 32], [4, 8, 12, 16, 20, 24, 28, 32]),
        # A slower rate: frames without a time share it evenly.
        ([0, 4, 8, NAN, NAN, NAN, 48, NAN, NAN, NAN, 88], [0, 4, 8, 18, 28, 38, 48, 58, 68, 78, 88]),
        ([0, 4, 8, NAN, NAN, 308, NAN, NAN, 608], [0, 4, 8, 108, 208, 308, 408, 508, 608]),
        # A gap: what comes after it is as fast as before.
        ([0, 4, 8, NAN, NAN, 9000, NAN, NAN, 9012], [0, 4, 8, 12, 16, 9000, 9004, 9008, 9012]),
        ([0, 4, 8, NAN, NAN], [0, 4, 8, 12, 16]),
        ([NAN, NAN, NAN], [0, 5, 10]),
        ([7, 7, 7, 7], [7, 12, 17, 22]),
        ([NAN], [0]),
        ([], []),
    ],
)
def test_times_are_replaced_by_the_interval_that_is_usual_there(stored: list[float], expected: list[float]) -> None:
    ticks, replaced = repaired_ticks(np.array(stored, np.float64), frame_ticks=5.0)
    np.testing.assert_allclose(ticks, expected)
    kept = [tick == at for tick, at in zip(stored, ticks, strict=True)]
    assert (~replaced).tolist() == kept


def test_times_that_start_over_go_on() -> None:
    part = np.arange(0, 400, 4.0)
    ticks, replaced = repaired_ticks(np.concatenate([1000 + part, part, 100 + part]), frame_ticks=5.0)
    np.testing.assert_allclose(ticks, 1000 + np.arange(0, 1200, 4.0))
    assert np.flatnonzero(replaced).tolist() == [100, 200]


@given(st.data())
def test_whatever_is_stored_for_some_frames_all_others_keep_their_times(data: st.DataObject) -> None:
    right = np.cumsum(data.draw(st.lists(st.integers(1, 50), min_size=12, max_size=40))).astype(np.float64)
    places = data.draw(st.sets(st.integers(0, len(right) // 6 - 1)))
    stored = right.copy()
    for place in places:
        stored[6 * place + 3] = data.draw(st.floats(-100, 3000) | st.just(NAN))
    ticks, replaced = repaired_ticks(stored, frame_ticks=3.0)
    assert (np.diff(ticks) > 0).all()
    # A wrong time that happens to go forward is kept, and may be the reason why its neighbour is not.
    assert replaced.sum() <= len(places)
    np.testing.assert_allclose(ticks[~replaced], stored[~replaced])


@given(st.lists(st.integers(0, 60) | st.none(), max_size=40))
def test_any_times_go_forward_afterwards(stored: list[int | None]) -> None:
    values = np.array([NAN if value is None else value for value in stored], np.float64)
    ticks, _ = repaired_ticks(values, frame_ticks=3.0)
    assert len(ticks) == len(stored)
    assert (np.diff(ticks) > 0).all()
