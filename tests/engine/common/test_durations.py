from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.common.durations import duration_in_words, footage_in_words

SECONDS = {"s": 1, "min": 60, "h": 3600, "days": 86_400, "years": 365.25 * 86_400}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.2, "1 s"),
        (40.4, "40 s"),
        (119.4, "119 s"),
        (120, "2 min"),
        (150, "2.5 min"),
        (597.1, "10 min"),
        (1000, "17 min"),
        (5400, "90 min"),
        (7200, "2 h"),
        (400_000, "4.6 days"),
        (1e8, "3.2 years"),
        (1e11, "3169 years"),
    ],
)
def test_says_what_matters_of_a_duration(seconds: float, words: str) -> None:
    assert duration_in_words(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(30, "30 s"), (1500, "25 min"), (3599, "60 min"), (3600, "1.0 hours"), (1e6, "277.8 hours")]
)
def test_footage_is_told_in_hours_from_an_hour_on(seconds: float, words: str) -> None:
    assert footage_in_words(seconds) == words


@given(st.floats(20, 1e11) | st.floats(20, 2e6))
def test_is_off_by_a_twentieth_at_most(seconds: float) -> None:
    number, unit = duration_in_words(seconds).split()
    assert float(number) * SECONDS[unit] == pytest.approx(seconds, rel=1 / 20)


@given(st.floats(0, 1e10), st.floats(0, 1e10))
def test_what_lasts_longer_never_reads_as_shorter(one: float, other: float) -> None:
    (short, short_unit), (long, long_unit) = (duration_in_words(each).split() for each in sorted((one, other)))
    assert float(short) * SECONDS[short_unit] <= float(long) * SECONDS[long_unit] * (1 + 1 / 20)
