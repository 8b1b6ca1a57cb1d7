"""What speaks for an anomaly in a frame: raw signals, smoothed over time and brought to one scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.common.language import tr_noop
from engine.scoring.between_samples import judged_between, sample_of, smoothed_between
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.signals import RawSignals, with_frame_0

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]

WEIGHTS: Mapping[str, float] = {
    "direction_rarity": 1.0,
    "speed_excess_px": 1.0,
    "velocity_error_px": 2 / 3,
    "appearance_distance": 1 / 2,
}
"""Raw signals that take part, and the weight of each.

docs/research/choice-of-signals.md says how they were chosen and what others add.

At a lower weight, unusual prediction errors or looks have to be more extreme than unusual motion to score as high."""
EVIDENCE = tuple(WEIGHTS)
LOOKS = "appearance_distance"
"""The one that goes by looks; the others go by motion."""
_IN_WORDS = {
    "direction_rarity": tr_noop("rare motion there"),
    "speed_rarity": tr_noop("rare speed there"),
    "speed_px": tr_noop("fast"),
    "speed_excess_px": tr_noop("unusually fast"),
    "velocity_error_px": tr_noop("unexpected motion"),
    "window_flow_error_px": tr_noop("unexpected motion"),
    "window_psnr_db": tr_noop("unexpected picture"),
    "appearance_distance": tr_noop("unusual looks"),
}
"""What each signal means, for people, short enough for a list.

Some take part in calibrations of earlier versions only."""
SMOOTHING_SECONDS = (0.3, 1.0)
"""Evidence is averaged over these times because flow flickers from frame to frame: backwards alone for live scores,
else both ways.

Every signal takes part once for each time: short events stand out over the shorter one, lasting ones over the longer
(docs/research/choice-of-signals.md)."""
EARLIER_SMOOTHING_SECONDS = (0.5,)
"""Of calibrations that do not say theirs."""
MAX_SMOOTHING_SECONDS = max(*SMOOTHING_SECONDS, *EARLIER_SMOOTHING_SECONDS)
ROUNDING_SECONDS = 1e-4
"""Added to each smoothing time: files round the times of frames."""
_LOGARITHMIC = frozenset({"velocity_error_px"})
"""Signals with a heavy tail, taken as logarithms: their extremes would otherwise outweigh everything that is large."""
_MIN_PX = 1e-3
_UPPER = 0.95


def evidence_of(
    signals: RawSignals,
    seconds: npt.NDArray[np.floating],
    *,
    live: bool,
    names: Sequence[str] = EVIDENCE,
    smoothing_seconds: Sequence[float] = SMOOTHING_SECONDS,
    sampling: Sampling = EVERY_FRAME,
) -> Floats:
    """Smoothed evidence [E, N] of a video with frames at these times [N]; NaN where it is not known.

    All signals over the first smoothing time, then over the next. Frame 0 takes frame 1's. With `live`, a frame's
    evidence depends on no later frame's signals. By samples, a sample's depends on samples alone. Between them it is
    that of the nearest one; where the frame was judged, too, its own, unless `live`.
    """
    told = [transformed(name, with_frame_0(signals[name])) for name in names]
    if sampling.is_every_frame:
        return _smoothed_rows(told, seconds, smoothing_seconds, live)
    # A calibration knows samples alone: what else was judged must not change what their scores mean.
    samples = np.flatnonzero(sampling.due(seconds))
    if not len(samples):
        return np.full((len(names) * len(smoothing_seconds), len(seconds)), np.nan)
    at_samples = _smoothed_rows([each[samples] for each in told], seconds[samples], smoothing_seconds, live, True)
    found = at_samples[:, sample_of(seconds, seconds[samples], live=live)]
    between = judged_between(told, samples)
    # By later samples it is known where between two of them something begins: live, they have not come yet.
    if len(between) and not live:
        found[:, between] = [
            smoothed_between(each, seconds, samples, between, reach + ROUNDING_SECONDS, sampling.seconds)
            for reach in smoothing_seconds
            for each in told
        ]
    return found


def _smoothed_rows(
    told: Sequence[Floats],
    seconds: npt.NDArray[np.floating],
    smoothing_seconds: Sequence[float],
    live: bool,
    between: bool = False,
) -> Floats:
    rows = []
    for reach_seconds in smoothing_seconds:
        first, stop = smoothing_windows(seconds, reach_seconds, live=live)
        rows += [smoothed(each, first, stop, between=between) for each in told]
    return np.stack(rows)


def in_words(name: str) -> str:
    """What a raw signal that takes part says, for people."""
    return _IN_WORDS.get(name, name.replace("_", " "))


def transformed(name: str, values: Floats) -> Floats:
    """Values of a raw signal on the scale on which they are averaged and compared."""
    return np.log(np.maximum(values, 0) + _MIN_PX) if name in _LOGARITHMIC else values


def measured(name: str, value: float) -> float:
    """A value on that scale in the raw signal's own unit."""
    return float(np.exp(value)) - _MIN_PX if name in _LOGARITHMIC else value


