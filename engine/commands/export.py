"""`vad export`: clips of flagged segments or of any frames, and tables of a review."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import fields
from pathlib import Path

import click

from engine.commands.detector_option import WHICH, detector_option
from engine.commands.enum_option import enum_option
from engine.commands.language_option import language_option
from engine.commands.number_range import NumberRange
from engine.commands.redaction_option import redaction_option
from engine.commands.report import REPORT_FORMATS
from engine.commands.review_export import ReviewExport, export_review
from engine.commands.reviewed_recordings import ALL, is_reviewed, verdicts_of
from engine.commands.score_options import false_alarms_option, score_option, zones_option
from engine.commands.video_export import Part, VideoExport, export_video
from engine.common.errors import ExportError
from engine.export.clip import PANELS, ClipLayout, ExportOptions
from engine.export.clip_names import DEFAULT_TEMPLATE, FIELDS, refuse_template
from engine.export.list_files import FORMATS
from engine.export.mosaic import BurntIn, Panel
from engine.review.document import Verdict
from engine.video.encoding import DEFAULT_ENCODER, ENCODERS, ClipFormat, Encoding, Quality

_TEXTS = {field.name.replace("_", "-"): field.name for field in fields(BurntIn)}
"""What can be written into the picture, by the word for it on the command line."""


def _panels(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in value.split(","))
    if not set(chosen) <= set(PANELS) or len(set(chosen)) < len(chosen):
        raise click.BadParameter(f"choose from {','.join(PANELS)}, each at most once")
    return chosen


def _formats_of(known: Collection[str]) -> Callable[[click.Context, click.Parameter, str | None], tuple[str, ...]]:
    """Callback of an option: some of the known formats, separated by commas."""

    def formats(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
        chosen = tuple(dict.fromkeys(part.strip() for part in value.split(","))) if value is not None else ()
        if not set(chosen) <= set(known):
            raise click.BadParameter(f"choose from {','.join(known)}")
        return chosen

    return formats


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
    callback=_formats_of(FORMATS),
    help=f"Of a review or segments file: lists of its segments, out of {','.join(FORMATS)}.",
)
@click.option(
    "--clips",
    metavar="VERDICTS",
    callback=verdicts_of,
    help="Of a review: a clip of each segment with one of these verdicts, such as confirmed; or of all.",
)
@click.option(
    "--margin",
    "margin_seconds",
    type=NumberRange(0, 3600),
    default=0.0,
    show_default=True,
    help="Of a review: how many seconds --clips show before and after each segment.",
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
    help=f"Of a review: what --tables and --report list, out of {','.join(Verdict)}.",
)
@click.option(
    "--report",
    metavar="FORMATS",
    callback=_formats_of(REPORT_FORMATS),
    help=f"Of a review or segments file: the report that `vad report` writes, out of {','.join(REPORT_FORMATS)}.",
)
@language_option
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
    margin_seconds: float,
    template: str,
    only: tuple[Verdict, ...],
    report: tuple[str, ...],
    redact: bool,
    device: str,
    quiet: bool,
) -> None:
    """Export a clip of VIDEO: a flagged segment (--segment N), or the frames from --start up to before --stop.

    Of a REVIEW (NAME.review.json), or of the NAME.segments.json of an analysis, export lists of its segments
    (--tables), clips of many (--clips), and its report (--report).

    The paths of the finished files go to stdout.
    """
    options = ExportOptions(
        panels=panels,
        layout=layout,
        score_strip=score_strip,
        overlay_opacity=overlay,
        outlines=outlines,
        burnt_in=burnt_in,
        encoding=Encoding(clip_format, encoder, quality, round(max_mb * 1e6) if max_mb else None),
        sound=sound,
    )
    if copy and clip_format is not ClipFormat.MP4:
        raise click.UsageError("--copy keeps the recording's own format; it goes without --format.")
    if is_reviewed(video):
        of_review = ReviewExport(tables, only, clips, report, options, copy, redact, template, margin_seconds)
        for path in export_review(video, of_review, target or Path(), detector, device, quiet=quiet):
            click.echo(path)
        return
    if tables or clips or report:
        raise click.UsageError(
            "--tables, --clips and --report need a review (NAME.review.json) or segments file (NAME.segments.json)."
        )
    part = Part(number, start, stop, segments_file)
    of_video = VideoExport(part, options, score, false_alarms, zones_file, copy, redact)
    click.echo(export_video(video, of_video, target, detector, device, quiet=quiet))
