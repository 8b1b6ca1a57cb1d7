"""Which samples may take over what the motion model predicted for an earlier one: where nothing but noise changed."""

from __future__ import annotations

import numpy as np

from engine.analysis.overview import overview_frames
from engine.scoring.sampling import Frames, Sampling
from engine.video.source import VideoSource

REFERENCE_EVERY = 10
"""Samples of which the first is predicted whatever it shows."""
REFERENCE_SECONDS = 2.0
"""No prediction is taken over for so long, so that what changes too slowly to be seen from one sample to the next is
seen: also where frames are few, or a recorder paused."""


def references(source: VideoSource, samples: Frames, sampling: Sampling) -> Frames:
    """For each of some samples [N] of a recording, the one at or before it whose prediction it may take over.

    It follows from the recording alone, not from where the work began. 0 for samples of the overview: they lie behind
    a keyframe, and their reference would lie before it.
    """
    predicted = sampling.frames(source.times)[:: sampling.motion_every]
    places = np.maximum(np.searchsorted(predicted, samples, "right") - 1, 0)
    first, own = (np.minimum(predicted[each], samples) for each in (places - places % REFERENCE_EVERY, places))
    found = np.where(source.times[own] - source.times[first] < REFERENCE_SECONDS, first, own)
    return np.where(np.isin(samples, overview_frames(source, predicted)), 0, found)
