"""All that a detector has learnt of its camera's normal life."""

from __future__ import annotations

from dataclasses import dataclass

from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.prototype_bank import PrototypeBank


@dataclass(frozen=True, eq=False)
class NormalModel:
    """How things move and look in normal footage of a camera, as far as that was learnt; never changes."""

    motion: MotionHistogram | None = None
    """The motion that is normal at each place of the picture; nothing can be added to it any more."""
    appearance: PrototypeBank | None = None
    """How what moves normally looks, wherever it is."""

    def __post_init__(self) -> None:
        if self.motion is not None:
            self.motion.counts.setflags(write=False)
