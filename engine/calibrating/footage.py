"""Which normal footage a detector is calibrated on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.common.paths import resolved
from engine.datasets import footage_videos
from engine.datasets.held_out import Stretch
from engine.scoring.motion import BASELINE_SECONDS
from engine.scoring.zones import Zones


@dataclass(frozen=True)
class NormalFootage:
    """Normal videos of one camera."""

    held_out: Sequence[Path]
    """Those that the detector has not learnt from: its scores get their meaning here."""
    others: Sequence[Path] = ()
    """More, such as it learnt from: how things move and look in them is part of the normal model."""
    left_out: Mapping[Path, Sequence[Stretch]] = field(default_factory=dict)
    """Parts of them that are not normal."""
    rare: Mapping[Path, Sequence[Stretch]] = field(default_factory=dict)
    """Parts that are least like all others, of which nobody knows whether they are normal: no normal model learns
    from them, but they are measured."""
    since: Mapping[Path, float] = field(default_factory=dict)
    """From when on, in seconds, a held-out video is held out that the detector has learnt from before."""
    zones: Zones = ()
    """Scores get their meaning by what happens inside them alone. What is usual elsewhere is learnt all the same."""

    @classmethod
    def of(cls, held_out: Iterable[Path], others: Iterable[Path], zones: Zones = ()) -> NormalFootage:
        """The videos behind files and folders; what is held out is not among the others, though their folder holds it.

        Raises:
            DatasetError: a path does not exist, can't be read, or holds no footage.
        """
        apart = footage_videos(held_out)
        known = {resolved(path) for path in apart}
        return cls(apart, [path for path in footage_videos(others) if resolved(path) not in known], zones=zones)

    @property
    def videos(self) -> list[Path]:
        """All of them, those held out first."""
        return [*self.held_out, *self.others]


def is_left_out(seconds: float, stretches: Sequence[Stretch]) -> bool:
    """Whether a transition reaches into one of the stretches; motion is measured from a little earlier."""
    return any(start <= seconds < stop + BASELINE_SECONDS for start, stop in stretches)
