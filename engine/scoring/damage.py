"""Frames whose pictures may be wrong are no evidence, and neither is what is measured against them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.scoring.conditions import EDGE_SECONDS, Flags, Times, without_conditions
from engine.scoring.signals import RawSignals
from engine.video.frame import ConcealedFrames


def beside_damage(concealed: Sequence[ConcealedFrames], seconds: Times) -> Flags:
    """Which frames [N] at these times are concealed, or so soon after one that their motion is measured from it."""
    flags = np.zeros(len(seconds), np.bool_)
    for each in concealed:
        last = min(each.stop, len(seconds)) - 1
        if last >= each.start:
            flags[each.start : np.searchsorted(seconds, seconds[last] + EDGE_SECONDS, "right")] = True
            flags[last + 1 : last + 2] = True
    return flags


def without_damage(signals: RawSignals, concealed: Sequence[ConcealedFrames], seconds: Times) -> RawSignals:
    """The raw signals [N] of a video with frames at these times, with nothing measured where it is damaged."""
    return without_conditions(signals, beside_damage(concealed, seconds)) if concealed else signals
