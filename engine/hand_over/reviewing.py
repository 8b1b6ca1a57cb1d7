"""What is handed over of a recording under review, without a window: its segments, why they stand out, its scores."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine.analysis.where import stored_evidence
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.paths import analyses_folder
from engine.export.caveats import Caveats
from engine.export.reviewed import ReviewedRecording, numbered
from engine.review.attaching import ReviewedSegment, hidden
from engine.review.clock import by_clock
from engine.review.document import JudgedSegment, Recording
from engine.review.shown import Shown, shown_of
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.conditions import drifts_apart_from
from engine.scoring.scorer import Scorer
from engine.scoring.signals import RawSignals
from engine.scoring.where import Outline
from engine.scoring.zones import Zones
from engine.video.source import VideoSource

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


def reviewed(
    recording: Recording,
    source: VideoSource,
    predictor: Predictor | None,
    should_stop: ShouldStop = never_stop,
    analyses: Path | None = None,
) -> Generator[Progress, None, ReviewedRecording]:
    """A recording with all of its segments; what its stored analysis lacks is analysed.

    Without a predictor there are no scores, and only what a person judged.
    """
    if predictor is None:
        return _without_scores(recording, source)
    shown = yield from shown_of(recording, source, predictor, should_stop, analyses)
    scorer, rule, (signals, scores, _), segments = shown
    return ReviewedRecording(
        by_clock(source.info, recording.clock),
        source.times,
        numbered(
            segments,
            [_reason(each, scorer, signals, source) for each in segments],
            [scorer.describe(each.peak_score) for each in segments],
            _outlines(shown, source, predictor, recording.zones, analyses or analyses_folder()),
        ),
        scores,
        scorer.name,
        rule,
        recording.detector,
        caveats=_caveats(predictor, scorer, signals, source),
        zones=recording.zones,
        redaction=recording.redaction,
        hidden=tuple(each for each in hidden(recording.segments, segments) if each.start < len(source)),
        past_end=_past_end(recording, source),
    )


def tells_where(predictor: Predictor | None, score: str) -> bool:
    """Whether what stands out can be outlined."""
    return predictor is not None and score == CalibratedScorer.name


def _without_scores(recording: Recording, source: VideoSource) -> ReviewedRecording:
    count = len(source)
    judged = [_cut(each, count) for each in recording.segments if each.start < count]
    segments = [ReviewedSegment(each.start, each.stop, each.start, float("nan"), each) for each in judged]
    return ReviewedRecording(
        by_clock(source.info, recording.clock),
        source.times,
        numbered(segments),
        score_name=recording.score,
        detector=recording.detector,
        zones=recording.zones,
        redaction=recording.redaction,
        lacks_detector=recording.detector is not None,
        past_end=_past_end(recording, source),
    )


def _past_end(recording: Recording, source: VideoSource) -> int:
    """How many segments reach past the last frame, as another program or person may have written them."""
    return sum(each.stop > len(source) for each in recording.segments)


def _cut(judged: JudgedSegment, count: int) -> JudgedSegment:
    return replace(judged, stop=min(judged.stop, count))


def _reason(segment: ReviewedSegment, scorer: Scorer, signals: RawSignals, source: VideoSource) -> str:
    if segment.judged and segment.judged.is_drawn:
        return ""
    return scorer.reason(segment, signals, source.times)


def _outlines(
    shown: Shown, source: VideoSource, predictor: Predictor, zones: Zones, analyses: Path
) -> Sequence[Sequence[Outline]]:
    """What stands out in the peak frame of each segment."""
    if not tells_where(predictor, shown.scorer.name):
        return []
    with stored_evidence(analyses, source, predictor, zones) as evidence:
        found = [evidence(each.peak_frame) for each in shown.segments]
        return [each.outlines(shown.rule.enter, at_least=1) if each else [] for each in found]


def _caveats(predictor: Predictor, scorer: Scorer, signals: RawSignals, source: VideoSource) -> Caveats:
    calibration = predictor.settings.calibration
    conditions = scorer.conditions(signals, source.times)
    drifts = drifts_apart_from(conditions, calibration.drifts(signals, source.times)) if calibration else []
    is_other_scene = scorer.is_other_scene(signals)
    return Caveats(calibration, source.frame_seconds, conditions, drifts, is_other_scene)
