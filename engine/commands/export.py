"""`vad export`: an annotated clip of a flagged segment, or of any frames."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import numpy.typing as npt

from engine.analysis.runner import analyse_to_store, analysis_key
from engine.analysis.score_store import ScoreStore
from engine.analysis.where import stored_evidence
from engine.analysis.zoned import stored_signals_within
from engine.commands.detector_option import WHICH, detector_option
from engine.commands.number_range import NumberRange
from engine.commands.progress import follow
from engine.commands.score_options import (
    chosen_scorer,
    chosen_zones,
    false_alarms_option,
    score_option,
    zones_option,
)
from engine.common.errors import ExportError
from engine.common.names import fitting_name
from engine.common.paths import analyses_folder
from engine.export.clip import PANELS, ExportOptions, export_clip, refuse_frames
from engine.export.mosaic import Panel
from engine.export.tables import read_segments_json
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import default_scorer
from engine.scoring.segments import Segment, find_segments
from engine.scoring.zones import Zones
from engine.video import open_video
from engine.video.integrity import Integrity
from engine.video.source import VideoSource
from engine.video.writer import DEFAULT_ENCODER, ENCODERS, free_path, refuse_target

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


def _panels(_: click.Context, __: click.Parameter, value: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in value.split(","))
    if not set(chosen) <= set(PANELS) or len(set(chosen)) < len(chosen):
        raise click.BadParameter(f"choose from {','.join(PANELS)}, each at most once")
    return chosen


@click.command(short_help="Export an annotated clip of a segment.")
@click.argument("video", type=click.Path(path_type=Path))
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
    help="An .mp4 that does not exist yet; by default named after the video, in this folder.",
)
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
    encoder: str,
    target: Path | None,
    device: str,
    quiet: bool,
) -> None:
    """Export a clip of VIDEO: a flagged segment (--segment N), or the frames from --start up to before --stop.

    The path of the finished clip goes to stdout.
    """
    _refuse_contradictions(number, start, stop, segments_file)
    if segments_file and zones_file:
        raise click.UsageError("--zones goes without --segments, whose file says which zones applied.")
    listed = read_segments_json(segments_file) if segments_file else None
    options = ExportOptions(panels=panels, score_strip=score_strip, overlay_opacity=overlay, encoder=encoder)
    needs_scores = score_strip or (number is not None and listed is None)
    if detector is None and (options.needs_detector or needs_scores):
        raise click.UsageError("This needs --detector; only --panels frame --no-score-strip goes without.")
    with open_video(video) as source:
        if listed and listed.video_fingerprint != source.info.fingerprint:
            raise _foreign(segments_file, f"another video, {listed.video_name}")
        # Checked before the analysis, which may take hours.
        part = f"segment-{number}" if stop is None else f"frames-{start}-{stop - 1}"
        stem = video.name if video.is_dir() else video.stem
        target = target or free_path(Path(fitting_name(stem, f".{part}.mp4")))
        refuse_target(target)
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
        knows_where = predictor is not None and needs_scores and scorer.name == CalibratedScorer.name
        zones = listed.zones if listed else chosen_zones(zones_file, scorer)
        options = replace(options, threshold=rule.enter, outlines=outlines and knows_where, zones=zones)
        scores: npt.NDArray[np.floating] = np.full(len(source), np.nan)
        if predictor and needs_scores:
            scores = _scores(source, predictor, scorer, zones, quiet)
        if start is None or stop is None:
            segments = listed.segments if listed else find_segments(scores, source.times, rule)
            segment = _numbered(segments, number, source)
            start, stop = segment.start, segment.stop
        with ExitStack() as open_store:
            evidence = None
            if predictor and options.outlines:
                evidence = open_store.enter_context(stored_evidence(analyses_folder(), source, predictor, zones))
            clip = export_clip(source, predictor, scores, start, stop, target, options, evidence=evidence)
            path = follow(clip, hidden=quiet)
        for sentence in [] if quiet else Integrity.of(source.info, source.times).in_words():
            click.echo(f"{source.info.name}: {sentence}.", err=True)
        if source.info.has_sound:
            click.echo("The recording has sound; the clip has none.", err=True)
        click.echo(path)


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


def _scores(
    source: VideoSource, predictor: Predictor, scorer: Scorer, zones: Zones, quiet: bool
) -> npt.NDArray[np.floating]:
    """Anomaly scores [N] of the whole video, from the cache as far as they are there."""
    with ScoreStore(analyses_folder(), analysis_key(source, predictor, scorer.sampling)) as store:
        follow(analyse_to_store(source, predictor, store, sampling=scorer.sampling, scorer=scorer), hidden=quiet)
        signals = stored_signals_within(store, len(source), predictor.settings.calibration, zones)
    return scorer.scores(signals, source.times)


def _numbered(segments: Sequence[Segment], number: int | None, source: VideoSource) -> Segment:
    if number and number <= len(segments):
        return segments[number - 1]
    advice = f"Its segments are numbered 1 to {len(segments)}." if segments else "Nothing in it was flagged."
    raise ExportError(f"There is no segment {number}", subject=source.info.name, advice=advice)
