"""What `vad export` does with a video: a clip of a flagged segment, or of any frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np
import numpy.typing as npt

from engine.analysis.clock import zones_or_clock
from engine.commands.progress import finished_with_bar
from engine.commands.redaction_option import by_kept_clock, kept_redaction
from engine.commands.review_export import copied, encoded
from engine.commands.score_options import chosen_scorer, chosen_zones
from engine.common.errors import ExportError
from engine.common.names import fitting_name
from engine.export.clip import ClipLayout, ExportOptions, refuse_frames
from engine.export.list_files import refuse_existing
from engine.export.stream_copy import copy_suffix, refuse_redacted
from engine.export.tables import SegmentsFile, read_segments_json
from engine.hand_over.reviewing import tells_where
from engine.review.document import Span
from engine.review.shown import scored
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import default_scorer
from engine.scoring.segments import Segment, SegmentRule, find_segments
from engine.scoring.zones import Zones
from engine.video import open_video
from engine.video.source import VideoSource
from engine.video.writer import free_path, refuse_target

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

Scores = npt.NDArray[np.floating]


@dataclass(frozen=True)
class Part:
    """Which part of a video: a flagged segment, or frames."""

    number: int | None
    """Of a segment, counted from 1."""
    start: int | None
    """First frame; instead of a segment's number."""
    stop: int | None
    """The frame after the last."""
    segments_file: Path | None
    """What `number` counts in; None to find the segments anew."""

    def __post_init__(self) -> None:
        if (self.number is None) == (self.start is None) or (self.start is None) != (self.stop is None):
            raise click.UsageError("Give either --segment, or --start and --stop.")
        if self.start is not None and self.stop is not None and self.stop <= self.start:
            raise click.UsageError("--stop has to be above --start: it is the frame after the last.")
        if self.segments_file and self.number is None:
            raise click.UsageError("--segments needs --segment.")

    @property
    def frames(self) -> Span | None:
        """The frames, where they are given."""
        return None if self.start is None or self.stop is None else Span(self.start, self.stop)

    @property
    def name(self) -> str:
        """What a clip of it is called, after the video's name."""
        frames = self.frames
        return f"frames-{frames.start}-{frames.stop - 1}" if frames else f"segment-{self.number}"


@dataclass(frozen=True)
class VideoExport:
    """What is asked for."""

    part: Part
    options: ExportOptions
    """How the clip looks and sounds."""
    score: str | None
    """Name of the score; None for the detector's usual one."""
    false_alarms: float
    """How many of them a segment may be, for the threshold."""
    zones_file: Path | None
    copy: bool
    """Whether it is cut without re-encoding instead."""
    redact: bool
    """Whether what the review kept of the video redacts is kept out of it."""

    def __post_init__(self) -> None:
        if self.part.segments_file and self.zones_file:
            raise click.UsageError("--zones goes without --segments, whose file says which zones applied.")

    @property
    def needs_scores(self) -> bool:
        """Whether the video has to be analysed."""
        finds_segments = self.part.number is not None and self.part.segments_file is None
        shows_outlines = self.options.layout is ClipLayout.OUTLINES and self.options.outlines
        return finds_segments or (not self.copy and (self.options.has_strip or shows_outlines))

    def refuse_without_detector(self) -> None:
        """Check that it goes without a detector."""
        if self.needs_scores or (self.options.needs_detector and not self.copy):
            raise click.UsageError(
                "This needs --detector; only --layout original, --panels frame --no-score-strip, or --copy, goes "
                "without."
            )


class _Scoring(NamedTuple):
    """How the scores come about, and what counts as a segment."""

    scorer: Scorer
    rule: SegmentRule
    zones: Zones


