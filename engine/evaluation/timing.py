"""Table 3: frames per second of prediction and detection, at batch 1 and at the fastest batch size."""

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
from engine.evaluation.machine import run_queue_wait_seconds
from engine.models.picture import model_picture
from engine.models.predictor import Predictor
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoInfo, VideoSource

PHASE = "Timing"
FRAMES = 64
"""Number of frames, which are repeated for as long as the measurement lasts."""
_BATCHES = (2, 4, 8, 16, 32, 64)
_BATCHES_ON_CPU = (2, 4, 8)
_WARM_UP = 2
_MIN_REPETITIONS, _MIN_PER_ROUND, _MAX_REPETITIONS = 5, 2, 50  # numbers of repetitions
_TIMEOUT_SECONDS = 6.0  # spent on the repetitions of one median
_ROUNDS = 3


@dataclass(frozen=True)
class Timing:
    """Frames per second from median times of everything that the analysis does with a frame, except decoding."""

    prediction_fps: float
    """From I_{t-1} to the predicted frame, at batch 1: "prediction" in the paper."""
    detection_fps: float
    """From the frames to all raw signals, including teacher flow, at batch 1: "detection" in the paper."""
    best_batch: int
    prediction_fps_best_batch: float
    detection_fps_best_batch: float
    device: str
    """Device and precision in words."""
    threads: int
    """Number of CPU threads of torch."""
    processor_denied: float | None
    """Fraction of the requested processor time that other programs took; None if the system does not report it.

    If it is not near 0, all figures are too low, because cooperating threads wait for the slowest one.
    """


def time_detector(
    predictor: Predictor,
    frames: Sequence[Pixels],
    should_stop: ShouldStop = never_stop,
    *,
    timeout_seconds: float = _TIMEOUT_SECONDS,
) -> Iterator[Progress | Timing]:
    """Time a detector on frames of any size, uint8 [H, W, 3] each; the last item is the Timing.

    Raises:
        DeviceError: a single frame does not fit into the device's memory.
        Cancelled: `should_stop` said yes.
    """
    batch_size_before = predictor.batch_size
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
            predict = partial(predictor.predict, _batch_of(pictures, batch))
            seconds_per_frame = median_seconds(predict, timeout_seconds=timeout_seconds / 2) / batch
            if predictor.batch_size < batch:
                break  # the predictor reduced the batch, because this one does not fit into memory
            seconds[batch] = seconds_per_frame
        best = min(seconds, key=lambda batch: seconds[batch])
        timers = {batch: _AlternatingTimer(predictor, frames, batch) for batch in (1, best)}
        for done, (batch, _) in enumerate(product(timers, range(_ROUNDS))):
            yield Progress(PHASE, len(batches) + done, total)
            timers[batch].measure(timeout_seconds / _ROUNDS, should_stop)
    finally:
        predictor.batch_size = batch_size_before
    yield Progress(PHASE, total, total)
    yield Timing(
        prediction_fps=timers[1].prediction_fps,
        detection_fps=timers[1].detection_fps,
        best_batch=best,
        prediction_fps_best_batch=timers[best].prediction_fps,
        detection_fps_best_batch=timers[best].detection_fps,
        device=predictor.device_label,
        threads=torch.get_num_threads(),
        processor_denied=timers[1].processor_denied,
    )


def drifting_texture(width_px: int = 360, height_px: int = 240, count: int = FRAMES) -> list[Pixels]:
    """Synthetic frames of UCSD Ped2's size that drift by a pixel a frame; content does not change a network's speed."""
    noise = np.random.default_rng(0).integers(0, 256, (height_px, width_px + count, 3), np.uint8)
    noise = np.asarray(cv2.GaussianBlur(noise, (0, 0), 2), np.uint8)
    return [np.ascontiguousarray(noise[:, shift : shift + width_px]) for shift in range(count)]


def median_seconds(call: Callable[[], object], *, timeout_seconds: float = _TIMEOUT_SECONDS) -> float:
    """Median time of a call after warming up; slow calls are repeated for about `timeout_seconds`."""
    return float(np.median(_repetition_seconds(call, timeout_seconds, _MIN_REPETITIONS)))


class _AlternatingTimer:
    """Times prediction and the whole analysis alternately, so that other load on the machine affects both alike."""

    def __init__(self, predictor: Predictor, frames: Sequence[Pixels], batch: int) -> None:
        self._predictor, self._frames, self._batch = predictor, frames, batch
        self._pictures = _batch_of([model_picture(frame) for frame in frames[:batch]], batch)
        self._prediction: list[float] = []
        self._detection: list[float] = []
        self._used_seconds = 0.0
        self._waited_seconds: float | None = 0.0

    def measure(self, timeout_seconds: float, should_stop: ShouldStop) -> None:
        """Measure one round of prediction and one of the analysis."""
        self._predictor.batch_size = self._batch
        used, waited = time.process_time(), run_queue_wait_seconds()
        seconds = _repetition_seconds(partial(self._predictor.predict, self._pictures), timeout_seconds, _MIN_PER_ROUND)
        self._prediction += [each / self._batch for each in seconds]
        self._detection += _detection_seconds(self._predictor, self._frames, self._batch, should_stop, timeout_seconds)

        self._used_seconds += time.process_time() - used
        waited_since = run_queue_wait_seconds()
        if waited is None or waited_since is None or self._waited_seconds is None:
            self._waited_seconds = None
        else:
            self._waited_seconds += waited_since - waited

    @property
    def prediction_fps(self) -> float:
        """Predictions per second, from the median time."""
        return 1 / float(np.median(self._prediction))

    @property
    def detection_fps(self) -> float:
        """Frames analysed per second, from the median time."""
        return 1 / float(np.median(self._detection))

    @property
    def processor_denied(self) -> float | None:
        """See `Timing.processor_denied`."""
        if self._waited_seconds is None:
            return None
        waited = max(self._waited_seconds, 0.0)  # the sum may decrease, because it excludes threads that have ended
        return waited / max(self._used_seconds + waited, 1e-9)


def _batch_of(pictures: Sequence[Pixels], batch: int) -> list[Pixels]:
    """A batch of pictures, repeated if there are fewer."""
    return [pictures[n % len(pictures)] for n in range(batch)]


def _repetition_seconds(call: Callable[[], object], timeout_seconds: float, min_repetitions: int) -> list[float]:
    """Times of a call in seconds, after warming up; at least `min_repetitions` of them."""
    for _ in range(_WARM_UP):
        call()
    seconds: list[float] = []
    while len(seconds) < min_repetitions or (len(seconds) < _MAX_REPETITIONS and sum(seconds) < timeout_seconds):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return seconds


def _detection_seconds(
    predictor: Predictor, frames: Sequence[Pixels], batch: int, should_stop: ShouldStop, timeout_seconds: float
) -> list[float]:
    """Seconds per frame of analysing a video in memory, measured for each batch."""
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
        if len(seconds) >= _MIN_PER_ROUND and sum(seconds) * batch > timeout_seconds:
            break
    return seconds


class _InMemory(VideoSource):
    """A video of any length that repeats decoded frames from memory."""

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
