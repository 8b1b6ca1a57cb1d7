from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vadgui.ui.clock_text import clock_text


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [
        (0, 3, "0:00.000"),
        (4.92, 3, "0:04.920"),
        (59.9996, 3, "1:00.000"),
        (61.5, 1, "1:01.5"),
        (59.6, 0, "1:00"),
        (3599.9999, 3, "1:00:00.000"),
        (90061.25, 2, "25:01:01.25"),
        (-0.0001, 3, "0:00.000"),
        (-1.5, 1, "-0:01.5"),
    ],
)
def test_formats_seconds_as_a_clock(seconds: float, decimals: int, text: str) -> None:
    assert clock_text(seconds, decimals) == text


@given(st.floats(0, 1e6))
def test_text_is_exact_to_the_millisecond(seconds: float) -> None:
    parts = clock_text(seconds).split(":")
    read_back = sum(float(part) * 60**power for power, part in enumerate(reversed(parts)))
    assert read_back == pytest.approx(seconds, abs=0.00051)
