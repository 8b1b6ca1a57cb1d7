"""Durations in words, rounded the same way everywhere."""

from __future__ import annotations

_UNITS = ((31_557_600, "years"), (86_400, "days"), (3600, "h"), (60, "min"))


def duration_in_words(seconds: float) -> str:
    """A duration in the largest unit of which there are at least two: "90 s", "2.5 min", "17 min", "4.6 days".

    Counts below ten have one decimal, so that the rounding error stays below 5 %; seconds are whole.
    """
    for size, unit in _UNITS:
        count = seconds / size
        if count >= 2:
            return f"{count:.2g} {unit}" if count < 10 else f"{count:.0f} {unit}"
    # Positive durations are never shown as 0 s.
    return f"{max(round(seconds), int(seconds > 0))} s"
