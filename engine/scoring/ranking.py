"""The most suspicious moments of a recording, whatever the threshold: nothing is hidden by one that is too high."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.scoring.segments import Segment

Floats = npt.NDArray[np.floating]

APART_SECONDS = 5.0
"""Between two moments, and from what is flagged: what is nearer is the same event."""
_AROUND_SECONDS = 1.0
_BLOCK_SECONDS = 1.0


def most_suspicious(scores: Floats, seconds: Floats, count: int, flagged: Sequence[Segment] = ()) -> list[Segment]:
    """At most `count` moments of a video with scores [N] at these times, the highest first, beside what is flagged.

    A moment reaches a second both ways from its peak. Frames whose score is not known, or 0, are none.
    """
    if not len(scores):
        return []
    left = np.where(scores > 0, scores, -np.inf)
    for segment in flagged:
        left[_near(seconds, seconds[segment.start], seconds[segment.stop - 1], APART_SECONDS)] = -np.inf
    # A day has two million frames, but 86,400 seconds.
    starts = np.flatnonzero(np.diff(np.floor(seconds / _BLOCK_SECONDS), prepend=-np.inf))
    highest = np.maximum.reduceat(left, starts)
    found: list[Segment] = []
    while len(found) < count and np.isfinite(highest.max()):
        block = int(highest.argmax())
        stop = starts[block + 1] if block + 1 < len(starts) else len(left)
        peak = int(starts[block]) + int(left[starts[block] : stop].argmax())
        around = _near(seconds, seconds[peak], seconds[peak], _AROUND_SECONDS)
        found.append(Segment(around.start, around.stop, peak, float(scores[peak])))
        near = _near(seconds, seconds[peak], seconds[peak], APART_SECONDS)
        highest[np.searchsorted(starts, near.start, "right") - 1 : np.searchsorted(starts, near.stop)] = -np.inf
    return found


def _near(seconds: Floats, start: float, stop: float, reach_seconds: float) -> slice:
    """The frames from so long before a time to so long after another."""
    first, beyond = np.searchsorted(seconds, [start - reach_seconds, stop + reach_seconds + 1e-9])
    return slice(int(first), int(beyond))
