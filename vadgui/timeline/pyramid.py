"""Minimum and maximum of any stretch of a long series, at a cost that does not grow with its length."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Indices = npt.NDArray[np.intp]

_FACTOR = 8
_BLOCKS_A_STRETCH = 4  # at least: a stretch's ends are blurred by less than a quarter of its length


class MinMaxPyramid:
    """Levels of minima and maxima of values [N], each over 8 entries of the level below; NaN counts as absent.

    It goes by the values themselves, not by a copy: whoever changes some of them says so by `update`.
    """

    def __init__(self, values: Floats) -> None:
        self._count = len(values)
        self._levels = [(values, values)]
        while len(self._levels[-1][0]) > 4 * _FACTOR:
            low, high = self._levels[-1]
            self._levels.append((_reduced(low, np.fmin), _reduced(high, np.fmax)))

    def __len__(self) -> int:
        return self._count

    def update(self, start: int, stop: int) -> None:
        """Take over values [start, stop) that have changed."""
        for (low, high), (coarse_low, coarse_high) in pairwise(self._levels):
            first, beyond = start // _FACTOR, -(-stop // _FACTOR)
            part = slice(first * _FACTOR, beyond * _FACTOR)
            coarse_low[first:beyond] = _reduced(low[part], np.fmin)
            coarse_high[first:beyond] = _reduced(high[part], np.fmax)
            start, stop = first, beyond

    def extremes(self, starts: Indices, stops: Indices) -> tuple[Floats, Floats]:
        """Minima and maxima [M] of the half-open stretches [starts, stops); NaN where all is NaN.

        Every stretch holds at least one value and lies within the series. Long stretches of similar length are taken
        from a coarser level, their ends rounded outwards to its blocks.
        """
        if not len(starts):
            return np.empty(0), np.empty(0)
        typical = max(int(np.median(stops - starts)) // _BLOCKS_A_STRETCH, 1)
        level = min(int(np.log(typical) / np.log(_FACTOR)), len(self._levels) - 1)
        block = _FACTOR**level
        first, beyond = int(starts[0]) // block, -(-int(stops[-1]) // block)
        # reduceat takes pairs (start, stop) but no stop at the very end: one more value lets the last stretch end.
        pairs = np.stack([starts // block, -(-stops // block)], axis=1).ravel() - first
        low, high = (np.append(values[first:beyond], np.nan) for values in self._levels[level])
        return np.fmin.reduceat(low, pairs)[::2], np.fmax.reduceat(high, pairs)[::2]


def _reduced(values: Floats, reduce: np.ufunc) -> Floats:
    whole = len(values) // _FACTOR * _FACTOR
    blocks = values[:whole].reshape(-1, _FACTOR)
    # Eight strided passes are several times faster than a reduction over an axis of eight.
    reduced = blocks[:, 0]
    for place in range(1, _FACTOR):
        reduced = reduce(reduced, blocks[:, place])
    if whole < len(values):
        reduced = np.append(reduced, reduce.reduce(values[whole:]))
    return np.asarray(reduced)
