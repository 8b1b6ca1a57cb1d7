"""Learns from verdicts: footage that a person has reviewed is added to what a detector takes as normal."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.analysis import pipeline
from engine.calibrating.footage import NormalFootage
from engine.calibrating.normal_statistics import collect_statistics
from engine.common.device import ComputeConfig
from engine.common.errors import TrainingError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr, tr_noop
from engine.datasets.held_out import Stretch
from engine.models.detector import Detector
from engine.models.predictor import Predictor
from engine.review.attaching import ReviewedSegment
from engine.review.document import Verdict
from engine.review.edits import NORMAL_REASONS
from engine.scoring.calibration import Calibration
from engine.scoring.damage import beside_damage, without_damage
from engine.scoring.motion import BASELINE_SECONDS
from engine.scoring.motion_histogram import MotionHistogram
from engine.scoring.normal_model import NormalModel
from engine.scoring.places import placed_signals, signals_within
from engine.scoring.signals import RAW_SIGNALS, RawSignals, missing_signals
from engine.scoring.tail import BLOCK_SECONDS
from engine.scoring.zones import Zones, counted_windows
from engine.video import open_video
from engine.video.source import VideoSource


@dataclass(frozen=True, eq=False)
class ReviewedFootage:
    """A recording with the segments that were flagged in it, and what a person said of them."""

    path: Path
    times: npt.NDArray[np.float64]
    """When its frames appear [N], in seconds."""
    ends: npt.NDArray[np.float64]
    """When each goes [N]."""
    signals: RawSignals
    """[N], as the detector measured them inside the zones."""
    segments: Sequence[ReviewedSegment]
    """All that are flagged or judged."""
    enter: float
    """The score from which on a frame is flagged."""
    zones: Zones = ()

    def stretch(self, segment: ReviewedSegment) -> Stretch:
        """When a segment lasts."""
        return float(self.times[segment.start]), float(self.ends[segment.stop - 1])

    def frames_of(self, segments: Iterable[ReviewedSegment]) -> npt.NDArray[np.bool_]:
        """Which frames [N] are in one of the segments."""
        found = np.zeros(len(self.times), np.bool_)
        for each in segments:
            found[each.start : each.stop] = True
        return found

    def is_normal(self, segment: ReviewedSegment, reasons: Collection[str]) -> bool:
        """Whether a person dismissed a segment for one of these reasons."""
        return segment.verdict is Verdict.DISMISSED and segment.judged is not None and segment.judged.reason in reasons

    def left_out(self, reasons: Collection[str]) -> list[Stretch]:
        """What is not known to be normal: every segment that was not dismissed for one of these reasons."""
        return [self.stretch(each) for each in self.segments if not self.is_normal(each, reasons)]

    def undecided_seconds(self, reasons: Collection[str]) -> float:
        """How much of what is left out may be normal all the same, as nobody confirmed it."""
        undecided = (
            self.stretch(each)
            for each in self.segments
            if each.verdict is not Verdict.CONFIRMED and not self.is_normal(each, reasons)
        )
        return sum(stop - start for start, stop in undecided)


@dataclass(frozen=True)
class Effect:
    """What became of the score of a segment that a person had judged."""

    path: Path
    segment: ReviewedSegment
    seconds: float
    """When it begins."""
    before: float
    after: float
    """The highest score in it; NaN where nothing is known."""
    enter: float

    @property
    def is_lost(self) -> bool:
        """Whether a confirmed segment is not flagged any more."""
        return self.segment.verdict is Verdict.CONFIRMED and self.before >= self.enter > self.after

    @property
    def is_flagged(self) -> bool:
        """Whether it would be flagged now."""
        return self.after >= self.enter


@dataclass(frozen=True, eq=False)
class Recalibrated:
    """A detector that has learnt from verdicts, and what that changes."""

    detector: Detector
    effects: Sequence[Effect]
    """Of all confirmed segments, and of those that were taken as normal."""


def recalibrate(
    detector: Detector,
    plan: ComputeConfig,
    footage: Sequence[ReviewedFootage],
    should_stop: ShouldStop = never_stop,
    *,
    reasons: Collection[str] = NORMAL_REASONS,
    teacher_weights: Path | None = None,
) -> Generator[Progress, None, Recalibrated]:
    """Add reviewed recordings to a detector's normal model and to its calibration; its networks stay.

    Normal is what was not flagged, and what was dismissed for one of the `reasons`. Of the rest, what nobody confirmed
    counts as seconds that score higher than all others, so that leaving it out lowers no threshold. How high seconds
    score that were not flagged is taken from the detector as it was, which does not know these recordings; a dismissed
    segment is measured by all normal footage but itself, as its like to come will be.

    Raises:
        TrainingError: the detector has no calibration.
        VideoError: a recording can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    calibration = detector.settings.calibration
    if calibration is None:
        raise TrainingError(
            tr("This detector has no calibration to which anything could be added"),
            subject=detector.settings.name,
            advice=tr("Calibrate it on normal footage first."),
        )
    left_out = {each.path: each.left_out(reasons) for each in footage}
    predictor = Predictor(detector, "", plan, teacher_weights=teacher_weights)
    statistics = yield from collect_statistics(
        NormalFootage([each.path for each in footage], left_out=left_out),
        predictor,
        calibration.frame_seconds,
        calibration.sampling,
        should_stop,
        detector.normal_model,
    )
    normal, dismissed = [], []
    for each, own in zip(footage, statistics.of_held_out, strict=True):
        others = predictor.with_normal_model(statistics.normal_model_without(own))
        signals = yield from _normal_signals(each, reasons, calibration, others, statistics.motion, should_stop)
        normal.append((signals, each.times))
        dismissed.append(each.frames_of(segment for segment in each.segments if each.is_normal(segment, reasons)))
    undecided = sum(each.undecided_seconds(reasons) for each in footage)
    learnt = calibration.with_more(normal, dismissed, round(undecided / BLOCK_SECONDS))
    effects = []
    after = predictor.with_normal_model(statistics.normal_model)
    for each in footage:
        effects += yield from effects_of(each, reasons, calibration, learnt, after, should_stop)
    settings = replace(detector.settings, calibration=learnt)
    return Recalibrated(detector.with_normal_model(statistics.normal_model).with_settings(settings), effects)


