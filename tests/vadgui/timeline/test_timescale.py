"""Where times are drawn: gaps take little room, all else is true to scale."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.video.timing import Gap
from vadgui.timeline.timescale import Timescale

YEARS = 24 * 365.25 * 86400.0


def test_without_gaps_times_are_drawn_as_they_are() -> None:
    times = np.linspace(-3, 50, 20)
    scale = Timescale([], 40.0)
    assert scale.is_even
    assert scale.drawn(times).tolist() == scale.seconds(times).tolist() == times.tolist()


@pytest.mark.parametrize("stop", [3606.0, YEARS])
def test_a_gap_takes_little_room(stop: float) -> None:
    scale = Timescale([Gap(60, 6.0, stop)], stop + 6.0)
    assert scale.gap_starts.tolist() == [6.0]
    assert 6.1 < scale.gap_stops[0] < 6.5
    assert scale.drawn([2.0, stop + 1.04]) == pytest.approx([2.0, scale.gap_stops[0] + 1.04], abs=1e-6)
    assert scale.seconds(scale.drawn([2.0, stop + 1.04])) == pytest.approx([2.0, stop + 1.04], abs=1e-6)


def test_a_short_gap_is_drawn_as_long_as_it_is() -> None:
    assert Timescale([Gap(9, 100.0, 101.5)], 1000.0).drawn(200.0) == pytest.approx(200.0)


@given(st.lists(st.floats(0.1, 1000), min_size=2, max_size=12), st.floats(0, 1))
def test_every_time_is_found_again(lengths: list[float], place: float) -> None:
    bounds = np.cumsum(lengths[: len(lengths) // 2 * 2])
    gaps = [Gap(n, float(start), float(stop)) for n, (start, stop) in enumerate(bounds.reshape(-1, 2))]
    scale = Timescale(gaps, float(bounds[-1]) + 10)
    seconds = place * (bounds[-1] + 10)
    assert scale.seconds(scale.drawn(seconds)) == pytest.approx(seconds, abs=1e-6)
    assert (np.diff(scale.drawn(np.linspace(0, bounds[-1] + 10, 50))) > 0).all()
