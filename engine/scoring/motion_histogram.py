"""Histograms of normal motion at each place of a camera's picture, and how rare other motion is by them."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from engine.scoring.motion import PLACES, Motion, net_speed

Counts = npt.NDArray[np.int32]
"""int32 [PLACES, PLACES, DIRECTIONS, SPEEDS]."""
Rarities = npt.NDArray[np.float32]

DIRECTIONS, SPEEDS = 8, 64
"""Speed bin 0 is of windows that stand still; their direction says nothing."""
_SLOWEST_PX, _FASTEST_PX = 0.1, 51.2
_SPEED_STEP = math.log(_FASTEST_PX / _SLOWEST_PX) / SPEEDS

_SPEED_TAIL = 0.12
"""Scale of the Laplace kernel that smooths counts over log speed: above the fastest speed counted, faster is rarer."""
_MIN_SHARE = 1e-12


class MotionHistogram:
    """Counts of normal motion by place, direction and speed; a density once something asks for rarities."""

    # Chosen on normal footage with synthetic changes; docs/research/choice-of-signals.md has the alternatives.
    shared_rows, shared_columns = 1.0, 8.0
    """Standard deviations, in windows, of the Gaussian that smooths counts over places: smaller up and down than
    sideways, for in most cameras' pictures things look smaller and slower farther up."""
    prior_counts = 200.0
    """Weight of the motion prior: each place begins with the whole picture's distribution, as if counted this often."""

    def __init__(self, counts: Counts | None = None) -> None:
        """Begin with nothing, or with earlier `counts`.

        Raises:
            ValueError: they have another shape.
        """
        self.counts = np.zeros((PLACES, PLACES, DIRECTIONS, SPEEDS), np.int32) if counts is None else counts
        if self.counts.shape != (PLACES, PLACES, DIRECTIONS, SPEEDS):
            raise ValueError(f"not counts of motion: {self.counts.shape}")
        self._tables: tuple[Rarities, Rarities] | None = None

    def add(self, motion: Motion) -> None:
        """Count one transition of normal footage."""
        speeds = np.minimum(_speed_bin(net_speed(motion)).astype(np.int64), SPEEDS - 1)
        rows, columns = np.indices(speeds.shape)
        # Every window adds to a place of its own.
        self.counts[rows, columns, _direction(motion), speeds] += 1
        self._tables = None

    @classmethod
    def sum_of(cls, parts: Iterable[MotionHistogram]) -> MotionHistogram:
        """The counts of all parts together."""
        total = cls()
        for part in parts:
            total.counts += part.counts
        return total

    def without(self, part: MotionHistogram) -> MotionHistogram:
        """These counts less those of a `part` of them."""
        return MotionHistogram(self.counts - part.counts)

    @property
    def transitions(self) -> int:
        """How many transitions were counted."""
        return int(self.counts[0, 0].sum())

    def rarities(self, motion: Motion) -> tuple[Rarities, Rarities]:
        """How rare each window's motion is at its place [PLACES, PLACES]: by speed, and by speed in its direction.

        In nats: minus the logarithm of the share of normal motion there that is at least as fast, in the second case
        in about the same direction (times the number of directions, so that both mean the same where no direction is
        preferred).
        """
        if self._tables is None:
            self._tables = self._rarities()
        by_speed, by_direction = self._tables
        place = np.minimum(_speed_bin(net_speed(motion)), SPEEDS - 1.001)
        below = place.astype(np.int64)
        share = (place - below).astype(np.float32)
        rows, columns = np.indices(below.shape)
        direction = _direction(motion)
        speed_rarity, direction_rarity = (
            table[(*at, below)] * (1 - share) + table[(*at, below + 1)] * share
            for table, at in ((by_speed, (rows, columns)), (by_direction, (rows, columns, direction)))
        )
        return speed_rarity, direction_rarity

    def _rarities(self) -> tuple[Rarities, Rarities]:
        """Rarity of each speed [PLACES, PLACES, SPEEDS], and of each in a direction [.., DIRECTIONS, SPEEDS]."""
        counts = self.counts.astype(np.float32)
        counts[..., 0] = counts[..., 0].mean(axis=-1, keepdims=True)
        shared = _spread(_spread(counts, 0, self.shared_rows), 1, self.shared_columns)
        shared[..., 1:] = shared[..., 1:] @ _speed_kernel()
        seen = shared.sum(axis=(2, 3), keepdims=True)
        by_speed = _tail(shared.sum(axis=2, keepdims=True), seen, self.prior_counts)
        turned = 0.5 * shared + 0.25 * (np.roll(shared, 1, axis=2) + np.roll(shared, -1, axis=2))
        by_direction = np.minimum(DIRECTIONS * _tail(turned, seen, self.prior_counts), 1)
        by_direction[..., 0] = 1
        return _nats(by_speed[:, :, 0]), _nats(by_direction)


def _tail(
    counts: npt.NDArray[np.float32], seen: npt.NDArray[np.float32], prior_counts: float
) -> npt.NDArray[np.float32]:
    """Share of normal motion at each place that is at least as fast, the picture's distribution being the prior."""
    motion_prior = counts.sum(axis=(0, 1)) / max(float(seen.sum()), 1.0)
    share = (counts + prior_counts * motion_prior) / (seen + prior_counts)
    return np.asarray(np.cumsum(share[..., ::-1], axis=-1)[..., ::-1], np.float32)


def _nats(share: npt.NDArray[np.float32]) -> Rarities:
    return np.asarray(-np.log(np.clip(share, _MIN_SHARE, 1)), np.float32)


def _spread(counts: npt.NDArray[np.float32], axis: int, sigma: float) -> npt.NDArray[np.float32]:
    """Counts smoothed along an axis of places by a Gaussian, which is cut off at the picture's edges."""
    places = np.arange(counts.shape[axis])
    kernel = np.exp(-0.5 * ((places[:, None] - places[None, :]) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
    return np.asarray(np.moveaxis(np.tensordot(kernel, counts, axes=(1, axis)), 0, axis), np.float32)


def _speed_kernel() -> npt.NDArray[np.float32]:
    """Laplace kernel over the bins of what moves [SPEEDS - 1, SPEEDS - 1]; each row adds up to 1, so none is lost."""
    bins = np.arange(SPEEDS - 1)
    kernel = np.exp(-np.abs(bins[:, None] - bins[None, :]) * (_SPEED_STEP / _SPEED_TAIL))
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True), np.float32)


def _speed_bin(speed: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Fractional bin of each speed: 0 where nothing moves, else in [1, SPEEDS]."""
    place = np.log(np.clip(speed, _SLOWEST_PX, _FASTEST_PX) / _SLOWEST_PX) / _SPEED_STEP
    return np.where(speed > 0, np.maximum(place, 1), 0).astype(np.float32)


def _direction(motion: Motion) -> npt.NDArray[np.int64]:
    """The eighth of the circle that each window moves to."""
    turn = np.arctan2(motion[1], motion[0]) / (2 * np.pi)
    return np.asarray(np.floor(turn * DIRECTIONS + 0.5), np.int64) % DIRECTIONS
