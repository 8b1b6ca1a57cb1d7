"""Runs a detector over a video: streams raw signals, or the pictures behind one frame's score."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop, never_stop
from engine.flow.colour import Flow, flow_to_rgb, rgb_to_flow
from engine.flow.teachers import DisTeacher
from engine.models.picture import PICTURE_SIZE, model_picture
from engine.scoring.frame_signals import Predicted, measure
from engine.scoring.motion import MeasuredMotion, Motion, baseline_frames, frame_ratio
from engine.scoring.places import WindowValues, pack_places, placed_signals
from engine.scoring.sampling import Frames, Sampling
from engine.scoring.signals import missing_signals
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Prediction, Predictor

_MAX_MEASURING = 8
"""Threads: what a frame needs of the CPU takes ten times as long as a large GPU needs to predict it."""


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What the analysis of one frame leaves behind."""

    index: int
    pts_seconds: float
    signals: np.void
    """One row of RAW_SIGNALS; all NaN for frame 0."""
    places: bytes = b""
    """What `engine.scoring.places` makes of the values of every window; empty where none are kept."""


@dataclass(frozen=True, eq=False)
class Inspection:
    """Everything that is shown of transition t, from I_{t-1} to I_t; all pictures speak of the same t."""

    frame: Frame
    """I_t in the video's own size."""
    predicted_flow: Pixels
    """The motion model's flow from I_{t-1} alone, as colour-wheel RGB, uint8 [256, 256, 3]."""
    teacher_flow: Pixels
    """The ground-truth flow from I_{t-1} to I_t on the same colour scale, uint8 [256, 256, 3]."""
    predicted_frame: Pixels
    """The frame model's picture of I_t, uint8 [256, 256, 3]."""
    signals: np.void
    """One row of RAW_SIGNALS, without those of motion: they need more than two frames."""


def analyse(
    source: VideoSource,
    predictor: Predictor,
    *,
    start: int = 0,
    frame_seconds: float | None = None,
    should_stop: ShouldStop = never_stop,
) -> Iterator[FrameResult]:
    """Stream the raw signals of frames [start, end) in order, a few frames in memory at a time.

    Motion is told in px a frame of `frame_seconds`: of the detector's calibration where that is None, of the video's
    own where there is no calibration, or either is not known.

    Raises:
        VideoError: a frame can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    if start == 0 and len(source):
        yield FrameResult(0, float(source.times[0]), missing_signals(1)[0])
    start = max(start, 1)
    baseline = baseline_frames(source.times)
    # A jump into a file that may count its frames wrong would number these otherwise than those before.
    passed = min(baseline - 1, start - 1) if source.numbers_are_certain else start - 1
    batches = _predicted(source, predictor, start, None, should_stop, baseline=baseline, passed=passed)
    yield from _measured(batches, predictor, _told_ratio(source, predictor, frame_seconds))


def analyse_samples(
    source: VideoSource,
    predictor: Predictor,
    samples: Frames,
    predicted: npt.NDArray[np.bool_],
    *,
    frame_seconds: float | None = None,
    should_stop: ShouldStop = never_stop,
) -> Iterator[FrameResult]:
    """Stream the raw signals of some frames, ascending numbers from 1 on, that need neither frame model nor teacher.

    The motion model looks at those that are to be `predicted`; the others have signals of motion alone. Told in px a
    frame of `frame_seconds` as by `analyse`.

    Raises:
        VideoError: a frame can't be decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    ratio = _told_ratio(source, predictor, frame_seconds)
    placed = placed_signals(predictor.settings.calibration)
    waiting: list[tuple[_Transition, bool]] = []

    def measured() -> Iterator[FrameResult]:
        seen = [transition.previous for transition, is_predicted in waiting if is_predicted]
        predictions = iter(predictor.predict_motion(seen)) if seen else iter(())
        for transition, is_predicted in waiting:
            expected = None
            if is_predicted:
                prediction = next(predictions)
                flow = rgb_to_flow(prediction.flow_rgb, predictor.settings.flow_radius_px)
                expected = Predicted(None, flow, prediction.appearance)
            motion = _motion(transition, ratio)
            signals, windows = measure(transition.current, None, motion, expected, predictor.normal_model)
            yield FrameResult(transition.index, transition.pts_seconds, signals, pack_places(windows, placed))
        waiting.clear()

    count = 0
    for number, transition in enumerate(_sampled_transitions(source, samples, should_stop)):
        waiting.append((transition, bool(predicted[number])))
        count += waiting[-1][1]
        if count % predictor.batch_size == 0:
            yield from measured()
        if should_stop():
            raise Cancelled
    yield from measured()


