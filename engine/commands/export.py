"""`vad export`: clips of flagged segments or of any frames, and tables of a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import numpy.typing as npt

from engine.analysis.clock import zones_or_clock
from engine.commands.detector_option import WHICH, detector_option
from engine.commands.enum_option import enum_option
from engine.commands.number_range import NumberRange
from engine.commands.progress import finished_with_bar
from engine.commands.redaction_option import by_kept_clock, kept_redaction, redaction_option
from engine.commands.review_export import ReviewExport, copied, encoded, export_review
from engine.commands.reviewed_recordings import ALL, is_reviewed, verdicts_of
from engine.commands.score_options import (
    chosen_scorer,
    chosen_zones,
    false_alarms_option,
    score_option,
    zones_option,
)
from engine.common.errors import ExportError
from engine.common.names import fitting_name
from engine.export.clip import PANELS, ClipLayout, ExportOptions, refuse_frames
from engine.export.clip_names import DEFAULT_TEMPLATE, FIELDS, refuse_template
from engine.export.list_files import FORMATS, refuse_existing
from engine.export.mosaic import BurntIn, Panel
from engine.export.stream_copy import copy_suffix, refuse_redacted
from engine.export.tables import read_segments_json
from engine.hand_over.reviewing import tells_where
from engine.review.document import Span, Verdict
from engine.review.shown import scored
from engine.scoring.scorers import default_scorer
from engine.scoring.segments import Segment, find_segments
from engine.video import open_video
from engine.video.encoding import DEFAULT_ENCODER, ENCODERS, ClipFormat, Encoding, Quality
from engine.video.source import VideoSource
from engine.video.writer import free_path, refuse_target

_TEXTS = {field.name.replace("_", "-"): field.name for field in fields(BurntIn)}
"""What can be written into the picture, by the word for it on the command line."""

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


def _panels(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in value.split(","))
    if not set(chosen) <= set(PANELS) or len(set(chosen)) < len(chosen):
        raise click.BadParameter(f"choose from {','.join(PANELS)}, each at most once")
    return chosen


def _formats(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(part.strip() for part in value.split(","))) if value is not None else ()
    if not set(chosen) <= set(FORMATS):
        raise click.BadParameter(f"choose from {','.join(FORMATS)}")
    return chosen


def _texts(_: click.Context, __: click.Parameter, value: str) -> BurntIn:
    chosen = {part.strip() for part in value.split(",")} - {""}
    if not chosen <= set(_TEXTS):
        raise click.BadParameter(f"choose from {','.join(_TEXTS)}")
    return BurntIn(**{name: text in chosen for text, name in _TEXTS.items()})


def _template(_: click.Context, __: click.Parameter, value: str) -> str:
    try:
        refuse_template(value)
    except ExportError as error:
        raise click.BadParameter(f"{error.what}. {error.advice}") from error
    return value


@click.command(short_help="Export clips of segments, and tables of a review.")
@click.argument("video", metavar="VIDEO|REVIEW", type=click.Path(path_type=Path))
@detector_option(text=f"Detector {WHICH}; only the frame alone goes without.")
@click.option("--segment", "number", type=click.IntRange(1), help="Number of a flagged segment, counted from 1.")
@click.option("--start", type=click.IntRange(0), help="First frame, counted from 0; instead of --segment.")
@click.option("--stop", type=click.IntRange(1), help="The frame after the last; with --start.")
@click.option(
    "--segments",
    "segments_file",
    type=click.Path(path_type=Path),
    help="NAME.segments.json that --segment counts in; without it the segments are found anew.",
)
@click.option("--panels", callback=_panels, default=",".join(PANELS), show_default=True, help="The first is large.")
@click.option("--score-strip/--no-score-strip", default=True, show_default=True, help="Anomaly scores at the bottom.")
@score_option
@false_alarms_option
@zones_option
@click.option(
    "--overlay", type=NumberRange(0, 1), default=0.0, show_default=True, help="Opacity of the mask on the frame."
)
@click.option(
    "--outlines/--no-outlines",
    default=True,
    show_default=True,
    help="Lines round what stands out in flagged frames, with a calibrated detector and an analysed recording.",
)
@enum_option(
    "--layout",
    default=ClipLayout.MOSAIC,
    text="original: the frame alone, in its own size; outlines: the same with lines round what stands out; "
    "side-by-side: the panels in a row; mosaic: the first large, with the score strip.",
)
@enum_option(
    "--format",
    "clip_format",
    default=ClipFormat.MP4,
    text="ffv1: lossless, in Matroska; gif: without sound; png: a folder of pictures with a table of their times.",
)
@enum_option("--quality", default=Quality.MEDIUM, text="Of MP4.")
@click.option(
    "--max-mb", type=NumberRange(0.01, 1e6), help="Largest size of an MP4 in megabytes, instead of --quality."
)
@click.option(
    "--texts",
    "burnt_in",
    metavar="TEXTS",
    callback=_texts,
    default=",".join(_TEXTS),
    show_default=True,
    help="What is written into the picture; an empty text for nothing.",
)
@click.option(
    "--encoder",
    type=click.Choice(list(ENCODERS)),
    default=DEFAULT_ENCODER,
    show_default=True,
    help="H.264 plays everywhere; AV1 and VP9 are royalty-free.",
)
@click.option(
    "--out",
    "target",
    type=click.Path(path_type=Path),
    help="A file that does not exist yet, by default named after the video, in this folder; of a review, the folder.",
)
@click.option("--sound/--no-sound", default=True, show_default=True, help="The recording's sound, if it has some.")
@click.option(
    "--copy",
    is_flag=True,
    help="Cut without re-encoding, with sound; begins at the keyframe before, and says how much earlier that is.",
)
@click.option(
    "--tables",
    metavar="FORMATS",
    callback=_formats,
    help=f"Of a review or segments file: lists of its segments, out of {','.join(FORMATS)}.",
)
@click.option(
    "--clips",
    metavar="VERDICTS",
    callback=verdicts_of,
    help="Of a review: a clip of each segment with one of these verdicts, such as confirmed; or of all.",
)
@click.option(
    "--names",
    "template",
    metavar="TEMPLATE",
    callback=_template,
    default=DEFAULT_TEMPLATE,
    show_default=True,
    help=f"Of a review: names of --clips, out of {', '.join(f'{{{field}}}' for field in FIELDS)}.",
)
@click.option(
    "--only",
    metavar="VERDICTS",
    default=ALL,
    show_default=True,
    callback=verdicts_of,
    help=f"Of a review: what --tables list, out of {','.join(Verdict)}.",
)
@redaction_option
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
def export(
    video: Path,
    detector: Path | None,
    number: int | None,
    start: int | None,
    stop: int | None,
    segments_file: Path | None,
    panels: tuple[Panel, ...],
    score_strip: bool,
    score: str | None,
    false_alarms: float,
    zones_file: Path | None,
    overlay: float,
    outlines: bool,
    layout: ClipLayout,
    clip_format: ClipFormat,
    quality: Quality,
    max_mb: float | None,
    burnt_in: BurntIn,
    encoder: str,
    target: Path | None,
    sound: bool,
    copy: bool,
    tables: tuple[str, ...],
    clips: tuple[Verdict, ...] | None,
    template: str,
    only: tuple[Verdict, ...],
    redact: bool,
    device: str,
    quiet: bool,
) -> None:
    """Export a clip of VIDEO: a flagged segment (--segment N), or the frames from --start up to before --stop.

    Of a REVIEW (NAME.review.json), or of the NAME.segments.json of an analysis, export lists of its segments (--tables)
    and clips of many (--clips).

    The paths of the finished files go to stdout.
    """
    options = ExportOptions(
        panels=panels,
        layout=layout,
        score_strip=score_strip,
        overlay_opacity=overlay,
        burnt_in=burnt_in,
        encoding=Encoding(clip_format, encoder, quality, round(max_mb * 1e6) if max_mb else None),
        sound=sound,
    )
    if copy and clip_format is not ClipFormat.MP4:
        raise click.UsageError("--copy keeps the recording's own format; it goes without --format.")
    if is_reviewed(video):
        chosen = ReviewExport(tables, only, clips, replace(options, outlines=outlines), copy, redact, template)
        for path in export_review(video, chosen, target or Path(), detector, device, quiet=quiet):
            click.echo(path)
        return
    if tables or clips:
        raise click.UsageError(
            "--tables and --clips need a review (NAME.review.json) or segments file (NAME.segments.json)."
        )
    _refuse_contradictions(number, start, stop, segments_file)
    if segments_file and zones_file:
        raise click.UsageError("--zones goes without --segments, whose file says which zones applied.")
    listed = read_segments_json(segments_file) if segments_file else None
    shows_scores = options.has_strip or (layout is ClipLayout.OUTLINES and outlines)
    needs_scores = (shows_scores and not copy) or (number is not None and listed is None)
    if detector is None and (needs_scores or (options.needs_detector and not copy)):
        raise click.UsageError(
            "This needs --detector; only --layout original, --panels frame --no-score-strip, or --copy, goes without."
        )
    with open_video(video) as source:
        if listed and listed.video_fingerprint != source.info.fingerprint:
            raise _foreign(segments_file, f"another video, {listed.video_name}")
        # Checked before the analysis, which may take hours.
        redaction = kept_redaction(source.info, redact=redact, quiet=quiet)
        if copy:
            refuse_redacted(source.info, redaction)
        part = f"segment-{number}" if stop is None else f"frames-{start}-{stop - 1}"
        target = _checked_target(target, video, part, copy_suffix(source.info) if copy else None, options)
        if start is not None and stop is not None:
            refuse_frames(source, start, stop)
        predictor = _open_predictor(detector, device) if detector else None
        if listed and predictor and listed.detector_fingerprint != predictor.fingerprint:
            raise _foreign(segments_file, f"another detector, {listed.detector_name}")
        # Without a detector there is no score to choose.
        scorer = default_scorer(None)
        if predictor:
            scorer = chosen_scorer(listed.score if listed else score, predictor.settings.calibration)
        rule = listed.rule if listed else scorer.rule(false_alarms)
        zones = listed.zones if listed else chosen_zones(zones_file, scorer)
        if predictor and not listed:
            zones = zones_or_clock(zones, source, scorer)
        has_outlines = outlines and needs_scores and tells_where(predictor, scorer.name)
        options = replace(
            options,
            threshold=rule.enter,
            outlines=has_outlines,
            zones=zones,
            redaction=redaction,
            start=by_kept_clock(source.info, quiet=quiet).start,
        )
        scores: npt.NDArray[np.floating] = np.full(len(source), np.nan)
        if predictor and needs_scores:
            # What is not flagged elsewhere is no segment here.
            scores = finished_with_bar(scored(source, predictor, scorer, zones), hidden=quiet).flaggable
        if start is not None and stop is not None:
            span = Span(start, stop)
        else:
            segments = listed.segments if listed else find_segments(scores, source.times, rule)
            span = _numbered(segments, number, source)
        if copy:
            click.echo(copied(source, span, target, sound=sound, quiet=quiet, redaction=redaction))
        else:
            click.echo(encoded(source, predictor, scores, span, target, options, quiet=quiet))


def _refuse_contradictions(number: int | None, start: int | None, stop: int | None, segments_file: Path | None) -> None:
    if (number is None) == (start is None) or (start is None) != (stop is None):
        raise click.UsageError("Give either --segment, or --start and --stop.")
    if start is not None and stop is not None and stop <= start:
        raise click.UsageError("--stop has to be above --start: it is the frame after the last.")
    if segments_file and number is None:
        raise click.UsageError("--segments needs --segment.")


def _foreign(segments_file: Path | None, of: str) -> ExportError:
    return ExportError(
        f"These segments are of {of}",
        subject=segments_file,
        advice="Choose the segments file of this video and detector, or leave --segments out.",
    )


def _open_predictor(detector: Path, device: str) -> Predictor:
    from engine.models.predictor import Predictor  # torch takes seconds to import

    return Predictor.open(detector, device)


def _checked_target(
    target: Path | None, video: Path, part: str, copied_suffix: str | None, options: ExportOptions
) -> Path:
    """Where the clip goes; by default to a free name after the video and the part of it."""
    suffix = copied_suffix or options.encoding.facts.suffix
    stem = video.name if video.is_dir() else video.stem
    target = target or free_path(Path(fitting_name(stem, f".{part}{suffix}")))
    if copied_suffix:
        refuse_existing(target)
    else:
        refuse_target(target, options.encoding.format)
    return target


def _numbered(segments: Sequence[Segment], number: int | None, source: VideoSource) -> Span:
    if number and number <= len(segments):
        return Span(segments[number - 1].start, segments[number - 1].stop)
    advice = f"Its segments are numbered 1 to {len(segments)}." if segments else "Nothing in it was flagged."
    raise ExportError(f"There is no segment {number}", subject=source.info.name, advice=advice)
