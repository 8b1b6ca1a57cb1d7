"""Durations in words, rounded the same way everywhere."""

from __future__ import annotations

from engine.common.language import number_text, tr, tr_noop

_UNITS = (
    (31_557_600, tr_noop("{count} years")),
    (86_400, tr_noop("{count} days")),
    (3600, tr_noop("{count} h")),
    (60, tr_noop("{count} min")),
)


def footage_in_words(seconds: float) -> str:
    """A length of footage in hours, which add up over cameras and days; below an hour in minutes or seconds."""
    return tr("{hours:.1f} hours").format(hours=seconds / 3600) if seconds >= 3600 else duration_in_words(seconds)


def duration_in_words(seconds: float) -> str:
    """A duration in the largest unit of which there are at least two: "90 s", "2.5 min", "17 min", "4.6 days".

    Counts below ten have one decimal, so that the rounding error stays below 5 %; seconds are whole.
    """
    for size, unit in _UNITS:
        count = seconds / size
        if count >= 2:
            return tr(unit).format(count=number_text(count, ".2g" if count < 10 else ".0f"))
    # Positive durations are never shown as 0 s.
    return tr("{count} s").format(count=max(round(seconds), int(seconds > 0)))
