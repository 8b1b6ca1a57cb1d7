"""Scores of frames between samples: the nearest sample's, or the frame's own where it was judged, too."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Times = npt.NDArray[np.floating]


def sample_of(seconds: Times, samples: Times, *, live: bool) -> Indices:
    """Of each frame at times [N] the sample at times [K] that speaks for it: the nearest; live, the latest."""
    after = np.searchsorted(samples, seconds, "right")
    before = np.maximum(after - 1, 0)
    if live:
        return before
    after = np.minimum(after, len(samples) - 1)
    return np.where(seconds - samples[before] <= samples[after] - seconds, before, after)


def smoothed_between(
    values: Floats, seconds: Times, samples: Indices, frames: Indices, reach_seconds: float, spacing_seconds: float
) -> Floats:
    """What `values` [N] are at some `frames` [K], smoothed as if samples lay so that these frames were some.

    The mean of as many values as a sample's is, as far apart: a calibration knows how such means scatter. Frames that
    were not judged have their nearest sample's value.
    """
    steps = int(reach_seconds / spacing_seconds)
    wanted = seconds[frames] + spacing_seconds * np.arange(-steps, steps + 1)[:, None]
    at = sample_of(wanted.ravel(), seconds, live=False).reshape(wanted.shape)
    nearest = samples[sample_of(seconds[at].ravel(), seconds[samples], live=False)].reshape(at.shape)
    found = np.where(np.isnan(values[at]), values[nearest], values[at])
    # Beyond the ends of the recording, and in its gaps, there is nothing.
    known = ~np.isnan(found) & (np.abs(seconds[at] - wanted) <= spacing_seconds / 2)
    counts = known.sum(axis=0)
    return np.where(counts > 0, np.where(known, found, 0).sum(axis=0) / np.maximum(counts, 1), np.nan)


def bounded_by_samples(rows: Floats, seconds: Times, samples: Indices) -> Floats:
    """Values [..., N] that from each sample to the next only rise, or only fall: as late, or as early as they do.

    So whatever reaches a threshold does so at a sample, as in the footage that thresholds were learnt from, and a run
    above it has no holes. A sample higher than both its neighbours keeps the frames nearest to it, so that no run
    becomes shorter than the time between samples.
    """
    if not len(samples):
        return rows
    nearest = sample_of(seconds, seconds[samples], live=False)
    at_samples = rows[..., samples]
    coarse = at_samples[..., nearest]
    has_own = ~((rows == coarse) | (np.isnan(rows) & np.isnan(coarse)))
    own = np.flatnonzero(has_own.any(axis=tuple(range(rows.ndim - 1))))
    lowest = np.full_like(at_samples[..., :1], -np.inf)
    padded = np.concatenate([lowest, at_samples, lowest], axis=-1)
    is_peak = (at_samples > padded[..., :-2]) & (at_samples > padded[..., 2:])
    bounded = np.where(is_peak[..., nearest], coarse, rows)
    for after in np.unique(np.searchsorted(samples, own)).tolist():
        if 0 < after < len(samples):
            part = np.s_[..., samples[after - 1] : samples[after] + 1]
            bounded[part] = _from_end_to_end(bounded[part])
        else:
            part = np.s_[..., : samples[0]] if after == 0 else np.s_[..., samples[-1] :]
            bounded[part] = coarse[part]
    return bounded


def _from_end_to_end(rows: Floats) -> Floats:
    """Values [..., K] that rise or fall from the first to the last and stay between them."""
    first, last = rows[..., :1], rows[..., -1:]
    between = np.clip(rows, np.fmin(first, last), np.fmax(first, last))
    falling = np.fmax.accumulate(between[..., ::-1], axis=-1)[..., ::-1]
    return np.where(first < last, np.fmax.accumulate(between, axis=-1), falling)


def judged_between(rows: Sequence[Floats], samples: Indices) -> Indices:
    """Frames of which some of `rows` [N] are known, though they are no samples."""
    known = np.zeros(len(rows[0]), np.bool_)
    for row in rows:
        known |= ~np.isnan(row)
    known[samples] = False
    return np.flatnonzero(known)
