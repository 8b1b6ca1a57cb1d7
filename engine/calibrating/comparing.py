"""Measures what training added over calibration alone: how much of held-out footage is flagged at double speed.

Held-out footage is normal, so it shows no events. At twice its speed it does: everything moves twice as fast.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis.pipeline import judge
from engine.calibrating.calibrate import calibrate
from engine.calibrating.comparison import Comparison
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.normal_statistics import progress_of
from engine.common.device import ComputeConfig
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr_noop
from engine.common.progress_rate import ProgressRate
from engine.models.detector import Detector
from engine.models.predictor import Predictor
from engine.scoring.damage import without_damage
from engine.scoring.scorer import FALSE_ALARMS_PER_HOUR
from engine.scoring.signals import is_judged, missing_signals
from engine.scoring.tail import block_maxima, threshold_for
from engine.video import open_video
from engine.video.frame import Frame
from engine.video.source import VideoInfo, VideoSource

COMPARISON_PHASE = tr_noop("Comparing with calibration alone")
_SPEED = 2
_MAX_SAMPLES = 3000
"""Of all held-out videos: ten minutes at double speed."""


def compare(
    trained: Detector,
    untrained: Detector,
    plan: ComputeConfig,
    footage: NormalFootage,
    should_stop: ShouldStop = never_stop,
    *,
    teacher_weights: Path | None = None,
) -> Generator[Progress, None, Comparison | None]:
    """Calibrate `untrained` networks on the footage of a calibrated detector, and compare what both flag.

    None where they can't be compared, as there is no calibration or no footage to judge.

    Raises:
        VideoError: a video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        TeacherError: the weights that a teacher needs are missing or wrong.
        Cancelled: `should_stop` said yes.
    """
    other = yield from calibrate(untrained, plan, footage, should_stop)
    detectors = (trained, other.detector)
    if any(each.settings.calibration is None for each in detectors):
        return None
    flags = []
    rate = ProgressRate(0, time.monotonic())
    for number, (detector, weights) in enumerate(zip(detectors, (teacher_weights, None), strict=True)):
        flagged: list[npt.NDArray[np.bool_]] = []
        predictor = Predictor(detector, "", plan, teacher_weights=weights)
        for done, path in enumerate(footage.held_out):
            yield progress_of(COMPARISON_PHASE, number + done / len(footage.held_out), len(detectors), rate)
            flagged.append(_flagged_seconds(path, predictor, footage, should_stop))
        flags.append(np.concatenate(flagged))
    yield progress_of(COMPARISON_PHASE, len(detectors), len(detectors), rate)
    mine, theirs = flags
    if not len(mine):
        return None
    counts = (mine.sum(), theirs.sum(), (mine & ~theirs).sum(), (theirs & ~mine).sum())
    return Comparison(len(mine), *map(int, counts))


def _flagged_seconds(
    path: Path, predictor: Predictor, footage: NormalFootage, should_stop: ShouldStop
) -> npt.NDArray[np.bool_]:
    """Whether each second of a held-out video at double speed is flagged."""
    calibration = predictor.settings.calibration
    assert calibration is not None
    since, left_out = footage.since.get(path, 0.0), footage.left_out.get(path, ())
    with open_video(path, should_stop) as opened:
        source = _Faster(opened)
        times, signals = source.times, missing_signals(len(source))
        frames = calibration.sampling.frames(times)
        frames = frames[opened.times[frames] >= since][: _MAX_SAMPLES // len(footage.held_out)]
        for result in judge(source, predictor, frames, calibration.sampling, should_stop=should_stop):
            if not is_left_out(float(opened.times[result.index]), left_out):
                signals[result.index] = result.signals
        # A damaged picture among them has made the source decode all, and tell which ones are.
        signals = without_damage(signals, opened.info.concealed, opened.times)
    judged = is_judged(signals)
    # What has no score is not flagged; both detectors are compared on the same seconds.
    scores = np.nan_to_num(calibration.scores(signals, times), nan=-np.inf)
    scores[~judged] = np.nan
    return np.asarray(block_maxima(scores, times) >= threshold_for(FALSE_ALARMS_PER_HOUR))


class _Faster(VideoSource):
    """A video at double speed: the same frames in half of the time."""

    def __init__(self, source: VideoSource) -> None:
        self._source = source
        self._times = source.times / _SPEED
        self._times.flags.writeable = False

    @property
    def info(self) -> VideoInfo:
        info = self._source.info
        return replace(info, duration_seconds=info.duration_seconds / _SPEED, average_fps=info.average_fps * _SPEED)

    @property
    def times(self) -> npt.NDArray[np.float64]:
        return self._times

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        return _sooner(self._source.read(index, should_stop))

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        return map(_sooner, self._source.frames(start, stop, should_stop))

    def pictures(
        self, wanted: Sequence[int] | npt.NDArray[np.integer], size: int, should_stop: ShouldStop = never_stop
    ) -> Iterator[Frame]:
        return map(_sooner, self._source.pictures(wanted, size, should_stop))

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        self._source.prefetch(start, stop, should_stop)

    def close(self) -> None:
        self._source.close()


def _sooner(frame: Frame) -> Frame:
    return replace(frame, pts_seconds=frame.pts_seconds / _SPEED)
