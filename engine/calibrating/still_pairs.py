"""Measures up to which change between two pictures the motion model predicts the same: the camera's noise, for it."""

from __future__ import annotations

import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from engine.analysis.still_pictures import REFERENCE_EVERY
from engine.flow.colour import rgb_to_flow
from engine.models.predictor import Predictor
from engine.scoring.motion import window_motion
from engine.scoring.picture_change import highest_change
from engine.video.frame import Pixels

_LARGEST_ERROR_PX = 0.02
"""By which the expected motion of a window may differ, px a frame: whatever moves does so at a multiple."""
_LARGEST_CHANGE = 8.0
"""Grey levels; noisier pictures are never taken for still."""
_STEPS_A_DOUBLING = 3
_PAIRS_A_STEP = 8
"""Kept of each range of change: a pair takes 0.4 MB, and two predictions."""
_FEWEST_PAIRS = 32
"""Seen, before a change counts as noise: six seconds of a still scene."""
_RARE_SHARE = 0.1
"""Of the most frequent range's pairs: what is rarer than this is no noise."""


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two pictures, uint8 [256, 256, 3], and how much they differ."""

    change: float
    earlier: Pixels
    later: Pixels


@dataclass
class StillPairs:
    """Pairs of a camera's pictures that differ little, of all sizes of difference, chosen at random."""

    _kept: dict[int, list[_Pair]] = field(default_factory=lambda: defaultdict(list))
    _seen: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _recent: deque[Pixels] = field(default_factory=lambda: deque(maxlen=REFERENCE_EVERY))
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def begin_video(self) -> None:
        """The next picture is of another video."""
        self._recent.clear()

    def offer(self, picture: Pixels) -> None:
        """Take a sample's picture, uint8 [256, 256, 3], with one that came before it, or neither."""
        if self._recent:
            earlier = self._recent[int(self._rng.integers(len(self._recent)))]
            self._keep(_Pair(highest_change(earlier, picture), earlier, picture))
        self._recent.append(picture)

    def still_change(self, predictor: Predictor) -> float | None:
        """The highest change up to which all pairs are predicted alike; None where too few are.

        Raises:
            DeviceError: a single frame does not fit into the device's memory.
        """
        steps = list(self._still_steps(predictor))
        if sum(self._seen[step] for step in steps) < _FEWEST_PAIRS:
            return None
        return round(max(each.change for step in steps for each in self._kept[step]), 3)

    def _keep(self, pair: _Pair) -> None:
        if pair.change > _LARGEST_CHANGE:
            return
        step = math.floor(_STEPS_A_DOUBLING * math.log2(max(pair.change, 2**-4)))
        kept = self._kept[step]
        self._seen[step] += 1
        if len(kept) < _PAIRS_A_STEP:
            kept.append(pair)
        elif (place := int(self._rng.integers(self._seen[step]))) < _PAIRS_A_STEP:
            kept[place] = pair

    def _still_steps(self, predictor: Predictor) -> Iterator[int]:
        """The ranges of change before the first that is rare, or holds a pair that is not predicted alike."""
        most = 0
        for step in sorted(self._kept):
            most = max(most, self._seen[step])
            if self._seen[step] < _RARE_SHARE * most or not all(
                _is_alike(each, predictor) for each in self._kept[step]
            ):
                return
            yield step


def _is_alike(pair: _Pair, predictor: Predictor) -> bool:
    earlier, later = (
        window_motion(rgb_to_flow(each.flow_rgb, predictor.settings.flow_radius_px))
        for each in predictor.predict_motion([pair.earlier, pair.later])
    )
    return bool(np.abs(earlier - later).max() <= _LARGEST_ERROR_PX)
