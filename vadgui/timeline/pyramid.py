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

    def extremes(self, stretches: Stretches) -> tuple[Floats, Floats]:
        """Minima and maxima [M] of stretches; NaN where all is NaN.

        Every stretch holds at least one value and lies within the series. Long stretches of similar length are taken
        from a coarser level, their ends rounded outwards to its blocks.
        """
        if not len(stretches):
            return np.empty(0), np.empty(0)
        level = min(stretches.coarsest, len(self._levels) - 1)
        first, beyond, pairs = stretches.in_blocks(level)
        low, high = (values[first:beyond] for values in self._levels[level])
        return _over_pairs(low, np.fmin, pairs), _over_pairs(high, np.fmax, pairs)


_Pairs = list[tuple[Indices, Indices, Indices]]
"""For each power of two, those stretches that two windows of that many blocks cover: which, and where the two begin."""


class Stretches:
    """Half-open stretches [starts, stops) of frames [M], in order; prepared once for all series that are asked."""

    def __init__(self, starts: Indices, stops: Indices) -> None:
        self._starts, self._stops = starts, stops
        self._in_blocks: dict[int, tuple[int, int, _Pairs]] = {}
        typical = max(int(np.median(stops - starts)) // _BLOCKS_A_STRETCH, 1) if len(starts) else 1
        self.coarsest = int(np.log(typical) / np.log(_FACTOR))
        """The level of a pyramid that is still fine enough."""

    def __len__(self) -> int:
        return len(self._starts)

    def in_blocks(self, level: int) -> tuple[int, int, _Pairs]:
        """The blocks [first, beyond) of a level that are needed, and each stretch in pairs of windows from there on."""
        if level not in self._in_blocks:
            block = _FACTOR**level
            starts, stops = self._starts // block, -(-self._stops // block)
            first, beyond = int(starts[0]), int(stops[-1])
            powers = np.frexp(stops - starts)[1] - 1
            pairs = []
            for power in range(int(powers.max()) + 1):
                which = np.flatnonzero(powers == power)
                pairs.append((which, starts[which] - first, stops[which] - 2**power - first))
            self._in_blocks[level] = first, beyond, pairs
        return self._in_blocks[level]


def _over_pairs(values: Floats, reduce: np.ufunc, pairs: _Pairs) -> Floats:
    """Minimum or maximum of each stretch; windows are doubled from power to power.

    Whole arrays at a time: `reduceat`, which goes from stretch to stretch, takes several times as long.
    """
    found = np.empty(sum(len(which) for which, _, _ in pairs), values.dtype)
    windows = values
    for power, (which, begins, others) in enumerate(pairs):
        if power:
            half = 2 ** (power - 1)
            windows = reduce(windows[:-half], windows[half:])
        if len(which):
            found[which] = reduce(windows[begins], windows[others])
    return found


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
