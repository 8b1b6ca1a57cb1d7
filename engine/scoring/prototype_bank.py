"""Prototypes of how what moves looks in normal footage, and how far the looks of something else are from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from engine.scoring.motion import Motion, net_speed

Appearance = npt.NDArray[np.float32]
"""float32 [PLACES, PLACES, C]: features of every window, made by the motion model's encoder."""
Floats = npt.NDArray[np.float32]

# Chosen on normal footage with synthetic changes; docs/research/choice-of-signals.md has the alternatives.
_COMPONENTS = 24
_PROTOTYPES = 256
_WINDOWS_A_PROTOTYPE = 4
_MAX_WINDOWS = 16_000
_MAX_OF_A_FRAME = 128
_SLOWEST_PX = 0.1
"""Windows that move less are not kept: the flow's error is as large."""
_MOVING_SHARE = 0.3
"""Windows below this share of the median speed of frames' fastest windows count as still."""
FEW_WINDOWS = 4
"""How many windows a distance is the mean of: a thing overlaps about as many, and a single one may be chance."""
_ROUNDS = 10
_MIN_VARIANCE = 1e-4
"""As a share of the greatest."""


@dataclass(frozen=True, eq=False)
class MovingFeatures:
    """Features of what moved in one frame of normal footage."""

    features: npt.NDArray[np.float16]
    """[N, C] of windows that moved."""
    speeds_px: Floats
    """[N], px a frame."""
    fastest_px: float
    """Mean speed of the fastest of all windows."""

    @classmethod
    def of(cls, appearance: Appearance, motion: Motion, rng: np.random.Generator) -> MovingFeatures:
        """Some of the windows that moved, by chance."""
        speeds = net_speed(motion).ravel()
        chosen = rng.permutation(np.flatnonzero(speeds >= _SLOWEST_PX))[:_MAX_OF_A_FRAME]
        features = appearance.reshape(len(speeds), -1)[chosen].astype(np.float16)
        return cls(features, speeds[chosen], float(motion[2].max()))


@dataclass(frozen=True, eq=False)
class PrototypeBank:
    """Prototypes of the features of what moves in normal footage, among their main components."""

    mean: Floats
    """[C]"""
    basis: Floats
    """[C, D]: turns features less their mean into main components of unit variance."""
    prototypes: Floats
    """[K, D]"""
    slowest_px: float
    """Windows that move less, in px a frame, count as still: how they look says nothing."""

    @classmethod
    def of(cls, frames: Sequence[MovingFeatures]) -> PrototypeBank | None:
        """Learnt from frames of normal footage; None where hardly anything moved in them. The same for the same frames.

        Clusters are found by OpenCV's k-means.
        """
        if not frames:
            return None
        slowest_px = _MOVING_SHARE * float(np.median([each.fastest_px for each in frames]))
        features = _some(np.concatenate([each.features[each.speeds_px >= slowest_px] for each in frames]))
        if len(features) < _WINDOWS_A_PROTOTYPE:
            return None
        mean = features.mean(axis=0)
        basis = _whitening(features - mean)
        return cls(mean, basis, _clusters((features - mean) @ basis), slowest_px)

    def with_more(self, frames: Sequence[MovingFeatures]) -> PrototypeBank:
        """This bank with the prototypes of more normal footage, among the same components."""
        features = [each.features[each.speeds_px >= self.slowest_px] for each in frames]
        if not features:
            return self
        more = _clusters(np.asarray((_some(np.concatenate(features)) - self.mean) @ self.basis, np.float32))
        return replace(self, prototypes=np.concatenate([self.prototypes, more]))

    def distance(self, appearance: Appearance, motion: Motion) -> float:
        """How far the most unusual of the moving windows are from their nearest prototypes."""
        return distance_of(self.distances(appearance, motion))

    def distances(self, appearance: Appearance, motion: Motion) -> Floats:
        """Distance of every window from its nearest prototype [PLACES, PLACES]; 0 where it stands still.

        In standard deviations of normal features.
        """
        moving = net_speed(motion) >= self.slowest_px
        found = np.zeros(moving.shape, np.float32)
        if moving.any():
            # Not by NumPy's matrix products: their threads wait busily, and take a tenth off the models' speed.
            features = np.einsum("nc,cd->nd", appearance[moving] - self.mean, self.basis)
            nearest, _ = cv2.batchDistance(features, self.prototypes, cv2.CV_32F, normType=cv2.NORM_L2, K=1)
            found[moving] = nearest[:, 0]
        return found


def distance_of(distances: Floats) -> float:
    """The mean distance of a few windows, the most unusual ones, of every window's [PLACES, PLACES]."""
    return float(np.partition(distances, -FEW_WINDOWS, axis=None)[-FEW_WINDOWS:].mean())


def _some(features: npt.NDArray[np.float16]) -> Floats:
    """Features [N, C] of as many windows as are clustered, by chance; the same of the same."""
    chosen = np.random.default_rng(0).permutation(len(features))[:_MAX_WINDOWS]
    return features[chosen].astype(np.float32)


def _clusters(components: Floats) -> Floats:
    """The prototypes [K, D] of main components [N, D] of some windows."""
    count = min(_PROTOTYPES, len(components) // _WINDOWS_A_PROTOTYPE)
    if count < 1:
        return np.empty((0, components.shape[1]), np.float32)
    cv2.setRNGSeed(0)
    enough = (cv2.TERM_CRITERIA_MAX_ITER, _ROUNDS, 0.0)
    _, _, prototypes = cv2.kmeans(components, count, None, enough, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    return np.asarray(prototypes, np.float32)


def _whitening(centred: Floats) -> Floats:
    """Main components [C, D] of features [N, C] around 0, each over its standard deviation."""
    variances, directions = np.linalg.eigh(
        np.cov(centred.astype(np.float64), rowvar=False).reshape(centred.shape[1], -1)
    )
    main = np.argsort(-variances)[:_COMPONENTS]
    # Components that hardly vary are mostly rounding.
    least = max(_MIN_VARIANCE * float(variances.max()), 1e-12)
    return np.asarray(directions[:, main] / np.sqrt(np.maximum(variances[main], least)), np.float32)
