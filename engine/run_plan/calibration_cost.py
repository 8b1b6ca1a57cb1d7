"""What it takes to calibrate the detector at the end of a run."""

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
from engine.training.prepare_cache import FootagePlan
from engine.video import open_video
from engine.video.frame import Pixels

_TRIED_FRAMES = 8


@dataclass(frozen=True)
class CalibrationCostContext:
    """How much there is to do, and on what it can be tried."""

    video: str
    statistics_frames: int
    """Frames whose motion is counted; features are extracted of some."""
    held_out_frames: int
    """Frames that the detector runs over."""

    @classmethod
    def of(cls, plan: FootagePlan) -> CalibrationCostContext | None:
        """What a run's footage asks for; None where nothing is held out."""
        held_out = [video for video in plan.videos if video.is_held_out]
        if not held_out:
            return None
        at_most = max_held_out_frames(len(held_out))
        return cls(
            video=held_out[0].path,
            statistics_frames=sum({video.path: video.frames for video in plan.videos}.values()),
            held_out_frames=sum(min(video.frames - video.first_held_out, at_most) for video in held_out),
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
    predictor = Predictor(detector, "", plan, teacher_weights=teacher_weights)
    began = time.perf_counter()
    with open_video(context.video, should_stop) as source:
        opening_seconds = time.perf_counter() - began
        ends = [time.perf_counter()]
        pictures = []
        for picture, motion in islice(pipeline.motions(source, should_stop=should_stop), _TRIED_FRAMES):
            histogram.add(motion)
            pictures.append(picture)
            ends.append(time.perf_counter())
        statistics_seconds = _each(ends, 1)
        features_seconds = _features_seconds(predictor, pictures)
        predictor = predictor.with_normal_model(NormalModel(histogram))
        # Whole batches: each comes at once, when it is done.
        tried = predictor.batch_size * (1 + math.ceil(_TRIED_FRAMES / predictor.batch_size))
        ends = [time.perf_counter()]
        # The first frame of a video is free: it has no transition.
        for _ in islice(pipeline.analyse(source, predictor, start=1, should_stop=should_stop), tried):
            ends.append(time.perf_counter())
        analysis_seconds = _each(ends, predictor.batch_size)
    return (
        opening_seconds
        + context.statistics_frames * statistics_seconds
        + appearance_frames(context.statistics_frames) * features_seconds
        + context.held_out_frames * analysis_seconds
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