def _sampled_transitions(source: VideoSource, samples: Frames, should_stop: ShouldStop) -> Iterator[_Transition]:
    """The transitions that end with the sampled frames, their motion measured over a whole baseline."""
    baseline = min(baseline_frames(source.times), max(len(source) - 1, 1))
    # Where fewer frames lie before a sample than the baseline has, it takes the motion of the first whole one.
    needed = np.stack([np.maximum(samples - baseline, 0), samples - 1, samples, np.maximum(samples, baseline)])
    pictures: dict[int, Frame] = {}
    coming = iter(source.pictures(np.unique(needed), PICTURE_SIZE, should_stop))
    for t in map(int, samples):
        earlier, before, current, later = max(t - baseline, 0), t - 1, t, max(t, baseline)
        while later not in pictures:
            frame = next(coming, None)
            if frame is None:
                return  # a damaged file ends before the frames it announces
            pictures[frame.index] = frame
        frames = [pictures[each] for each in (earlier, before, current, later)]
        first, previous, now, last = (each.pixels for each in frames)
        yield _Transition(t, frames[2].pts_seconds, previous, now, None, (first, last), later - earlier)
        for gone in [number for number in pictures if number < t - baseline]:
            del pictures[gone]


def judge(
    source: VideoSource,
    predictor: Predictor,
    frames: Frames,
    sampling: Sampling,
    *,
    frame_seconds: float | None = None,
    should_stop: ShouldStop = never_stop,
) -> Iterator[FrameResult]:
    """Stream the raw signals of some of a sampling's frames; of every frame, all from the first one on.

    Raises:
        VideoError: a frame can't be decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    if not len(frames):
        return iter(())
    if sampling.is_every_frame:
        first = int(frames[0])
        # Not cut at the announced end: there may be more, and the end of the pass corrects what the file announced.
        return analyse(source, predictor, start=first, frame_seconds=frame_seconds, should_stop=should_stop)
    frame_0 = [FrameResult(0, float(source.times[0]), missing_signals(1)[0])] if frames[0] == 0 else []
    samples = frames[frames > 0]
    predicted = np.searchsorted(sampling.frames(source.times), samples) % sampling.motion_every == 0
    results = analyse_samples(
        source, predictor, samples, predicted, frame_seconds=frame_seconds, should_stop=should_stop
    )
    return chain(frame_0, results)


def motions(
    source: VideoSource,
    frames: Frames | None = None,
    *,
    frame_seconds: float | None = None,
    should_stop: ShouldStop = never_stop,
) -> Iterator[tuple[int, Pixels, Motion]]:
    """Stream how the windows of the picture moved at every transition, or at those to `frames`, without any model.

    Yields the frame's number, the picture before it, and the motion.

    Motion is told in px a frame of `frame_seconds`, or of the video's own.

    Raises:
        VideoError: a frame can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    ratio = frame_ratio(source.frame_seconds, frame_seconds)
    if frames is None:
        frames = np.arange(1, len(source))
    for transition in _sampled_transitions(source, frames, should_stop):
        yield transition.index, transition.previous, _motion(transition, ratio).windows
        if should_stop():
            raise Cancelled


def inspect(
    source: VideoSource, predictor: Predictor, start: int, stop: int, *, should_stop: ShouldStop = never_stop
) -> Iterator[Inspection]:
    """Stream the pictures behind frames [start, stop); frame 0 has no transition, so `start` must be at least 1.

    Raises:
        ValueError: `start` is below 1.
        VideoError: a frame can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    if start < 1:
        raise ValueError("frame 0 has no transition to inspect")
    for batch in _predicted(source, predictor, start, stop, should_stop, keep_frames=True):
        for transition, prediction in batch:
            yield _inspection(transition, prediction, predictor)


def inspect_pair(previous: Frame, frame: Frame, predictor: Predictor) -> Inspection:
    """The pictures behind one transition whose two frames are at hand."""
    pictures = model_picture(previous.pixels), model_picture(frame.pixels)
    transition = _Transition(frame.index, frame.pts_seconds, *pictures, frame, pictures, 1)
    (prediction,) = predictor.predict([transition.previous])
    return _inspection(transition, prediction, predictor)


def _told_ratio(source: VideoSource, predictor: Predictor, frame_seconds: float | None) -> float:
    """How many of the frames in whose px motion is told one of the video's lasts."""
    calibration = predictor.settings.calibration
    if frame_seconds is None and calibration:
        frame_seconds = calibration.frame_seconds
    return frame_ratio(source.frame_seconds, frame_seconds)


@dataclass(frozen=True, eq=False)
class _Transition:
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


_Batch = list[tuple[_Transition, "Prediction"]]


