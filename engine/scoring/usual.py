"""All that a detector has learnt of its camera's normal life."""

from __future__ import annotations

from dataclasses import dataclass

from engine.scoring.appearance import AppearanceNormal
from engine.scoring.motion_normal import MotionNormal


@dataclass(frozen=True, eq=False)
class Usual:
    """How things usually move and look at a camera, as far as that was learnt."""

    motion: MotionNormal | None = None
    """The motion that is usual at each place of the picture."""
    appearance: AppearanceNormal | None = None
    """How what moves usually looks, wherever it is."""
