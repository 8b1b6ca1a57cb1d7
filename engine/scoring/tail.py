"""How unlikely a value is among the one-second maxima of normal footage: conformal p-values with a tail beyond them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]

BLOCK_SECONDS = 1.0
"""Neighbouring frames are correlated: of each second only the maximum counts."""
MIN_BLOCKS = 30
"""Half a minute of footage: from less, nothing can be said of an alarm an hour."""
_TAIL_SHARE = 0.2
_MIN_IN_TAIL = 6
_MAX_QUANTILES = 256


def block_numbers(seconds: Floats) -> npt.NDArray[np.int64]:
    """The second [N] in which each frame of a video lies that is shown at these times [N]."""
    return np.asarray(np.floor(seconds / BLOCK_SECONDS), np.int64)


def block_maxima(scores: Floats, seconds: Floats) -> npt.NDArray[np.float64]:
    """The highest score of each second of a video with frames at these times [N]; unknown (NaN) frames are left out."""
    known = ~np.isnan(scores)
    blocks = block_numbers(seconds[known])
    if not len(blocks):
        return np.empty(0)
    starts = np.flatnonzero(np.diff(blocks, prepend=blocks[0] - 1))
    return np.asarray(np.maximum.reduceat(scores[known], starts), np.float64)


def tail_size(count: int) -> int:
    """How many of so many maxima are taken as the tail."""
    return max(round(_TAIL_SHARE * count), _MIN_IN_TAIL)


@dataclass(frozen=True)
class Tail:
    """The distribution of one-second maxima of normal footage.

    Among the maxima seen, p is the conformal (1 + how many are as high) / (1 + how many there are), interpolated. Above
    the 80th percentile, excesses are taken as exponential with an unknown scale; the prediction of the next one is then
    a Lomax distribution, whose tail is the heavier the fewer maxima there were.
    """

    quantiles: tuple[float, ...]
    """Maxima as they were, ascending, up to the tail's beginning; at most some hundreds of them."""
    surprises: tuple[float, ...]
    """-log10 p at each of these; detector files have it by this name."""
    excess: float
    """Sum of what lies above the tail's beginning."""
    exceedances: int
    """How many lie above it."""
    blocks: int
    """Of how many maxima all this was learnt."""

    @classmethod
    def of(cls, maxima: Floats, rare: int = 0) -> Tail:
        """The tail of at least MIN_BLOCKS maxima, in any order.

        So many `rare` ones were left out: they are taken to lie above all others, nobody knows how far.
        """
        ordered = np.sort(np.asarray(maxima, np.float64))
        count = len(ordered) + rare
        if len(ordered) < MIN_BLOCKS:
            raise ValueError(f"{len(ordered)} one-second maxima are too few")
        exceedances = tail_size(count)
        start = len(ordered) - exceedances - 1
        inside = ordered[: start + 1]
        as_high = count - np.arange(start + 1)
        neg_log10_p = -np.log10((1 + as_high) / (1 + count))
        kept = np.unique(np.linspace(0, start, min(start + 1, _MAX_QUANTILES)).astype(np.int64))
        # Interpolation needs distinct values: of equal ones the first is kept, which has their p.
        kept = kept[np.diff(inside[kept], prepend=-math.inf) > 0]
        # Of exponential excesses of which some are only known to be above the highest, the scale is their sum, those
        # taken as that high, over the number of the others.
        return cls(
            tuple(inside[kept].tolist()),
            tuple(neg_log10_p[kept].tolist()),
            float((ordered[start + 1 :] - inside[kept[-1]]).sum() + rare * (ordered[-1] - inside[kept[-1]])),
            exceedances,
            count,
        )

    def with_more(self, maxima: Floats, rare: int = 0) -> Tail:
        """The tail of these maxima and of more of them, of which so many `rare` ones were left out."""
        return Tail.of(np.concatenate([self._likely_maxima(), maxima]), rare)

    def _likely_maxima(self) -> npt.NDArray[np.float64]:
        """Maxima [blocks] that have this tail: between those kept interpolated, above them exponential."""
        count = self.blocks
        start = min(round((1 + count) * (1 - 10 ** -self.surprises[-1])), count - 1)
        as_high = count - np.arange(start + 1)
        inside = np.interp(-np.log10((1 + as_high) / (1 + count)), self.surprises, self.quantiles)
        shares = np.arange(1, count - start) / (count - start)
        return np.concatenate([inside, self.quantiles[-1] - self.excess / self.exceedances * np.log(shares)])

    def neg_log10_p(self, scores: Floats) -> npt.NDArray[np.float64]:
        """-log10 p of scores [N]; NaN stays NaN.

        Below all maxima seen p is 1; the scores go on linearly below 0 there, so that they keep their order.
        """
        scores = np.asarray(scores, np.float64)
        points, values = np.array(self.quantiles), np.array(self.surprises)
        start, first = points[-1], points[0]
        found = np.interp(scores, points, values)
        slope = (values[-1] - values[0]) / (start - first) if start > first else 1.0
        found = np.where(scores < first, values[0] + slope * (scores - first), found)
        beyond = np.maximum(scores - start, 0)
        log_share = self.exceedances * np.log1p(beyond / max(self.excess, 1e-12)) / math.log(10)
        return np.asarray(np.where(np.isnan(scores), np.nan, found + log_share))

    def value_at(self, neg_log10_p: float) -> float:
        """The maximum that has this -log10 p, which is one of at least 0: inverse of `neg_log10_p`."""
        inside = float(np.interp(neg_log10_p, self.surprises, self.quantiles))
        beyond = max(neg_log10_p - self.surprises[-1], 0) * math.log(10) / self.exceedances
        return inside + self.excess * math.expm1(beyond)

    @property
    def least_false_alarms(self) -> float:
        """How many an hour can be promised at the least: fewer than one in all maxima seen is extrapolated."""
        return least_promised(self.blocks)

    def expected_alarms(self, per_hour: float, hours: float) -> tuple[int, int]:
        """The range in which the count of false alarms lies nine times in ten, where `per_hour` are asked for.

        Alarms are a Poisson process whose rate is uncertain, as it comes from an estimated tail: counts are then
        negative binomial.
        """
        from scipy.special import nbdtrik  # not scipy.stats, whose import would hold up the window for a second

        mean = per_hour * hours
        if mean <= 0:
            return 0, 0
        reach = max(math.log(10) * (threshold_for(per_hour) - self.surprises[-1]), 0)
        shape = self.exceedances / (1 + reach**2)
        low, high = np.ceil(nbdtrik([0.05, 0.95], shape, shape / (shape + mean)))
        return int(low), int(high)


def least_promised(blocks: int) -> float:
    """How many false alarms an hour so many one-second maxima can promise at the least."""
    return 3600 / BLOCK_SECONDS / (blocks + 1)


def threshold_for(false_alarms_per_hour: float) -> float:
    """The -log10 p that one-second maxima of normal footage reach about so many times an hour."""
    return math.log10(3600 / BLOCK_SECONDS / false_alarms_per_hour)


def false_alarms_at(threshold: float) -> float:
    """About how many times an hour they reach a -log10 p: inverse of `threshold_for`."""
    return float(3600 / BLOCK_SECONDS * 10**-threshold)
