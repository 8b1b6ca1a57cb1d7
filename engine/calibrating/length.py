"""Whether footage is long enough to be calibrated on: told before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.held_out_signals import HeldOutSignals
from engine.common.durations import duration_in_words
from engine.common.errors import TrainingError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.common.names import displayable
from engine.scoring.conditions import find_conditions
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


def too_short(footage: NormalFootage, needed: float, seconds: float) -> TrainingError:
    """The error for footage of that many seconds."""
    what = tr("The footage is too short to calibrate on: {length} in all").format(length=duration_in_words(seconds))
    advice = tr(
        "Add footage of the same camera: at least {length} in all. Some minutes are better; an hour of different "
        "times of day is good."
    )
    return TrainingError(what, subject=_names(footage), advice=advice.format(length=duration_in_words(needed)))


def too_little_usable(footage: NormalFootage, videos: Sequence[HeldOutSignals]) -> TrainingError:
    """The error for footage that is long enough, but in most of which the camera fails, by its raw signals."""
    lengths: dict[str, float] = {}
    for each in videos:
        for condition in find_conditions(each.signals, each.times):
            lasts = condition.stop_seconds - condition.start_seconds
            lengths[condition.words] = lengths.get(condition.words, 0.0) + lasts
    what = tr("Too little of the footage can be used to calibrate on")
    told = [
        tr("{failure} for {duration}").format(failure=words, duration=duration_in_words(lasts))
        for words, lasts in lengths.items()
    ]
    advice = tr("Add footage of the same camera in which it works, and something moves: at least {length} of it.")
    return TrainingError(
        f"{what}: {', '.join(told)}" if told else what,
        subject=_names(footage),
        advice=advice.format(length=duration_in_words(LEAST_SECONDS)),
    )


def _names(footage: NormalFootage) -> str:
    return displayable(", ".join(path.name for path in footage.held_out))
