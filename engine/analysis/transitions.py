"""The steps from frame to frame of a recording as the models see them, and what moved in each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.common.events import ShouldStop
from engine.flow.teachers import DisTeacher
from engine.models.picture import PICTURE_SIZE, model_picture
from engine.scoring.motion import MeasuredMotion, baseline_frames, moving_windows
from engine.scoring.sampling import Frames
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource


@dataclass(frozen=True, eq=False)
class Transition:
    """The step from I_{t-1} to I_t as the models see it."""

    index: int
    pts_seconds: float
    previous: Pixels
    """I_{t-1}, uint8 [256, 256, 3]."""
    current: Pixels
    """I_t."""
    frame: Frame | None
    """I_t in its own size, where somebody wants to see it."""
    moved: tuple[Pixels, Pixels]
    """Between which its motion is measured."""
    moved_frames: int
    """How many frames lie between those."""
    reference: tuple[int, Pixels] | None = None
    """Number and picture of the frame before another sample, whose prediction this one may take over."""


def every_transition(
    frames: Iterator[Frame], start: int, baseline: int, keep_frames: bool = False
) -> Iterator[Transition]:
    """Transitions from `start` on, whose motion is measured over so many frames that end with them.

    Those that have fewer before them, at the beginning of a recording, wait for the first whole baseline and take its
    motion: over a single frame the flow errs so much that still things seem to do what is rare.
    """
    recent: deque[Pixels] = deque(maxlen=baseline + 1)
    waiting: list[tuple[Frame, Pixels, Pixels]] = []

    def measurable() -> Iterator[Transition]:
        for frame, previous, current in waiting:
            kept = frame if keep_frames else None
            moved = (recent[0], recent[-1])
            yield Transition(frame.index, frame.pts_seconds, previous, current, kept, moved, len(recent) - 1)
        waiting.clear()

    for frame in frames:
        if frame.index < start - baseline:
            continue
        recent.append(model_picture(frame.stored))
        if frame.index >= start and len(recent) > 1:
            waiting.append((frame, recent[-2], recent[-1]))
        if len(recent) > baseline:
            yield from measurable()
    yield from measurable()


def sampled_transitions(
    source: VideoSource, samples: Frames, should_stop: ShouldStop, references: Frames | None = None
) -> Iterator[Transition]:
    """The transitions that end with the sampled frames, their motion measured over a whole baseline.

    With each goes the picture before its reference, which is one of the samples up to it; 0 where it has none.
    """
    baseline = min(baseline_frames(source.times), max(len(source) - 1, 1))
    # Where fewer frames lie before a sample than the baseline has, it takes the motion of the first whole one.
    needed = [np.maximum(samples - baseline, 0), samples - 1, samples, np.maximum(samples, baseline)]
    if references is None:
        references = np.zeros_like(samples)
    needed.append(references[references > 0] - 1)
    # By then all references of later samples lie at or behind it.
    kept_from = np.minimum.accumulate(np.where(references > 0, references - 1, samples)[::-1])[::-1]
    pictures: dict[int, Frame] = {}
    coming = iter(source.pictures(np.unique(np.concatenate(needed)), PICTURE_SIZE, should_stop))
    for t, reference, kept in zip(samples.tolist(), references.tolist(), kept_from.tolist(), strict=True):
        earlier, before, current, later = max(t - baseline, 0), t - 1, t, max(t, baseline)
        while later not in pictures:
            frame = next(coming, None)
            if frame is None:
                return  # a damaged file ends before the frames it announces
            pictures[frame.index] = frame
        frames = [pictures[each] for each in (earlier, before, current, later)]
        first, previous, now, last = (each.pixels for each in frames)
        other = (reference - 1, pictures[reference - 1].pixels) if reference else None
        yield Transition(t, frames[2].pts_seconds, previous, now, None, (first, last), later - earlier, other)
        for gone in [number for number in pictures if number < t - baseline and number != kept]:
            del pictures[gone]


def measured_motion(transition: Transition, ratio: float, *, is_gated: bool = False) -> MeasuredMotion:
    """What moved in the transition, in px of frames of which one of the video's lasts `ratio`.

    Gated, no flow is estimated where nothing moves; how far the camera moved is 0 there.
    """
    moving = moving_windows(*transition.moved)
    if is_gated and not moving.any():
        return MeasuredMotion.none(*transition.moved)
    # Normal motion is counted by this estimator, whichever teacher the motion model learnt from: it needs no weights,
    # and DIS's quicker presets err too much (docs/research/flow-teachers.md).
    flow = DisTeacher().flow(*transition.moved)
    return MeasuredMotion.of(flow, *transition.moved, ratio * transition.moved_frames, moving)
