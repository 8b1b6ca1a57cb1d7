"""Which parts of normal footage are held out: not learnt from, but used to validate and to calibrate."""

from __future__ import annotations

Stretch = tuple[float, float]
"""Half-open part of a video in seconds, [start, stop)."""

HELD_OUT_SHARE = 0.2
GAP_SECONDS = 1.0
"""Between what is learnt and what is held out of one and the same video: neighbouring frames say the same."""
_MIN_END_SECONDS = 5.0


def held_out_end_seconds(seconds: float) -> float:
    """How much of the end of a video is held out that is the only one: a fifth, but nothing of a short one."""
    end = seconds * HELD_OUT_SHARE
    return end if end >= _MIN_END_SECONDS else 0.0


def spread_evenly(count: int) -> list[int]:
    """Which of `count` videos are held out by themselves: a fifth, at least one of two, and none of one.

    Evenly spread, so that neither all mornings nor all evenings are held out.
    """
    held_out = max(round(count * HELD_OUT_SHARE), 1) if count > 1 else 0
    return [int((place + 0.5) * count / held_out) for place in range(held_out)]
