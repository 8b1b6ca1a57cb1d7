"""Runs a detector over a video: streams raw signals, or the pictures behind one frame's score."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from engine.analysis.predicted_ahead import predicted_ahead
from engine.analysis.still_pictures import references
from engine.analysis.transitions import Transition, every_transition, measured_motion, sampled_transitions
from engine.common.errors import Cancelled
from engine.common.events import ShouldStop, never_stop
from engine.flow.colour import Flow, flow_to_rgb, rgb_to_flow
from engine.models.picture import model_picture
from engine.scoring.frame_signals import Predicted, measure
from engine.scoring.motion import Motion, baseline_frames, frame_ratio
from engine.scoring.places import WindowValues, pack_places, placed_signals
from engine.scoring.sampling import Frames, Sampling
from engine.scoring.signals import missing_signals
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import MotionPrediction, Prediction, Predictor

_MAX_MEASURING = 8
"""Threads: what a frame needs of the CPU takes ten times as long as a large GPU needs to predict it."""


_Made = TypeVar("_Made")


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
    flow_difference: Flow
    """Predicted less ground-truth flow, [2, 256, 256]; colours leave out how much faster than their radius it is."""
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
    placed: Sequence[str] | None = None,
    should_stop: ShouldStop = never_stop,
) -> Iterator[FrameResult]:
    """Stream the raw signals of frames [start, end) in order, a few frames in memory at a time.

    Motion is told in px a frame of `frame_seconds`: of the detector's calibration where that is None, of the video's
    own where there is no calibration, or either is not known. Values of windows are packed of the signals `placed`, or
    of those that the detector's calibration takes.

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
    ratio = _told_ratio(source, predictor, frame_seconds)
    names = placed_signals(predictor.settings.calibration) if placed is None else placed
    batches = _predicted(source, predictor, start, None, should_stop, baseline=baseline, passed=passed)
    yield from _measured(batches, predictor, _all_signals(predictor, ratio, names))


def analyse_frames(
    source: VideoSource, predictor: Predictor, frames: Frames, *, should_stop: ShouldStop = never_stop
) -> Iterator[FrameResult]:
    """Stream all raw signals of some frames, ascending numbers from 1 on, as `analyse` has them.

    The pictures are those that samples are judged by: scaled while they are decoded.

    Raises:
        VideoError: a frame can't be decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    names = placed_signals(predictor.settings.calibration)
    batches = _predicted_batches(sampled_transitions(source, frames, should_stop), predictor, should_stop)
    return _measured(batches, predictor, _all_signals(predictor, _told_ratio(source, predictor, None), names))


def _all_signals(
    predictor: Predictor, ratio: float, names: Sequence[str]
) -> Callable[[Transition, Prediction], FrameResult]:
    """What measures a transition by all networks, and packs the windows' values of signals of those names."""

    def result(transition: Transition, prediction: Prediction) -> FrameResult:
        signals, windows, *_ = _measure(transition, prediction, predictor, ratio)
        return FrameResult(transition.index, transition.pts_seconds, signals, pack_places(windows, names))

    return result


