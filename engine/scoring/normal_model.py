"""All that a detector has learnt of its camera's normal life."""

from __future__ import annotations

from dataclasses import dataclass

from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.prototype_bank import PrototypeBank


@dataclass(frozen=True, eq=False)
class NormalModel:
    """How things usually move and look at a camera, as far as that was learnt."""

    motion: MotionHistogram | None = None
    """The motion that is usual at each place of the picture."""
    appearance: PrototypeBank | None = None
    """How what moves usually looks, wherever it is."""
