"""Calibrates a detector: what is usual at its camera, and what its scores mean there."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from engine.analysis import pipeline
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.held_out_signals import JudgedVideo
from engine.calibrating.normal_life import count, progress
from engine.common.device import ComputeConfig
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.progress_rate import ProgressRate
from engine.models.detector import Detector
from engine.models.predictor import Predictor
from engine.scoring.calibration import Calibration
from engine.scoring.signals import RAW_SIGNALS, missing_signals
from engine.video import open_video
from engine.video.source import usual_frame_seconds

JUDGING = "Judging held-out footage"
_MAX_JUDGED = 20_000
"""Frames of held-out footage, over all videos: more than half an hour's work of two cores."""


def calibrate(
    detector: Detector,
    plan: ComputeConfig,
    footage: NormalFootage,
    should_stop: ShouldStop = never_stop,
    *,
    teacher_weights: Path | None = None,
) -> Generator[Progress, None, list[JudgedVideo]]:
    """Learn how things move and look in all videos, judge the held-out ones, and leave both in the detector.

    Returns what the held-out ones, in their order, were judged by.

    A held-out video is judged by the life of all others, as any recording to come will be, or by what it shows before
    it is held out; one that is alone, by its own, which judges it kindly. The motion of the others is judged in the
    same way, for which no network is needed: how rare motion usually is is then known from more than what was held
    out.

    Raises:
        TooLittleFootageError: the held-out videos are too short; what is usual is learnt all the same.
        VideoError: a video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        TeacherError: the weights that its teacher needs are missing or wrong.
        Cancelled: `should_stop` said yes; the detector is as it was.
    """
    frame_seconds = _frame_seconds(footage.held_out, should_stop)
    predictor = Predictor(detector, "", plan, teacher_weights=teacher_weights)
    counted = yield from count(footage, predictor, frame_seconds, should_stop)
    judged = []
    rate = ProgressRate(0, time.monotonic())
    at_most = max_judged_frames(len(footage.held_out))
    has_others = len(footage.videos) > 1 or bool(footage.since)
    for number, path in enumerate(footage.held_out):
        # What a detector has seen of its camera does not hold the recording that it is to judge.
        predictor.normal_model = (
            counted.usual_without(counted.of_held_out[number]) if has_others else counted.normal_model
        )
        stretches = footage.left_out.get(path, ())
        rows = []
        with open_video(path, should_stop) as source:
            first = int(np.searchsorted(source.times, footage.since.get(path, 0.0)))
            to_judge = min(len(source) - first, at_most)
            results = pipeline.analyse(
                source, predictor, start=first, frame_seconds=frame_seconds, should_stop=should_stop
            )
            for result in islice(results, at_most):
                rows.append(missing_signals(1)[0] if is_left_out(result.pts_seconds, stretches) else result.signals)
                yield progress(JUDGING, number + len(rows) / to_judge, len(footage.held_out), rate)
            judged.append(JudgedVideo(path, source.times[first : first + len(rows)], np.array(rows, RAW_SIGNALS)))
    detector.normal_model = counted.normal_model
    detector.settings = replace(detector.settings, calibration=None)
    calibration = Calibration.of([(video.signals, video.times) for video in judged], frame_seconds, counted.others)
    detector.settings = replace(detector.settings, calibration=calibration)
    return judged


def max_judged_frames(videos: int) -> int:
    """Frames of each of so many held-out videos."""
    return max(_MAX_JUDGED // max(videos, 1), 2)


def _frame_seconds(videos: Sequence[Path], should_stop: ShouldStop) -> float:
    """How long most of the videos' frames last: motion is told in px a frame of this length; 0 where nobody knows."""
    times = []
    for path in videos:
        with open_video(path, should_stop) as source:
            times += [source.times] if source.info.has_own_times else []
    return usual_frame_seconds(*times) or 0.0