def analyse_samples(
    source: VideoSource,
    predictor: Predictor,
    samples: Frames,
    predicted: npt.NDArray[np.bool_],
    reference_samples: Frames | None = None,
    *,
    frame_seconds: float | None = None,
    placed: Sequence[str] | None = None,
    should_stop: ShouldStop = never_stop,
) -> Iterator[FrameResult]:
    """Stream the raw signals of some frames, ascending numbers from 1 on, that need neither frame model nor teacher.

    The motion model looks at those that are to be `predicted`; the others have signals of motion alone. Where the
    detector knows up to which change pictures are still, those take over the prediction of the sample that
    `reference_samples` [N] names. Told in px a frame of `frame_seconds`, with values of windows, as by `analyse`.

    Raises:
        VideoError: a frame can't be decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    ratio = _told_ratio(source, predictor, frame_seconds)
    radius_px, normal_model = predictor.settings.flow_radius_px, predictor.normal_model
    names = placed_signals(predictor.settings.calibration) if placed is None else placed
    is_gated = predictor.still_change is not None

    def result(transition: Transition, prediction: MotionPrediction | None) -> FrameResult:
        expected = None
        if prediction is not None:
            expected = Predicted(None, rgb_to_flow(prediction.flow_rgb, radius_px), prediction.appearance)
        motion = measured_motion(transition, ratio, is_gated=is_gated)
        signals, windows = measure(transition.current, None, motion, expected, normal_model)
        return FrameResult(transition.index, transition.pts_seconds, signals, pack_places(windows, names))

    sampled = sampled_transitions(source, samples, should_stop, reference_samples)
    transitions = zip(sampled, predicted.tolist(), strict=False)
    with closing(predicted_ahead(transitions, predictor, should_stop)) as batches:
        yield from _measured(batches, predictor, result)


def judge(
    source: VideoSource,
    predictor: Predictor,
    frames: Frames,
    sampling: Sampling,
    *,
    frame_seconds: float | None = None,
    placed: Sequence[str] | None = None,
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
        return analyse(
            source, predictor, start=first, frame_seconds=frame_seconds, placed=placed, should_stop=should_stop
        )
    frame_0 = [FrameResult(0, float(source.times[0]), missing_signals(1)[0])] if frames[0] == 0 else []
    samples = frames[frames > 0]
    predicted = np.searchsorted(sampling.frames(source.times), samples) % sampling.motion_every == 0
    results = analyse_samples(
        source,
        predictor,
        samples,
        predicted,
        None if predictor.still_change is None else references(source, samples, sampling),
        frame_seconds=frame_seconds,
        placed=placed,
        should_stop=should_stop,
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
    for transition in sampled_transitions(source, frames, should_stop):
        yield transition.index, transition.previous, measured_motion(transition, ratio, is_gated=True).windows
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
    pictures = model_picture(previous.stored), model_picture(frame.stored)
    transition = Transition(frame.index, frame.pts_seconds, *pictures, frame, pictures, 1)
    (prediction,) = predictor.predict([transition.previous])
    return _inspection(transition, prediction, predictor)


def _told_ratio(source: VideoSource, predictor: Predictor, frame_seconds: float | None) -> float:
    """How many of the frames in whose px motion is told one of the video's lasts."""
    calibration = predictor.settings.calibration
    if frame_seconds is None and calibration:
        frame_seconds = calibration.frame_seconds
    return frame_ratio(source.frame_seconds, frame_seconds)


_Batch = list[tuple[Transition, "Prediction"]]


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
    frames = source.frames(start - 1 - passed, stop, should_stop)
    return _predicted_batches(every_transition(frames, start, baseline, keep_frames), predictor, should_stop)


def _predicted_batches(
    transitions: Iterable[Transition], predictor: Predictor, should_stop: ShouldStop
) -> Iterator[_Batch]:
    """Transitions with all networks' predictions, a batch at a time."""
    batch: list[Transition] = []

    def predicted() -> _Batch:
        predictions = predictor.predict([each.previous for each in batch])
        together = list(zip(batch, predictions, strict=True))
        batch.clear()
        return together

    for transition in transitions:
        batch.append(transition)
        if len(batch) >= predictor.batch_size:
            yield predicted()
        if should_stop():
            raise Cancelled
    if batch:
        yield predicted()


def _measured(
    batches: Iterable[list[tuple[Transition, _Made]]],
    predictor: Predictor,
    result: Callable[[Transition, _Made], FrameResult],
) -> Iterator[FrameResult]:
    """The results of all transitions, in order; beside a GPU, on several threads, while the next batch is predicted."""
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
    transition: Transition, prediction: Prediction, predictor: Predictor, ratio: float | None
) -> tuple[np.void, WindowValues, Flow, Flow]:
    """The transition's raw signals, those of every window, and the flows of teacher and prediction that they compare.

    `ratio` is how many frames one counts as in what is said of motion; None where nothing is to be said.
    """
    teacher_flow = predictor.teacher.flow(transition.previous, transition.current)
    flow = rgb_to_flow(prediction.flow_rgb, predictor.settings.flow_radius_px)
    predicted = Predicted(prediction.frame, flow, prediction.appearance)
    motion = measured_motion(transition, ratio) if ratio is not None else None
    return *measure(transition.current, teacher_flow, motion, predicted, predictor.normal_model), teacher_flow, flow


def _inspection(transition: Transition, prediction: Prediction, predictor: Predictor) -> Inspection:
    assert transition.frame is not None
    signals, _, teacher_flow, predicted_flow = _measure(transition, prediction, predictor, None)
    return Inspection(
        frame=transition.frame,
        predicted_flow=_picture(prediction.flow_rgb),
        teacher_flow=flow_to_rgb(teacher_flow, predictor.settings.flow_radius_px),
        flow_difference=predicted_flow - teacher_flow,
        predicted_frame=_picture(prediction.frame),
        signals=signals,
    )


def _picture(rgb: npt.NDArray[np.float32]) -> Pixels:
    return np.asarray(rgb * 255 + 0.5, np.uint8)
