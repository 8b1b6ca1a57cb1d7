from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from vadgui.timeline.axis import tick_step
from vadgui.timeline.items import merged_pixels


@given(st.lists(st.floats(0.01, 50), min_size=2, max_size=60), st.floats(0, 300), st.floats(1, 300))
def test_merged_runs_cover_every_visible_span_and_do_not_touch(gaps: list[float], begin: float, length: float) -> None:
    edges = np.cumsum(gaps[: len(gaps) // 2 * 2])
    starts, stops = edges[::2], edges[1::2]
    runs = merged_pixels(starts, stops, begin, begin + length, 500)
    assert all(right - left >= 3 for left, right in runs)
    assert all(following[0] > run[1] for run, following in pairwise(runs))
    for start, stop in zip(starts, stops, strict=True):
        if start < begin + length and stop > begin:
            middle = (max(start, begin) + min(stop, begin + length)) / 2
            pixel = (middle - begin) / length * 500
            assert any(left <= pixel <= right for left, right in runs)


def test_spans_out_of_view_are_not_drawn() -> None:
    starts, stops = np.array([0.0, 5.0, 90.0]), np.array([1.0, 6.0, 91.0])
    assert merged_pixels(starts, stops, 10.0, 80.0, 100) == []
    assert len(merged_pixels(starts, stops, 0.0, 100.0, 1000)) == 3


def test_ticks_have_a_minimum_distance() -> None:
    assert tick_step(60, 900) == 10
    assert tick_step(0.2, 900) == 0.02
    assert tick_step(86400, 900) == 14400
