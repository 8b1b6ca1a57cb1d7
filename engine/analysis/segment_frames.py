"""Which frames are judged besides samples: those at the borders of segments first, then those inside."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain

import numpy as np

from engine.analysis.findings import flaggable_scores
from engine.scoring.sampling import Frames, Times
from engine.scoring.scorer import Scorer
from engine.scoring.segments import find_segments
from engine.scoring.signals import RawSignals

_SHARE = 0.1
"""So many frames as there are samples: by all networks one costs twice as much, so that is a fifth of the work."""
_SHARE_OF_SHORT, _SHORT_FRAMES = 0.5, 250
"""In a short recording, that is done soon all the same, half as many as samples, up to so many."""


def frames_of_segments(samples: Frames, signals: RawSignals, times: Times, scorer: Scorer) -> Frames:
    """Frames in and just around the segments that `samples` [K] with raw signals [K] make, ascending.

    `times` [N] are those of all frames of the recording. Of the borders of segments those of the highest come first,
    then what lies inside, as far as that goes.
    """
    if scorer.sampling.is_every_frame or not len(samples):
        return samples[:0]
    seconds = times[samples]
    rule = replace(scorer.rule(), padding_seconds=0.0)
    flaggable = flaggable_scores(scorer.scores(signals, seconds), signals, seconds, scorer)
    segments = sorted(find_segments(flaggable, seconds, rule), key=lambda each: (-each.peak_score, each.start))
    # Frame scores cross the threshold between two samples, and are smoothed over the samples beside these.
    reach = 2 * scorer.sampling.seconds
    borders = [border for each in segments for border in (each.start, each.stop - 1)]
    near = [(seconds[border] - reach, seconds[border] + reach) for border in borders if 0 < border < len(samples) - 1]
    inside = [(seconds[each.start], seconds[each.stop - 1]) for each in segments]
    left = max(_SHARE * len(samples), min(_SHARE_OF_SHORT * len(samples), _SHORT_FRAMES))
    chosen = np.zeros(len(times), np.bool_)
    for start, stop in chain(near, inside):
        first, beyond = np.searchsorted(times, [start, stop + 1e-4])
        added = np.count_nonzero(~chosen[first:beyond])
        if added <= left:
            chosen[first:beyond] = True
            left -= added
    chosen[:1] = False  # it has no transition
    return np.flatnonzero(chosen)
