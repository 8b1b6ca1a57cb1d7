"""Runs a detector over a video: streams raw signals, or the pictures behind one frame's score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.events import ShouldStop, never_stop
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


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
    raise NotImplementedError


def inspect(
    source: VideoSource, predictor: Predictor, start: int, stop: int, *, should_stop: ShouldStop = never_stop
) -> Iterator[Inspection]:
    """Stream the pictures behind frames [start, stop); frame 0 has no transition, so `start` must be at least 1.

    Raises:
        ValueError: `start` is below 1.
        VideoError: a frame can't be decoded.
        Cancelled: `should_stop` said yes.
    """
    raise NotImplementedError


def inspect_pair(previous: Frame, frame: Frame, predictor: Predictor) -> Inspection:
    """The pictures behind one transition whose two frames are at hand."""
    raise NotImplementedError
