"""Which of the rarest seconds of footage that nobody reviewed are normal life, and which stand apart from it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.scoring.tail import block_maxima, block_numbers, tail_size

Floats = npt.NDArray[np.float64]

RARE_SHARE = 0.15
"""Of all seconds: those least like the others. Events are seldom more, and what is normal among them is little."""
_APART_BY_CHANCE = 0.01
"""In one of so many footages without an event, what is normal stands so far apart."""


def is_rare_second(rare: npt.NDArray[np.bool_], seconds: npt.NDArray[np.floating]) -> npt.NDArray[np.bool_]:
    """Which frames [N] lie in a second all of whose frames are rare: motion of the next ones reaches back into it."""
    if not len(seconds):
        return rare
    _, number = np.unique(block_numbers(seconds), return_inverse=True)
    return np.asarray(np.bincount(number, ~rare) == 0)[number]


def occurrences(scores: Floats, seconds: npt.NDArray[np.floating], rare: npt.NDArray[np.bool_]) -> list[Floats]:
    """The maxima of the rare seconds of a video with frames [N]; those that follow on each other are together."""
    chosen = is_rare_second(rare, seconds) & ~np.isnan(scores)
    if not chosen.any():
        return []
    maxima = block_maxima(scores[chosen], seconds[chosen])
    blocks = np.unique(block_numbers(seconds[chosen]))
    return np.split(maxima, np.flatnonzero(np.diff(blocks) > 1) + 1)


def with_normal_occurrences(maxima: Floats, found: Sequence[Floats]) -> Floats:
    """The maxima of the seconds that are normal life: those that are not rare, and the occurrences that continue them.

    Occurrences join from the lowest up, each by its highest second, until one stands apart. Between the highest of
    exponential excesses and the next one lie, by Rényi, at most as many scales as an exponential variable has: more
    than -log 0.01 of them in one of a hundred footages. How many seconds stand apart, and how far, says nothing of
    normal life.
    """
    joined = np.sort(maxima)
    for each in sorted(found, key=lambda one: float(one.max())):
        size = tail_size(len(joined))
        scale = float((joined[-size:] - joined[-size - 1]).mean()) if len(joined) > size else 0.0
        if each.max() - joined[-1] > -scale * math.log(_APART_BY_CHANCE):
            break
        joined = np.sort(np.concatenate([joined, each]))
    return joined
