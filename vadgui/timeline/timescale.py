"""Where the timeline draws which time: true to scale, but for gaps, beside which pictures would be left no room."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.video.timing import Gap
from vadgui.timeline.pyramid import Floats

_GAP_SHARE = 0.025
"""The most that a gap is drawn as wide as, as a share of the pictures' time ..."""
_GAPS_SHARE = 0.15
"""... and all gaps together."""


class Timescale:
    """Turns seconds of the recording into seconds as drawn, and back; without gaps they are the same."""

    def __init__(self, gaps: Sequence[Gap], end_seconds: float) -> None:
        self._bounds: Floats = np.array([0.0, *(at for gap in gaps for at in (gap.start_seconds, gap.stop_seconds))])
        lengths = np.diff(self._bounds)
        pictures = float(end_seconds - lengths[1::2].sum())
        lengths[1::2] = np.minimum(lengths[1::2], pictures * min(_GAP_SHARE, _GAPS_SHARE / max(len(gaps), 1)))
        self._drawn: Floats = np.concatenate([[0.0], np.cumsum(lengths)])

    @property
    def is_even(self) -> bool:
        """Whether all times are drawn as they are."""
        return len(self._bounds) == 1

    @property
    def gap_starts(self) -> Floats:
        """Where gaps begin, as drawn."""
        return self._drawn[1::2]

    @property
    def gap_stops(self) -> Floats:
        """Where gaps end, as drawn."""
        return self._drawn[2::2]

    def drawn(self, seconds: npt.ArrayLike) -> Floats:
        """Seconds as drawn of those of the recording."""
        return _mapped(seconds, self._bounds, self._drawn)

    def seconds(self, drawn: npt.ArrayLike) -> Floats:
        """Seconds of the recording of those as drawn."""
        return _mapped(drawn, self._drawn, self._bounds)


def _mapped(values: npt.ArrayLike, bounds: Floats, onto: Floats) -> Floats:
    given = np.asarray(values, np.float64)
    if len(bounds) == 1:
        return given
    # Offsets within stretches, not interpolation over years, which would round milliseconds away.
    part = np.searchsorted(bounds, given, side="right").clip(1) - 1
    within = given - bounds[part]
    is_gap = part % 2 == 1
    stretched = np.where(is_gap, np.append(np.diff(onto), 0.0)[part] / np.append(np.diff(bounds), 1.0)[part], 1.0)
    return np.asarray(onto[part] + within * stretched, np.float64)
