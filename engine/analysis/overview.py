"""Which samples of a recording are judged first: some of all of it, then those where something seems to happen."""

from __future__ import annotations

import numpy as np

from engine.models.picture import model_picture
from engine.scoring.drift import MIN_SCENE_SAMPLES
from engine.scoring.frame_signals import picture_signals
from engine.scoring.sampling import Frames, Times
from engine.scoring.scorer import Scorer
from engine.scoring.signals import RawSignals, missing_signals
from engine.video.source import VideoSource
from engine.video.timing import without_gaps

OVERVIEW_SECONDS = 4.0
"""Between samples of the overview, where keyframes are not farther apart."""
_MAX_KEYFRAME_SECONDS = 20.0
"""Where keyframes are farther apart than this, jumping to them shows too little."""


def overview_frames(source: VideoSource, samples: Frames) -> Frames:
    """Those of the samples that show all of a recording at little cost: each soon after a keyframe.

    None of a recording that is short, or in which decoding can start at few frames only.
    """
    times, keyframes = without_gaps(source.times), source.keyframes
    if not len(samples) or times[-1] < 2 * OVERVIEW_SECONDS:
        return samples[:0]
    entries = times[keyframes]
    if np.diff(entries, append=times[-1]).max() > _MAX_KEYFRAME_SECONDS:
        return samples[:0]
    spaced = np.unique(np.searchsorted(entries, np.arange(0, times[-1], OVERVIEW_SECONDS)))
    starts = keyframes[spaced[spaced < len(entries)]]
    # From the second sample after a keyframe on, the frames that its motion is measured over come after it, too.
    places = np.searchsorted(samples, starts, "right") + 1
    return np.asarray(np.unique(samples[places[places < len(samples)]]))


def first_pictures(source: VideoSource, samples: Frames) -> tuple[Frames, RawSignals]:
    """As many samples [K] as tell the scene, and what their pictures alone tell [K]: no network looks at them.

    Raises:
        VideoError: one of them can't be decoded.
    """
    overview = overview_frames(source, samples)
    if len(overview) >= MIN_SCENE_SAMPLES:
        # From all of the recording: at its beginning somebody may stand before the lens.
        frames = overview[np.linspace(0, len(overview) - 1, MIN_SCENE_SAMPLES).astype(int)]
    else:
        frames = samples[samples > 0][:MIN_SCENE_SAMPLES]
    rows = missing_signals(len(frames))
    for place, frame in enumerate(frames.tolist()):
        rows[place] = picture_signals(model_picture(source.read(frame).stored))
    return frames, rows


def frames_near_events(samples: Frames, signals: RawSignals, seconds: Times, scorer: Scorer) -> Frames:
    """Those of the samples that lie near frames which seem to belong to a segment, by what is known of frames [N].

    A lone sample of the overview seldom reaches the peak of its segment: where segments end is enough here.
    """
    scores = scorer.scores(signals, seconds)
    flagged = seconds[np.nan_to_num(scores, nan=-np.inf) >= scorer.rule().leave]
    if not len(flagged):
        return samples[:0]
    after = np.minimum(np.searchsorted(flagged, seconds[samples]), len(flagged) - 1)
    nearest = np.minimum(
        np.abs(seconds[samples] - flagged[after]), np.abs(seconds[samples] - flagged[np.maximum(after - 1, 0)])
    )
    return np.asarray(samples[nearest <= OVERVIEW_SECONDS])
