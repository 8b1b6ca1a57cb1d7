"""Chooses the held-out parts of normal footage, which are used to validate and calibrate instead of to train."""

from __future__ import annotations

Stretch = tuple[float, float]
"""Part [start, stop) of a video, in seconds."""

HELD_OUT_SHARE = 0.2
GAP_SECONDS = 1.0
"""Gap between the trained and the held-out part of one video, because neighbouring frames are nearly the same."""
_MIN_END_SECONDS = 5.0


def held_out_end_seconds(seconds: float) -> float:
    """Length of the held-out end of a single video: a fifth, or 0 for a short video."""
    end = seconds * HELD_OUT_SHARE
    return end if end >= _MIN_END_SECONDS else 0.0


def held_out_indices(count: int) -> list[int]:
    """Indices of the videos held out by default: a fifth of `count`, at least one, but none of a single video.

    They are evenly spaced, so that neither all mornings nor all evenings are held out.
    """
    held_out = max(round(count * HELD_OUT_SHARE), 1) if count > 1 else 0
    return [int((index + 0.5) * count / held_out) for index in range(held_out)]
