"""Whether footage is long enough to be calibrated on: told before anything is computed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.calibrating.footage import NormalFootage, is_left_out
from engine.common.durations import duration_in_words
from engine.common.errors import TrainingError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.common.names import displayable
from engine.scoring.rare_seconds import RARE_SHARE
from engine.scoring.tail import BLOCK_SECONDS, MIN_BLOCKS, block_numbers, least_promised
from engine.video import open_video

LEAST_SECONDS = MIN_BLOCKS * BLOCK_SECONDS
LEAST_UNREVIEWED_SECONDS = math.ceil(LEAST_SECONDS / (1 - RARE_SHARE))


@dataclass(frozen=True)
class FootageLength:
    """How much footage there is."""

    seconds: float
    """From the first to the last frame."""
    usable_seconds: float
    """Those of which there are pictures that are not left out."""

    def __add__(self, other: FootageLength) -> FootageLength:
        return FootageLength(self.seconds + other.seconds, self.usable_seconds + other.usable_seconds)

    def without_rare(self) -> FootageLength:
        """Nobody has reviewed it: the seconds least like the others may hold an event, and are not usable."""
        return replace(self, usable_seconds=self.usable_seconds * (1 - RARE_SHARE))

    @property
    def least_false_alarms(self) -> float:
        """How many an hour the usable part can promise at the least."""
        return least_promised(round(self.usable_seconds / BLOCK_SECONDS))


NO_FOOTAGE = FootageLength(0.0, 0.0)


def length_of(path: Path, footage: NormalFootage, should_stop: ShouldStop = never_stop) -> FootageLength:
    """The length of one video of the footage.

    Raises:
        VideoError: it can't be opened.
        Cancelled: `should_stop` said yes.
    """
    with open_video(path, should_stop) as source:
        times = source.times[source.times >= footage.since.get(path, 0.0)]
    stretches = footage.left_out.get(path, ())
    counted = [number * BLOCK_SECONDS for number in np.unique(block_numbers(times)).tolist()]
    usable = sum(not is_left_out(each, stretches) for each in counted)
    return FootageLength(float(np.ptp(times)) if len(times) else 0.0, BLOCK_SECONDS * usable)


def check_length(footage: NormalFootage, should_stop: ShouldStop = never_stop, *, unreviewed: bool = False) -> None:
    """Refuse footage of too few seconds; where it is `unreviewed`, the rarest are left out, too.

    Raises:
        TrainingError: it is too short.
        VideoError: a video can't be opened.
        Cancelled: `should_stop` said yes.
    """
    seconds = sum(length_of(path, footage, should_stop).usable_seconds for path in footage.held_out)
    needed = LEAST_UNREVIEWED_SECONDS if unreviewed else LEAST_SECONDS
    if seconds < needed:
        raise too_short(footage, needed, seconds)


def too_short(footage: NormalFootage, needed: float = LEAST_SECONDS, seconds: float | None = None) -> TrainingError:
    """The error for footage of that many seconds, as far as known."""
    what = tr("The footage is too short to calibrate on")
    if seconds is not None:
        what = tr("The footage is too short to calibrate on: {length} in all").format(length=duration_in_words(seconds))
    return TrainingError(
        what,
        subject=displayable(", ".join(path.name for path in footage.held_out)),
        advice=tr(
            "Add footage of the same camera: at least {length} in all. Some minutes are better; an hour of different "
            "times of day is good."
        ).format(length=duration_in_words(needed)),
    )
