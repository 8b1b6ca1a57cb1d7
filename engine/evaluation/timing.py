"""Table 3: how many frames a second a detector predicts and judges, one at a time and in its best batch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch

from engine.analysis.pipeline import analyse
from engine.common.errors import Cancelled
from engine.common.events import Progress, ShouldStop, never_stop
from engine.evaluation.machine import seconds_waited_for_processor
from engine.models.picture import model_picture
from engine.models.predictor import Predictor
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoInfo, VideoSource

PHASE = "Timing"
FRAMES = 64
"""That are shown over and over."""
_BATCHES = (2, 4, 8, 16, 32, 64)
_BATCHES_ON_CPU = (2, 4, 8)
_WARM_UP = 2
_MIN_REPETITIONS, _MIN_PER_ROUND, _MAX_REPETITIONS = 5, 2, 50  # repetitions
_TIMEOUT_SECONDS = 6.0  # for one median
_ROUNDS = 3


@dataclass(frozen=True)
class Timing:
    """Frames a second, each from a median: decoding is left out, all that the analysis does with a frame is not."""

    prediction_fps: float
    """From I_{t-1} to the predicted frame, at batch 1: the paper's "prediction"."""
    detection_fps: float
    """From the frames to all raw signals, teacher flow included, at batch 1: the paper's "detection"."""
    best_batch: int
    prediction_fps_best_batch: float
    detection_fps_best_batch: float
    device: str
    """Device and precision in words."""
    threads: int
    """That torch computes with on the CPU."""
    processor_denied: float | None
    """Of the processor time that it could have used, the share that others had; None where the system does not tell.

    All figures are too low where this is not near 0: threads that work together wait for the last of them.
    """


def time_detector(
    predictor: Predictor,
    frames: Sequence[Pixels],
    should_stop: ShouldStop = never_stop,
    *,
    patience_seconds: float = _TIMEOUT_SECONDS,
) -> Iterator[Progress | Timing]:
    """Time a detector on frames of any size, uint8 [H, W, 3] each; ends with the Timing.

    Raises:
        DeviceError: a single frame does not fit into the device's memory.
        Cancelled: `should_stop` said yes.
    """
    usual_batch = predictor.batch_size
    batches = [1, *(_BATCHES_ON_CPU if predictor.is_on_cpu else _BATCHES)]
    total = len(batches) + 2 * _ROUNDS
    pictures = [model_picture(frame) for frame in frames]
    seconds: dict[int, float] = {}
    try:
        for batch in batches:
            if should_stop():
                raise Cancelled
            yield Progress(PHASE, len(seconds), total)
            predictor.batch_size = batch
            predict = partial(predictor.predict, _together(pictures, batch))
            each = median_seconds(predict, patience_seconds=patience_seconds / 2) / batch
            if predictor.batch_size < batch:
                break  # no more fits into memory
            seconds[batch] = each
        best = min(seconds, key=lambda batch: seconds[batch])
        turns = {batch: _InTurns(predictor, frames, batch) for batch in (1, best)}
        for done, (batch, _) in enumerate(product(turns, range(_ROUNDS))):
            yield Progress(PHASE, len(batches) + done, total)
            turns[batch].measure(patience_seconds / _ROUNDS, should_stop)
    finally:
        predictor.batch_size = usual_batch
    yield Progress(PHASE, total, total)
    yield Timing(
        prediction_fps=turns[1].prediction_fps,
        detection_fps=turns[1].detection_fps,
        best_batch=best,
        prediction_fps_best_batch=turns[best].prediction_fps,
        detection_fps_best_batch=turns[best].detection_fps,
        device=predictor.device_label,
        threads=torch.get_num_threads(),
        processor_denied=turns[1].processor_denied,
    )


def drifting_texture(width_px: int = 360, height_px: int = 240, count: int = FRAMES) -> list[Pixels]:
    """Frames of UCSD Ped2's size in which something moves: what is seen does not change the speed of a network."""
    noise = np.random.default_rng(0).integers(0, 256, (height_px, width_px + count, 3), np.uint8)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)
    return [np.ascontiguousarray(noise[:, shift : shift + width_px]) for shift in range(count)]