def _normal_signals(
    footage: ReviewedFootage,
    reasons: Collection[str],
    calibration: Calibration,
    others: Predictor,
    motion: MotionHistogram,
    should_stop: ShouldStop,
) -> Generator[Progress, None, RawSignals]:
    """Raw signals [N] of a recording, unknown where it is not normal; `motion` is that of all normal footage.

    What is dismissed is measured by the looks of the `others` and all motion but its own.
    """
    signals = footage.signals.copy()
    dismissed = [each for each in footage.segments if footage.is_normal(each, reasons)]
    with open_video(footage.path, should_stop) as source:
        for number, each in enumerate(dismissed):
            yield Progress(tr_noop("Measuring dismissed segments"), number, len(dismissed))
            own = _motion_in(source, each, calibration, should_stop)
            model = NormalModel(motion.without(own), others.normal_model.appearance)
            by_all_else = others.with_normal_model(model)
            measured = _measured(source, each, calibration, by_all_else, footage.zones, should_stop)
            known = ~np.isnan(measured["speed_rarity"])
            signals[known] = measured[known]
    for start, stop in footage.left_out(reasons):
        first, end = np.searchsorted(footage.times, [start, stop + BASELINE_SECONDS])
        signals[first:end] = missing_signals(1)[0]
    return signals


def _motion_in(
    source: VideoSource, segment: ReviewedSegment, calibration: Calibration, should_stop: ShouldStop
) -> MotionHistogram:
    """How things move in a segment."""
    samples = calibration.sampling.frames(source.times)
    samples = samples[(samples >= max(segment.start, 1)) & (samples < segment.stop)]
    # Analysing the recording has come upon any damage, and told which pictures it has changed.
    samples = samples[~beside_damage(source.info.concealed, source.times)[samples]]
    found = MotionHistogram()
    for _, _, motion in pipeline.motions(
        source, samples, frame_seconds=calibration.frame_seconds, should_stop=should_stop
    ):
        found.add(motion)
    return found


def effects_of(
    footage: ReviewedFootage,
    reasons: Collection[str],
    before: Calibration,
    after: Calibration,
    predictor: Predictor,
    should_stop: ShouldStop,
) -> Generator[Progress, None, list[Effect]]:
    """Score each confirmed segment by another detector, and each that was dismissed for one of the `reasons`.

    `before` is the calibration of the detector that measured the footage, `after` that of `predictor`. Measured is as
    much around a segment as its score depends on.

    Raises:
        VideoError: the recording can't be opened or decoded.
        DeviceError: the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    judged = [
        each for each in footage.segments if each.verdict is Verdict.CONFIRMED or footage.is_normal(each, reasons)
    ]
    effects = []
    scores = before.scores(footage.signals, footage.times)
    with open_video(footage.path, should_stop) as source:
        for number, each in enumerate(judged):
            yield Progress(tr_noop("Comparing with the detector as it was"), number, len(judged))
            frames = slice(each.start, each.stop)
            signals = _measured(source, each, after, predictor, footage.zones, should_stop)
            effects.append(
                Effect(
                    footage.path,
                    each,
                    float(footage.times[each.start]),
                    _peak(scores[frames]),
                    _peak(after.scores(signals, footage.times)[frames]),
                    footage.enter,
                )
            )
    return effects


def _measured(
    source: VideoSource,
    segment: ReviewedSegment,
    calibration: Calibration,
    predictor: Predictor,
    zones: Zones,
    should_stop: ShouldStop,
) -> RawSignals:
    """Raw signals [N] of a recording, known in and around a segment."""
    reach = calibration.reach_seconds
    samples = calibration.sampling.frames(source.times)
    times = source.times[samples]
    near = samples[(times >= source.times[segment.start] - reach) & (times <= source.times[segment.stop - 1] + reach)]
    results = pipeline.judge(
        source, predictor, near, calibration.sampling, frame_seconds=calibration.frame_seconds, should_stop=should_stop
    )
    judged = list(takewhile(lambda result: result.index <= near[-1], results))
    rows = np.array([each.signals for each in judged], RAW_SIGNALS)
    if zones:
        places = [each.places for each in judged]
        rows = signals_within(rows, places, placed_signals(calibration), counted_windows(zones))
    signals = missing_signals(len(source))
    signals[[each.index for each in judged]] = rows
    return without_damage(signals, source.info.concealed, source.times)


def _peak(scores: npt.NDArray[np.float64]) -> float:
    known = scores[~np.isnan(scores)]
    return float(known.max()) if len(known) else float("nan")
