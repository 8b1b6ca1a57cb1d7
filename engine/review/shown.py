"""What there is to review of a recording, without a window: its scores, and its segments with what was said of them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from engine.analysis.findings import flaggable_scores
from engine.analysis.runner import analyse_to_store, analysis_key
from engine.analysis.score_store import ScoreStore
from engine.analysis.zoned import stored_signals_within
from engine.common.errors import ReviewError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr
from engine.common.paths import analyses_folder
from engine.review.attaching import ReviewedSegment, Scores, attach
from engine.review.document import Recording
from engine.review.files import located
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import default_scorer, scorer_named
from engine.scoring.segments import SegmentRule, find_segments
from engine.scoring.signals import RawSignals
from engine.scoring.zones import Zones
from engine.video import open_video
from engine.video.source import VideoSource

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


class Scored(NamedTuple):
    """What an analysis says of all frames of a video."""

    signals: RawSignals
    scores: Scores
    """Anomaly scores [N]."""
    flaggable: Scores
    """The same, but NaN where nothing is to be flagged: the camera fails, or the scene is another one."""


class Shown(NamedTuple):
    """What the window would show of a recording under review."""

    scorer: Scorer
    rule: SegmentRule
    scored: Scored
    segments: list[ReviewedSegment]


def scored(
    source: VideoSource,
    predictor: Predictor,
    scorer: Scorer,
    zones: Zones = (),
    should_stop: ShouldStop = never_stop,
    analyses: Path | None = None,
) -> Generator[Progress, None, Scored]:
    """The analysis of a whole video as it counts in zones, from the stored `analyses` as far as it is there."""
    with ScoreStore(analyses or analyses_folder(), analysis_key(source, predictor, scorer.sampling)) as store:
        yield from analyse_to_store(source, predictor, store, should_stop, sampling=scorer.sampling, scorer=scorer)
        signals = stored_signals_within(store, source, predictor.settings.calibration, zones)
    scores = scorer.scores(signals, source.times)
    return Scored(signals, scores, flaggable_scores(scores, signals, source.times, scorer))


def shown_of(
    recording: Recording,
    source: VideoSource,
    predictor: Predictor,
    should_stop: ShouldStop = never_stop,
    analyses: Path | None = None,
) -> Generator[Progress, None, Shown]:
    """The scores of a recording at its threshold, and the segments to review in it; what is missing is analysed."""
    scorer = _scorer(recording.score, predictor)
    found = yield from scored(source, predictor, scorer, recording.zones, should_stop, analyses)
    rule = _rule(recording, scorer)
    flagged = find_segments(found.flaggable, source.times, rule)
    return Shown(scorer, rule, found, attach(flagged, recording.segments, found.scores, rule.enter, found.flaggable))


@contextmanager
def open_recording(recording: Recording, review: Path, should_stop: ShouldStop = never_stop) -> Iterator[VideoSource]:
    """The video of a recording of a review.

    Raises:
        ReviewError: it is gone or was changed.
        VideoError: it can't be read.
        Cancelled: `should_stop` said yes.
    """
    video = located(recording, review)
    if video is None:
        raise ReviewError(
            tr("A recording of this review is not where it was"),
            subject=recording.path,
            advice=tr("Put it back there, or beside {name}: there it is found under any name.").format(
                name=review.name
            ),
        )
    with open_video(video, should_stop) as source:
        if source.info.fingerprint != recording.fingerprint:
            raise ReviewError(
                tr("The recording was changed since it was reviewed"),
                subject=video,
                advice=tr("Put the reviewed one back, or review this one anew."),
            )
        yield source


def _scorer(name: str, predictor: Predictor) -> Scorer:
    calibration = predictor.settings.calibration
    try:
        return scorer_named(name, calibration)
    except (KeyError, ValueError):  # it has no score yet, or one of a later version
        return default_scorer(calibration)


def _rule(recording: Recording, scorer: Scorer) -> SegmentRule:
    """As the window has it: a threshold that a person moved takes the end of segments along."""
    usual, kept = scorer.rule(), recording.thresholds.get(scorer.name)
    if kept is None or kept.enter == usual.enter:
        return usual
    return SegmentRule(
        kept.enter,
        scorer.leave_for(kept.enter, usual),
        usual.min_length_seconds,
        usual.merge_gap_seconds,
        usual.padding_seconds,
    )
