"""Runs detectors over recordings for their acceptance; what is measured is stored like any other analysis."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis.runner import analyse_to_store, analysis_key
from engine.analysis.score_store import ScoreStore
from engine.analysis.zoned import stored_signals_within
from engine.calibrating.footage import is_left_out
from engine.calibrating.held_out_signals import load_held_out_signals
from engine.common.errors import DatasetError, VideoError
from engine.common.events import Progress, ShouldStop
from engine.common.paths import resolved
from engine.datasets import open_dataset
from engine.datasets.held_out import Stretch
from engine.scoring.scorers import comparable_scorer
from engine.scoring.signals import missing_signals
from engine.training import Run
from engine.training.confirmed import ConfirmedEffects, confirmed_effects
from vadgui.jobs.openers import PredictorOpener, VideoOpener
from vadgui.training.model.acceptance import MeasuredRecording, MeasureRequest

_LEVELS_ABOVE = 3  # a video of a dataset lies this deep in its tree at most


@dataclass(frozen=True)
class AcceptanceWork:
    """Measures recordings; what it needs for that are the openers of both, and the folder of analyses."""

    analyses: Path
    video_opener: VideoOpener
    predictor_opener: PredictorOpener

    def measure(
        self, request: MeasureRequest, device: str, should_stop: ShouldStop
    ) -> Iterator[MeasuredRecording | float]:
        """How far it is, and what each detector measured of each recording, complete ones only."""
        total = len(request.videos) * len(request.detectors)
        done = 0
        yield 0.0
        for detector in request.detectors:
            predictor = self.predictor_opener(detector, device)
            for video in request.videos:
                with self.video_opener(video, should_stop=should_stop) as source:
                    sampling = comparable_scorer(predictor.settings.calibration).sampling
                    with ScoreStore(self.analyses, analysis_key(source, predictor, sampling)) as store:
                        for progress in analyse_to_store(source, predictor, store, should_stop, sampling=sampling):
                            yield (done + progress.done / max(progress.total, 1)) / total
                        signals = stored_signals_within(store, source, predictor.settings.calibration, ())
                    labels = abnormal_frames(video, len(source)) if request.labelled else None
                    yield MeasuredRecording(
                        video, detector, source.times, signals, labels, predictor.settings.calibration
                    )
                done += 1
                yield done / total

    def measure_held_out(
        self, run: Run, request: MeasureRequest, device: str, should_stop: ShouldStop
    ) -> Iterator[MeasuredRecording | float]:
        """The same of a run's held-out recordings, as the run itself measured them; what it did not is measured now.

        Since then they are part of the detector's normal model, by which another analysis would find them less unusual.
        """
        known = {video.path: video for video in load_held_out_signals(run.held_out_signals_path)}
        if not set(request.videos) <= set(known):
            left_out = run.settings.left_out
            for event in self.measure(request, device, should_stop):
                yield (
                    _without(event, left_out.get(str(event.video), ()))
                    if isinstance(event, MeasuredRecording)
                    else event
                )
            return
        (detector,) = request.detectors
        calibration = self.predictor_opener(detector, device).settings.calibration
        for video in request.videos:
            yield MeasuredRecording(video, detector, known[video].times, known[video].signals, calibration=calibration)


def judge_confirmed(run: Run, device: str, should_stop: ShouldStop) -> Iterator[Progress | ConfirmedEffects]:
    """How far it is, and what a run's detector makes of the segments that were confirmed with the one before it."""
    yield (yield from confirmed_effects(run.settings, run.detector_path, device, should_stop))


def _without(recording: MeasuredRecording, left_out: Sequence[Stretch]) -> MeasuredRecording:
    """The same without what is not normal in it."""
    signals = recording.signals.copy()
    signals[[is_left_out(seconds, left_out) for seconds in recording.times]] = missing_signals(1)[0]
    return replace(recording, signals=signals)


def abnormal_frames(video: Path, frame_count: int) -> npt.NDArray[np.bool_] | None:
    """The labels of a dataset's test video, found by the tree it lies in; None where there are none."""
    for folder in list(resolved(video).parents)[:_LEVELS_ABOVE]:
        try:
            testing = open_dataset(folder).testing
        except (DatasetError, VideoError):
            continue
        found = [each.abnormal for each in testing if resolved(each.path) == resolved(video)]
        if found and len(found[0]) == frame_count:
            return found[0]
    return None