def median_seconds(call: Callable[[], object], *, patience_seconds: float = _TIMEOUT_SECONDS) -> float:
    """Median time of a call, after it has warmed up; fewer repetitions where they would try one's patience."""
    return float(np.median(_repeated(call, patience_seconds, _MIN_REPETITIONS)))


class _InTurns:
    """Times of prediction and of the whole analysis, in turns: what else the machine does meets both alike."""

    def __init__(self, predictor: Predictor, frames: Sequence[Pixels], batch: int) -> None:
        self._predictor, self._frames, self._batch = predictor, frames, batch
        self._pictures = _together([model_picture(frame) for frame in frames[:batch]], batch)
        self._prediction: list[float] = []
        self._detection: list[float] = []
        self._used_seconds = 0.0
        self._waited_seconds: float | None = 0.0

    def measure(self, patience_seconds: float, should_stop: ShouldStop) -> None:
        """Take a turn each."""
        self._predictor.batch_size = self._batch
        used, waited = time.process_time(), seconds_waited_for_processor()
        seconds = _repeated(partial(self._predictor.predict, self._pictures), patience_seconds, _MIN_PER_ROUND)
        self._prediction += [each / self._batch for each in seconds]
        self._detection += _detection_seconds(self._predictor, self._frames, self._batch, should_stop, patience_seconds)

        self._used_seconds += time.process_time() - used
        waited_since = seconds_waited_for_processor()
        if waited is None or waited_since is None or self._waited_seconds is None:
            self._waited_seconds = None
        else:
            self._waited_seconds += waited_since - waited

    @property
    def prediction_fps(self) -> float:
        """Frames a second, from the median."""
        return 1 / float(np.median(self._prediction))

    @property
    def detection_fps(self) -> float:
        """The same of the whole analysis."""
        return 1 / float(np.median(self._detection))

    @property
    def processor_denied(self) -> float | None:
        """See Timing."""
        if self._waited_seconds is None:
            return None
        waited = max(self._waited_seconds, 0.0)  # threads that have ended take theirs with them
        return waited / max(self._used_seconds + waited, 1e-9)


def _together(pictures: Sequence[Pixels], batch: int) -> list[Pixels]:
    """A batch of pictures, shown again where there are fewer."""
    return [pictures[n % len(pictures)] for n in range(batch)]


def _repeated(call: Callable[[], object], patience_seconds: float, fewest: int) -> list[float]:
    """Times of a call, once it has warmed up."""
    for _ in range(_WARM_UP):
        call()
    seconds: list[float] = []
    while len(seconds) < fewest or (len(seconds) < _MAX_REPETITIONS and sum(seconds) < patience_seconds):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return seconds


def _detection_seconds(
    predictor: Predictor, frames: Sequence[Pixels], batch: int, should_stop: ShouldStop, patience_seconds: float
) -> list[float]:
    """Times a frame of the analysis of a video in memory, taken a batch at a time."""
    seconds: list[float] = []
    began = 0.0
    video = _InMemory(frames, (_WARM_UP + _MAX_REPETITIONS) * batch + 1)
    for result in analyse(video, predictor, should_stop=should_stop):
        if result.index % batch:
            continue  # frame 0 has no transition; a batch ends at a multiple of its size
        now = time.perf_counter()
        if result.index > _WARM_UP * batch:
            seconds.append((now - began) / batch)
        began = now
        if len(seconds) >= _MIN_PER_ROUND and sum(seconds) * batch > patience_seconds:
            break
    return seconds


class _InMemory(VideoSource):
    """A video of any length that shows the same frames over and over, and needs no decoding."""

    def __init__(self, frames: Sequence[Pixels], count: int) -> None:
        height, width = frames[0].shape[:2]
        self._frames = frames
        self._times = np.arange(count) / 25
        self._info = VideoInfo(Path("memory"), "memory", width, height, count, count / 25, 25.0, "raw", "")

    @property
    def info(self) -> VideoInfo:
        return self._info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        return self._times

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:  # noqa: ARG002
        return Frame(self._frames[index % len(self._frames)], index, float(self._times[index]))

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        for index in range(start, len(self) if stop is None else stop):
            yield self.read(index, should_stop)

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        pass

    def close(self) -> None:
        pass
