"""Whether footage is long enough to be calibrated on: told before anything is computed."""

from __future__ import annotations

import math

import numpy as np

from engine.calibrating.footage import NormalFootage, is_left_out
from engine.common.durations import duration_in_words
from engine.common.errors import TrainingError
from engine.common.events import ShouldStop, never_stop
from engine.common.language import tr
from engine.common.names import displayable
from engine.scoring.rare_seconds import RARE_SHARE
from engine.scoring.tail import BLOCK_SECONDS, MIN_BLOCKS, block_numbers
from engine.video import open_video

LEAST_SECONDS = MIN_BLOCKS * BLOCK_SECONDS


def check_length(footage: NormalFootage, should_stop: ShouldStop = never_stop, *, unreviewed: bool = False) -> None:
    """Refuse footage of too few seconds; where it is `unreviewed`, the rarest are left out, too.

    Raises:
        TrainingError: it is too short.
        VideoError: a video can't be opened.
        Cancelled: `should_stop` said yes.
    """
    seconds = 0.0
    for path in footage.held_out:
        with open_video(path, should_stop) as source:
            times = source.times[source.times >= footage.since.get(path, 0.0)]
        stretches = footage.left_out.get(path, ())
        counted = [number * BLOCK_SECONDS for number in np.unique(block_numbers(times)).tolist()]
        seconds += BLOCK_SECONDS * sum(not is_left_out(each, stretches) for each in counted)
    needed = math.ceil(LEAST_SECONDS / (1 - RARE_SHARE) if unreviewed else LEAST_SECONDS)
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
