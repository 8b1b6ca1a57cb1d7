"""How long something takes or lasts, in words: one rounding wherever people read one."""

from __future__ import annotations

_UNITS = ((31_557_600, "years"), (86_400, "days"), (3600, "h"), (60, "min"))


def duration_in_words(seconds: float) -> str:
    """In the largest unit of which there are two: "90 s", "2.5 min", "17 min", "4.6 days".

    Below ten to one decimal, so that it is never further off than a twentieth; but nobody counts parts of a second.
    """
    for size, unit in _UNITS:
        count = seconds / size
        if count >= 2:
            return f"{count:.2g} {unit}" if count < 10 else f"{count:.0f} {unit}"
    # What takes a moment does take one.
    return f"{max(round(seconds), int(seconds > 0))} s"