def smoothing_windows(
    seconds: npt.NDArray[np.floating], reach_seconds: float, *, live: bool
) -> tuple[Indices, Indices]:
    """Frames [first, stop) that each frame's evidence is the mean of: so far before it and, unless `live`, after."""
    reach = reach_seconds + ROUNDING_SECONDS
    first = np.searchsorted(seconds, seconds - reach)
    stop = np.arange(1, len(seconds) + 1) if live else np.searchsorted(seconds, seconds + reach)
    return first, stop


def smoothed(values: Floats, first: Indices, stop: Indices, *, between: bool = False) -> Floats:
    """Mean of what is known among frames [first, stop) of each frame.

    NaN where that frame itself is not known, or with `between` where none of them is: the motion model may have looked
    at a neighbour.
    """
    known = ~np.isnan(values)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    inside = counts[stop] - counts[first]
    means = (sums[stop] - sums[first]) / np.maximum(inside, 1)
    return np.where(inside > 0 if between else known, means, np.nan)


@dataclass(frozen=True)
class RobustScaler:
    """What each evidence is like in normal footage, robustly."""

    medians: tuple[float, ...]
    spreads: tuple[float, ...]
    """From the median up to the 95th percentile, over the evidence's weight."""

    @classmethod
    def of(cls, videos: Sequence[Floats], weights: Sequence[float]) -> RobustScaler:
        """Learnt from the evidence [E, N] of normal videos, in which each has one of E weights."""
        together = np.concatenate(videos, axis=1)
        medians, upper = np.nanquantile(together, [0.5, _UPPER], axis=1)
        spreads = np.maximum(upper - medians, 1e-3) / np.array(weights)
        return cls(tuple(medians.tolist()), tuple(spreads.tolist()))

    def widened(self, evidence: Floats, level: float) -> RobustScaler:
        """With spreads so much wider, where needed, that the 95th percentile of evidence [E, N] lies at `level`."""
        known = evidence[:, ~np.isnan(evidence).any(axis=0)]
        if not known.shape[1]:
            return self
        factors = np.maximum(np.quantile(self.scaled(known), _UPPER, axis=1) / level, 1)
        return RobustScaler(self.medians, tuple((np.array(self.spreads) * factors).tolist()))

    def max_evidence(self, evidence: Floats) -> Floats:
        """One number a frame [N] of evidence [E, N]: the strongest, each by its own spread.

        What is unusual in one way need not be so in another; a sum would ask for that
        (docs/research/choice-of-signals.md).
        """
        return np.asarray(self.scaled(evidence).max(axis=0), np.float64)

    def strongest(self, evidence: Floats) -> Indices:
        """Which of the evidence [E, N] that is, of each frame [N]."""
        return np.asarray(self.scaled(evidence).argmax(axis=0), np.intp)

    def scaled(self, evidence: Floats) -> Floats:
        """Evidence [E, N] less its median, over its spread."""
        return np.asarray((evidence - np.array(self.medians)[:, None]) / np.array(self.spreads)[:, None])
