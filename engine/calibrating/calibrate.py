"""Calibrates a detector: the normal model of its camera, and what its scores mean there."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np

from engine.analysis import pipeline
from engine.calibrating.footage import NormalFootage, is_left_out
from engine.calibrating.held_out_signals import HeldOutSignals
from engine.calibrating.normal_statistics import NormalStatistics, collect_statistics, progress_of
from engine.common.device import ComputeConfig
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr_noop
from engine.common.progress_rate import ProgressRate
from engine.models.detector import Detector
from engine.models.predictor import Predictor
from engine.scoring.calibration import Calibration
from engine.scoring.conditions import without_conditions
from engine.scoring.damage import beside_damage
from engine.scoring.light_calibration import TooLittleFootageError
from engine.scoring.places import PLACED_SIGNALS, signals_within
from engine.scoring.sampling import SAMPLED, Sampling
from engine.scoring.signals import RAW_SIGNALS, missing_signals
from engine.scoring.zones import counted_windows
from engine.video import open_video
from engine.video.source import usual_frame_seconds

HELD_OUT_PHASE = tr_noop("Judging held-out footage")
_MAX_HELD_OUT_FRAMES = 20_000
"""Judged ones, over all videos."""


@dataclass(frozen=True, eq=False)
class Calibrated:
    """What calibrating a detector gives."""

    detector: Detector
    """Of the same networks, with the normal model; its calibration is None where too little was held out for one."""
    held_out: Sequence[HeldOutSignals]
    """What the calibration was learnt from, in the order of the footage."""


def calibrate(
    detector: Detector,
    plan: ComputeConfig,
    footage: NormalFootage,
    should_stop: ShouldStop = never_stop,
    *,
    teacher_weights: Path | None = None,
    sampling: Sampling = SAMPLED,
) -> Generator[Progress, None, Calibrated]:
    """Learn a normal model from all videos, and from the signals of the held-out ones how high scores are there.

    Raises:
        VideoError: a video can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        TeacherError: the weights that its teacher needs are missing or wrong.
        Cancelled: `should_stop` said yes.
    """
    frame_seconds = _frame_seconds(footage.held_out, should_stop)
    predictor = Predictor(detector, "", plan, teacher_weights=teacher_weights)
    statistics = yield from collect_statistics(footage, predictor, frame_seconds, sampling, should_stop)
    # They are judged as recordings will be.
    predictor = predictor.with_layer_ranges(statistics.layer_ranges).with_still_change(statistics.still_change)
    held_out = yield from _measure_held_out(footage, predictor, statistics, frame_seconds, sampling, should_stop)
    signals = [(video.signals, video.times) for video in held_out]
    rare = [
        np.array([is_left_out(each, footage.rare.get(video.path, ())) for each in video.times], np.bool_)
        for video in held_out
    ]
    try:
        calibration = Calibration.of(signals, frame_seconds, statistics.rarities_of_others, sampling, rare)
    except TooLittleFootageError:
        calibration = None
    calibrated = (
        detector.with_settings(replace(detector.settings, calibration=calibration))
        .with_normal_model(statistics.normal_model)
        .with_layer_ranges(statistics.layer_ranges, statistics.rounding_error)
        .with_still_change(statistics.still_change)
    )
    return Calibrated(calibrated, held_out)


def _measure_held_out(
    footage: NormalFootage,
    predictor: Predictor,
    statistics: NormalStatistics,
    frame_seconds: float,
    sampling: Sampling,
    should_stop: ShouldStop,
) -> Generator[Progress, None, list[HeldOutSignals]]:
    """Run the detector over the held-out videos.

    Each is measured by a normal model of all others, as any recording to come will be, or by what it shows before it
    is held out; one that is alone, by its own, to which it is less unusual than a new one will be.
    """
    placed = PLACED_SIGNALS if footage.zones else ()
    found = []
    rate = ProgressRate(0, time.monotonic())
    at_most = max_held_out_frames(len(footage.held_out))
    has_others = len(footage.videos) > 1 or bool(footage.since)
    for number, path in enumerate(footage.held_out):
        own = statistics.of_held_out[number]
        by_others = predictor.with_normal_model(
            statistics.normal_model_without(own) if has_others else statistics.normal_model
        )
        stretches = footage.left_out.get(path, ())
        rows, places = [], []
        with open_video(path, should_stop) as source:
            since = footage.since.get(path, 0.0)
            # The first frame is no sample, but the footage begins with it.
            frames = np.union1d(sampling.frames(source.times), np.arange(min(len(source), 1)))
            frames = frames[source.times[frames] >= since][:at_most]
            results = pipeline.judge(
                source,
                by_others,
                frames,
                sampling,
                frame_seconds=frame_seconds,
                placed=placed,
                should_stop=should_stop,
            )
            for result in islice(results, len(frames)):
                rows.append(missing_signals(1)[0] if is_left_out(result.pts_seconds, stretches) else result.signals)
                places.append(result.places)
                yield progress_of(HELD_OUT_PHASE, number + len(rows) / len(frames), len(footage.held_out), rate)
            frames = frames[: len(rows)]
            times = source.times[frames]
            signals = signals_within(np.array(rows, RAW_SIGNALS), places, placed, counted_windows(footage.zones))
            # A damaged picture among them has made the source decode all, and tell which ones are.
            signals = without_conditions(signals, beside_damage(source.info.concealed, source.times)[frames])
            found.append(HeldOutSignals(path, times, signals))
    return found


def max_held_out_frames(videos: int) -> int:
    """Frames of each of so many held-out videos that the detector runs over."""
    return max(_MAX_HELD_OUT_FRAMES // max(videos, 1), 2)


def _frame_seconds(videos: Sequence[Path], should_stop: ShouldStop) -> float:
    """How long most of the videos' frames last: motion is told in px a frame of this length; 0 where nobody knows."""
    times = []
    for path in videos:
        with open_video(path, should_stop) as source:
            times += [source.times] if source.info.has_own_times else []
    return usual_frame_seconds(*times) or 0.0