def _transitions(
    frames: Iterator[Frame], start: int, baseline: int, keep_frames: bool = False
) -> Iterator[_Transition]:
    """Transitions from `start` on, whose motion is measured over so many frames that end with them.

    Those that have fewer before them, at the beginning of a recording, wait for the first whole baseline and take its
    motion: over a single frame the flow errs so much that still things seem to do what is rare.
    """
    recent: deque[Pixels] = deque(maxlen=baseline + 1)
    waiting: list[tuple[Frame, Pixels, Pixels]] = []

    def measurable() -> Iterator[_Transition]:
        for frame, previous, current in waiting:
            kept = frame if keep_frames else None
            moved = (recent[0], recent[-1])
            yield _Transition(frame.index, frame.pts_seconds, previous, current, kept, moved, len(recent) - 1)
        waiting.clear()

    for frame in frames:
        if frame.index < start - baseline:
            continue
        recent.append(model_picture(frame.pixels))
        if frame.index >= start and len(recent) > 1:
            waiting.append((frame, recent[-2], recent[-1]))
        if len(recent) > baseline:
            yield from measurable()
    yield from measurable()


def _predicted(
    source: VideoSource,
    predictor: Predictor,
    start: int,
    stop: int | None,
    should_stop: ShouldStop,
    keep_frames: bool = False,
    baseline: int = 1,
    passed: int = 0,
) -> Iterator[_Batch]:
    """Transitions [start, stop) with their predictions, decoded and predicted a batch at a time.

    Their motion is measured over `baseline` frames, for which decoding begins `passed` frames early.
    """
    batch: list[_Transition] = []

    def predicted() -> _Batch:
        predictions = predictor.predict([each.previous for each in batch])
        together = list(zip(batch, predictions, strict=True))
        batch.clear()
        return together

    frames = source.frames(start - 1 - passed, stop, should_stop)
    for transition in _transitions(frames, start, baseline, keep_frames):
        batch.append(transition)
        if len(batch) >= predictor.batch_size:
            yield predicted()
        if should_stop():
            raise Cancelled
    if batch:
        yield predicted()


def _measured(batches: Iterator[_Batch], predictor: Predictor, ratio: float) -> Iterator[FrameResult]:
    """The signals of every transition, in order; beside a GPU, while the next batch is predicted."""
    placed = placed_signals(predictor.settings.calibration)

    def result(transition: _Transition, prediction: Prediction) -> FrameResult:
        signals, windows, _ = _measure(transition, prediction, predictor, ratio)
        return FrameResult(transition.index, transition.pts_seconds, signals, pack_places(windows, placed))

    if predictor.is_on_cpu:
        # The models keep every core busy, and the results of a small batch come sooner.
        for batch in batches:
            yield from (result(*each) for each in batch)
        return
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MAX_MEASURING), "measuring") as threads:
        ahead: list[Future[FrameResult]] = []
        for batch in batches:
            coming = [threads.submit(result, *each) for each in batch]
            yield from (each.result() for each in ahead)
            ahead = coming
        yield from (each.result() for each in ahead)


def _measure(
    transition: _Transition, prediction: Prediction, predictor: Predictor, ratio: float | None
) -> tuple[np.void, WindowValues, Flow]:
    """The transition's raw signals, those of every window, and the teacher flow that they were measured with.

    `ratio` is how many frames one counts as in what is said of motion; None where nothing is to be said.
    """
    teacher_flow = predictor.teacher.flow(transition.previous, transition.current)
    flow = rgb_to_flow(prediction.flow_rgb, predictor.settings.flow_radius_px)
    predicted = Predicted(prediction.frame, flow, prediction.appearance)
    motion = _motion(transition, ratio) if ratio is not None else None
    return *measure(transition.current, teacher_flow, motion, predicted, predictor.normal_model), teacher_flow


def _motion(transition: _Transition, ratio: float) -> MeasuredMotion:
    # Normal motion is counted by this estimator, whichever teacher the motion model learnt from: it needs no weights,
    # and DIS's quicker presets err too much (docs/research/flow-teachers.md).
    flow = DisTeacher().flow(*transition.moved)
    return MeasuredMotion.of(flow, *transition.moved, ratio * transition.moved_frames)


def _inspection(transition: _Transition, prediction: Prediction, predictor: Predictor) -> Inspection:
    assert transition.frame is not None
    signals, _, teacher_flow = _measure(transition, prediction, predictor, None)
    return Inspection(
        frame=transition.frame,
        predicted_flow=_picture(prediction.flow_rgb),
        teacher_flow=flow_to_rgb(teacher_flow, predictor.settings.flow_radius_px),
        predicted_frame=_picture(prediction.frame),
        signals=signals,
    )


def _picture(rgb: npt.NDArray[np.float32]) -> Pixels:
    return np.asarray(rgb * 255 + 0.5, np.uint8)