def export_video(
    video: Path, chosen: VideoExport, target: Path | None, detector: Path | None, device: str, *, quiet: bool
) -> str:
    """Make a clip of a video; returns its path. Without a target it goes to this folder, under a free name.

    Raises:
        ExportError: the target exists or can't be written, or there is no such segment or frame.
        VideoError: the video can't be read.
    """
    listed = read_segments_json(chosen.part.segments_file) if chosen.part.segments_file else None
    if detector is None:
        chosen.refuse_without_detector()
    with open_video(video) as source:
        if listed and listed.video_fingerprint != source.info.fingerprint:
            raise _foreign(chosen.part, f"another video, {listed.video_name}")
        # What can be refused is refused before the analysis, which may take hours.
        redaction = kept_redaction(source.info, redact=chosen.redact, quiet=quiet)
        if chosen.copy:
            refuse_redacted(source.info, redaction)
        target = _checked_target(target, video, source, chosen)
        if frames := chosen.part.frames:
            refuse_frames(source, frames.start, frames.stop)
        predictor = _open_predictor(detector, device) if detector else None
        if listed and predictor and listed.detector_fingerprint != predictor.fingerprint:
            raise _foreign(chosen.part, f"another detector, {listed.detector_name}")
        scoring = _scoring(chosen, listed, predictor, source)
        scores: Scores = np.full(len(source), np.nan)
        if predictor and chosen.needs_scores:
            # What is not flagged elsewhere is no segment here.
            work = scored(source, predictor, scoring.scorer, scoring.zones)
            scores = finished_with_bar(work, hidden=quiet).flaggable
        span = chosen.part.frames or _numbered(chosen.part, listed, scores, scoring.rule, source)
        if chosen.copy:
            return copied(source, span, target, sound=chosen.options.sound, quiet=quiet, redaction=redaction)
        options = replace(
            chosen.options,
            threshold=scoring.rule.enter,
            outlines=chosen.options.outlines and chosen.needs_scores and tells_where(predictor, scoring.scorer.name),
            zones=scoring.zones,
            redaction=redaction,
            start=by_kept_clock(source.info, quiet=quiet).start,
        )
        return encoded(source, predictor, scores, span, target, options, quiet=quiet)


def _scoring(
    chosen: VideoExport, listed: SegmentsFile | None, predictor: Predictor | None, source: VideoSource
) -> _Scoring:
    # Without a detector there is no score to choose.
    scorer = default_scorer(None)
    if predictor:
        scorer = chosen_scorer(listed.score if listed else chosen.score, predictor.settings.calibration)
    if listed:
        return _Scoring(scorer, listed.rule, listed.zones)
    zones = chosen_zones(chosen.zones_file, scorer)
    if predictor:
        zones = zones_or_clock(zones, source, scorer)
    return _Scoring(scorer, scorer.rule(chosen.false_alarms), zones)


def _foreign(part: Part, of: str) -> ExportError:
    return ExportError(
        f"These segments are of {of}",
        subject=part.segments_file,
        advice="Choose the segments file of this video and detector, or leave --segments out.",
    )


def _open_predictor(detector: Path, device: str) -> Predictor:
    from engine.models.predictor import Predictor  # torch takes seconds to import

    return Predictor.open(detector, device)


def _checked_target(target: Path | None, video: Path, source: VideoSource, chosen: VideoExport) -> Path:
    """Where the clip goes; by default to a free name after the video and the part of it."""
    suffix = copy_suffix(source.info) if chosen.copy else chosen.options.encoding.facts.suffix
    stem = video.name if video.is_dir() else video.stem
    target = target or free_path(Path(fitting_name(stem, f".{chosen.part.name}{suffix}")))
    if chosen.copy:
        refuse_existing(target)
    else:
        refuse_target(target, chosen.options.encoding.format)
    return target


def _numbered(part: Part, listed: SegmentsFile | None, scores: Scores, rule: SegmentRule, source: VideoSource) -> Span:
    segments: Sequence[Segment] = listed.segments if listed else find_segments(scores, source.times, rule)
    if part.number and part.number <= len(segments):
        chosen = segments[part.number - 1]
        return Span(chosen.start, chosen.stop)
    advice = f"Its segments are numbered 1 to {len(segments)}." if segments else "Nothing in it was flagged."
    raise ExportError(f"There is no segment {part.number}", subject=source.info.name, advice=advice)
