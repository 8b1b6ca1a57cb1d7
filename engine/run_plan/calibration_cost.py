"""What it takes to calibrate the detector at the end of a run, and to compare it with calibration alone."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from engine.analysis import pipeline
from engine.calibrating.calibrate import max_held_out_frames
from engine.calibrating.normal_statistics import appearance_frames
from engine.common.device import ComputeConfig
from engine.common.events import ShouldStop
from engine.models.detector import Detector
from engine.models.predictor import Predictor
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.normal_model import NormalModel
from engine.scoring.sampling import SAMPLED
from engine.training.footage_plan import FootagePlan
from engine.video import open_video
from engine.video.frame import Pixels

_TRIED_FRAMES = 8
_CALIBRATIONS = 2
"""Of the detector, and of networks that were not trained."""
_JUDGED = 3
"""How often held-out footage is judged: once for each calibration, and by both in half of the time."""


@dataclass(frozen=True)
class CalibrationCostContext:
    """How much there is to do, and on what it can be tried."""

    video: str
    statistics_frames: int
    """Frames whose motion is counted; features are extracted of some."""
    held_out_frames: tuple[int, ...]
    """Of each held-out video: the detector runs over samples of them."""

    @classmethod
    def of(cls, plan: FootagePlan) -> CalibrationCostContext | None:
        """What a run's footage asks for; None where nothing is held out."""
        held_out = [video for video in plan.videos if video.is_held_out]
        if not held_out:
            return None
        return cls(
            video=held_out[0].path,
            statistics_frames=sum({video.path: video.frames for video in plan.videos}.values()),
            held_out_frames=tuple(video.frames - video.first_held_out for video in held_out),
        )


def calibration_seconds(
    context: CalibrationCostContext,
    detector: Detector,
    plan: ComputeConfig,
    should_stop: ShouldStop,
    *,
    teacher_weights: Path | None = None,
) -> float:
    """Try all of it on a few frames with a detector of the run's size, and say how long all frames would take.

    Raises:
        VideoError: the video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        TeacherError: the weights that its teacher needs are missing or wrong.
        Cancelled: `should_stop` said yes.
    """
    histogram = MotionHistogram()
    frames_per_sample = 1.0
    predictor = Predictor(detector, "", plan, teacher_weights=teacher_weights)
    began = time.perf_counter()
    with open_video(context.video, should_stop) as source:
        opening_seconds = time.perf_counter() - began
        samples = SAMPLED.frames(source.times)
        frames_per_sample = len(source) / max(len(samples), 1)
        ends = [time.perf_counter()]
        pictures = []
        for _, picture, motion in islice(pipeline.motions(source, samples, should_stop=should_stop), _TRIED_FRAMES):
            histogram.add(motion)
            pictures.append(picture)
            ends.append(time.perf_counter())
        statistics_seconds = _each(ends, 1)
        features_seconds = _features_seconds(predictor, pictures)
        predictor = predictor.with_normal_model(NormalModel(histogram))
        # Whole batches: each comes at once, when it is done.
        tried = predictor.batch_size * (1 + math.ceil(_TRIED_FRAMES / predictor.batch_size))
        ends = [time.perf_counter()]
        for _ in pipeline.judge(source, predictor, samples[:tried], SAMPLED, should_stop=should_stop):
            ends.append(time.perf_counter())
        analysis_seconds = _each(ends, predictor.batch_size)
    at_most = max_held_out_frames(len(context.held_out_frames))
    samples_of_all = round(context.statistics_frames / frames_per_sample)
    return (
        opening_seconds
        + _CALIBRATIONS * samples_of_all * statistics_seconds
        + _CALIBRATIONS * appearance_frames(samples_of_all) * features_seconds
        + _JUDGED
        * sum(min(frames / frames_per_sample, at_most) for frames in context.held_out_frames)
        * analysis_seconds
    )


def _features_seconds(predictor: Predictor, pictures: list[Pixels]) -> float:
    """Seconds that the features of a frame take."""
    predictor.appearances(pictures)  # the first time takes longer
    began = time.perf_counter()
    predictor.appearances(pictures)
    return (time.perf_counter() - began) / max(len(pictures), 1)


def _each(ends: list[float], warming_up: int) -> float:
    """Seconds an item, by when each was done; the first ones take longer, and don't count where there are others."""
    first = warming_up if len(ends) > warming_up + 1 else 0
    return (ends[-1] - ends[first]) / max(len(ends) - 1 - first, 1)
