"""Runs a detector over a video: streams raw signals, or the pictures behind one frame's score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.errors import Cancelled
from engine.events import ShouldStop, never_stop
from engine.flow.colour import Flow, flow_to_rgb, rgb_to_flow
from engine.models.picture import model_picture
from engine.scoring.psnr import flow_error, frame_and_patch_psnr
from engine.scoring.signals import missing_signals
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource

if TYPE_CHECKING:
    # torch takes seconds to import, and whoever has a Predictor has imported it.
    from engine.models.predictor import Prediction, Predictor


@dataclass(frozen=True, eq=False)
class FrameResult:
    """What the analysis of one frame leaves behind."""

    index: int
    pts_seconds: float
    signals: np.void
    """One row of RAW_SIGNALS; all NaN for frame 0."""


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
    """One row of RAW_SIGNALS."""


def analyse(
    source: VideoSource, predictor: Predictor, *, start: int = 0, should_stop: ShouldStop = never_stop
) -> Iterator[FrameResult]:
    """Stream the raw signals of frames [start, end) in order, a few frames in memory at a time.

    Raises:
        VideoError: a frame can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    if start == 0 and len(source):
        yield FrameResult(0, float(source.times[0]), missing_signals(1)[0])
    # A jump into a file that may count its frames wrong would number these otherwise than those before.
    passed = 0 if source.numbers_are_certain else max(start - 1, 0)
    for transition, prediction in _transitions(source, predictor, max(start, 1), None, should_stop, passed=passed):
        signals, _ = _measure(transition, prediction, predictor)
        yield FrameResult(transition.index, transition.pts_seconds, signals)


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
    for transition, prediction in _transitions(source, predictor, start, stop, should_stop, keep_frames=True):
        yield _inspection(transition, prediction, predictor)


def inspect_pair(previous: Frame, frame: Frame, predictor: Predictor) -> Inspection:
    """The pictures behind one transition whose two frames are at hand."""
    transition = _Transition(
        frame.index,
        frame.pts_seconds,
        model_picture(previous.pixels),
        model_picture(frame.pixels),
        frame,
    )
    (prediction,) = predictor.predict([transition.previous])
    return _inspection(transition, prediction, predictor)


@dataclass(frozen=True, eq=False)
class _Transition:
    """The step from I_{t-1} to I_t as the models see it, uint8 [256, 256, 3] each."""

    index: int
    pts_seconds: float
    previous: Pixels
    current: Pixels
    frame: Frame | None
    """I_t in its own size, where somebody wants to see it."""


def _transitions(
    source: VideoSource,
    predictor: Predictor,
    start: int,
    stop: int | None,
    should_stop: ShouldStop,
    keep_frames: bool = False,
    passed: int = 0,
) -> Iterator[tuple[_Transition, Prediction]]:
    """Transitions [start, stop) with their predictions, decoded and predicted a batch at a time.

    Decoding begins `passed` frames early.
    """
    previous: Pixels | None = None
    batch: list[_Transition] = []

    def predicted() -> Iterator[tuple[_Transition, Prediction]]:
        predictions = predictor.predict([each.previous for each in batch])
        yield from zip(batch, predictions, strict=True)
        batch.clear()

    for frame in source.frames(start - 1 - passed, stop, should_stop):
        if frame.index < start - 1:
            continue
        current = model_picture(frame.pixels)
        if previous is not None:
            kept = frame if keep_frames else None
            batch.append(_Transition(frame.index, frame.pts_seconds, previous, current, kept))
        previous = current
        if len(batch) >= predictor.batch_size:
            yield from predicted()
        if should_stop():
            raise Cancelled
    if batch:
        yield from predicted()


def _measure(transition: _Transition, prediction: Prediction, predictor: Predictor) -> tuple[np.void, Flow]:
    """The transition's raw signals, and the teacher flow that they were measured with."""
    teacher_flow = predictor.teacher.flow(transition.previous, transition.current)
    predicted_flow = rgb_to_flow(prediction.flow_rgb, predictor.settings.flow_radius_px)
    truth = transition.current.astype(np.float32)
    truth *= np.float32(1 / 255)
    signals = missing_signals(1)[0]
    signals["psnr_db"], signals["patch_psnr_db"] = frame_and_patch_psnr(truth, prediction.frame)
    signals["flow_error_px"], signals["patch_flow_error_px"] = flow_error(teacher_flow, predicted_flow)
    return signals, teacher_flow


def _inspection(transition: _Transition, prediction: Prediction, predictor: Predictor) -> Inspection:
    assert transition.frame is not None
    signals, teacher_flow = _measure(transition, prediction, predictor)
    return Inspection(
        frame=transition.frame,
        predicted_flow=_picture(prediction.flow_rgb),
        teacher_flow=flow_to_rgb(teacher_flow, predictor.settings.flow_radius_px),
        predicted_frame=_picture(prediction.frame),
        signals=signals,
    )


def _picture(rgb: npt.NDArray[np.float32]) -> Pixels:
    return np.asarray(rgb * 255 + 0.5, np.uint8)
