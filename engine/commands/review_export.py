"""What `vad export` does with a review: tables, and clips of many segments."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np
import numpy.typing as npt

from engine.analysis.where import stored_evidence
from engine.commands.counting import counted
from engine.commands.progress import follow
from engine.commands.report import REPORT_FORMATS, write_joint_report
from engine.commands.reviewed_recordings import Predictors, open_reviewed
from engine.common.durations import duration_in_words
from engine.common.errors import ExportError, VadError
from engine.common.left_out import LeftOut
from engine.common.names import displayable
from engine.common.paths import analyses_folder
from engine.export.clip import ExportOptions, export_clip
from engine.export.clip_names import DEFAULT_TEMPLATE, clip_name
from engine.export.estimate import estimate_clips, free_bytes, sum_of
from engine.export.list_files import joint_name, make_folder, refuse_existing, unique_names, write_lists
from engine.export.reviewed import ListedSegment, ReviewedRecording
from engine.export.stream_copy import copy_clip, copy_starts_at, copy_suffix, refuse_redacted, skipped_gaps
from engine.hand_over.reviewing import tells_where
from engine.redaction.regions import Redaction
from engine.review.document import Span, Verdict
from engine.video import open_video
from engine.video.integrity import Integrity
from engine.video.source import VideoSource

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


@dataclass(frozen=True)
class ReviewExport:
    """What is asked for."""

    tables: tuple[str, ...]
    only: tuple[Verdict, ...]
    """What the tables and the report list."""
    clips: tuple[Verdict, ...] | None
    """Of which segments there shall be a clip; None for none."""
    report: tuple[str, ...]
    """Formats of the report; none for no report."""
    options: ExportOptions
    """How clips look and sound."""
    copy: bool
    """Whether they are cut without re-encoding instead."""
    redact: bool = True
    """Whether what the review redacts is kept out of them."""
    template: str = DEFAULT_TEMPLATE
    """Of the clips' names."""
    margin_seconds: float = 0.0
    """What clips show before and after their segment."""


def export_review(
    path: Path, chosen: ReviewExport, folder: Path, detector: Path | None, device: str, *, quiet: bool
) -> Iterator[Path]:
    """Write what is asked for into a folder; yields the path of each file once it is there.

    A recording or clip that fails does not keep the others from being handed over: what went wrong is told at the end.

    Raises:
        ExportError: a file exists, can't be written, some clips failed, or some recordings were left out.
        VideoError: no recording can be read.
    """
    if not chosen.tables and not chosen.report and chosen.clips is None:
        raise click.UsageError("Of a review or segments file, give --tables, --clips or --report.")
    predictors = Predictors(detector, device)
    opened = open_reviewed(path, predictors, quiet=quiet, redact=chosen.redact)
    recordings = opened.recordings
    clips = _clip_paths(recordings, chosen, folder)
    for target in clips:
        refuse_existing(target)
    reports = _checked_reports(recordings, chosen, folder)
    if clips:
        _tell_and_ask(clips, chosen, folder, quiet=quiet)
    yield from write_lists([each.only(chosen.only) for each in recordings], chosen.tables, folder)
    make_folder(folder)
    left_out: tuple[LeftOut, ...] = ()
    if reports:
        left_out = write_joint_report(
            opened, reports[0], chosen.only, predictors, with_pdf="pdf" in chosen.report, quiet=quiet
        )
        yield from reports
    if chosen.clips is not None:
        yield from _write_clips(clips, chosen, folder, predictors, quiet=quiet)
    opened.tell_left_out(left_out)


def _tell_and_ask(
    targets: Mapping[Path, tuple[ReviewedRecording, ListedSegment]], chosen: ReviewExport, folder: Path, *, quiet: bool
) -> None:
    """Say on stderr how much it will be; where that is much, a person at a terminal is asked first.

    Raises:
        click.Abort: the answer is no.
        ExportError: nobody can tell how much room there is.
    """
    estimates = []
    for recording, segment in targets.values():
        with suppress(VadError):  # one that can't be made says so when its turn comes
            shown = recording.widened(segment, chosen.margin_seconds)
            estimates.append(estimate_clips(recording, [shown], None if chosen.copy else chosen.options))
    total, free, count = sum_of(estimates), free_bytes(folder), len(targets)
    said = (
        f"{counted(count, 'clip')}, {duration_in_words(total.seconds)} in all, "
        f"about {total.size_bytes / 1e6:,.1f} MB; {free / 1e6:,.0f} MB are free"
    )
    is_asked = total.is_much(free) and _is_at_terminal()
    if not quiet or is_asked:
        click.echo(said, err=True)
    if is_asked:
        click.confirm("Export that much?", abort=True, err=True)


def _is_at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _write_clips(
    targets: Mapping[Path, tuple[ReviewedRecording, ListedSegment]],
    chosen: ReviewExport,
    folder: Path,
    predictors: Predictors,
    *,
    quiet: bool,
) -> Iterator[Path]:
    """Make one clip after the other; yields the path of each that is done."""
    failed = []
    for target, (recording, segment) in targets.items():
        try:
            yield _clip(recording, segment, target, chosen, predictors, quiet)
        except VadError as error:
            failed.append(target)
            click.echo(f"Error: {error}", err=True)
    if failed:
        raise ExportError(
            f"{len(failed)} of {len(targets)} clips failed",
            subject=folder,
            advice="Above it says why." + (" The others are there." if len(failed) < len(targets) else ""),
        )


def copied(source: VideoSource, span: Span, target: Path, *, sound: bool, quiet: bool, redaction: Redaction) -> str:
    """Cut frames without re-encoding, and say on stderr how much earlier the clip begins."""
    path = follow(copy_clip(source, span.start, span.stop, target, sound=sound, redaction=redaction), hidden=quiet)
    first = copy_starts_at(source, span.start)
    earlier = float(source.times[span.start] - source.times[first])
    if not quiet:
        says = (
            f"begins at keyframe {first}, {earlier:.2f} s before frame {span.start}"
            if earlier
            else "begins exactly there"
        )
        skipped = sum(gap.seconds for gap in skipped_gaps(source, span.start, span.stop))
        if skipped:
            says += f", and skips {duration_in_words(skipped)} in which the recorder stopped"
        click.echo(f"{displayable(target.name)}: cut without re-encoding, it {says}.", err=True)
    return path


def _checked_reports(recordings: Sequence[ReviewedRecording], chosen: ReviewExport, folder: Path) -> list[Path]:
    """The files of the report; none where there shall be none."""
    if not chosen.report:
        return []
    from engine.report.report import refuse_targets, report_targets

    kind = next(each for each in REPORT_FORMATS if each in chosen.report)
    name = joint_name(unique_names(recordings), f".report.{kind}")
    targets = report_targets(folder / name, with_pdf="pdf" in chosen.report)
    refuse_targets(targets)
    return targets


def _clip_paths(
    recordings: list[ReviewedRecording], chosen: ReviewExport, folder: Path
) -> dict[Path, tuple[ReviewedRecording, ListedSegment]]:
    paths: dict[Path, tuple[ReviewedRecording, ListedSegment]] = {}
    for name, recording in zip(unique_names(recordings), recordings, strict=True):
        segments = recording.only(chosen.clips or ()).segments
        if segments and chosen.copy:
            refuse_redacted(recording.info, recording.redaction)
        suffix = chosen.options.encoding.facts.suffix
        if segments and chosen.copy:
            suffix = copy_suffix(recording.info)
        for segment in segments:
            path = folder / clip_name(chosen.template, name, recording, segment, suffix)
            if path in paths:
                raise ExportError(
                    "Two clips would have one name", subject=path.name, advice="Put {recording} and {segment} into it."
                )
            paths[path] = (recording, segment)
    return paths


def _clip(
    recording: ReviewedRecording,
    segment: ListedSegment,
    target: Path,
    chosen: ReviewExport,
    predictors: Predictors,
    quiet: bool,
) -> Path:
    span = recording.widened(segment, chosen.margin_seconds).span
    with open_video(recording.info.path) as source:
        if chosen.copy:
            return Path(
                copied(
                    source,
                    span,
                    target,
                    sound=chosen.options.sound,
                    quiet=quiet,
                    redaction=recording.redaction,
                )
            )
        scores = np.full(len(source), np.nan) if recording.scores is None else recording.scores
        predictor = None
        if chosen.options.needs_detector or (chosen.options.outlines and recording.scores is not None):
            predictor = predictors.of(recording.detector)
        options = replace(
            chosen.options,
            threshold=recording.rule.enter if recording.rule else None,
            outlines=chosen.options.outlines and tells_where(predictor, recording.score_name),
            zones=recording.zones,
            verdict=str(segment.verdict),
            redaction=recording.redaction,
            start=recording.info.start,
        )
        return Path(encoded(source, predictor, scores, span, target, options, quiet=quiet))


def encoded(
    source: VideoSource,
    predictor: Predictor | None,
    scores: npt.NDArray[np.floating],
    span: Span,
    target: Path,
    options: ExportOptions,
    *,
    quiet: bool,
) -> str:
    """Export an encoded clip, and say on stderr what of the recording is missing in it."""
    with ExitStack() as open_store:
        evidence = None
        if predictor and options.needs_evidence:
            evidence = open_store.enter_context(stored_evidence(analyses_folder(), source, predictor, options.zones))
        clip = export_clip(source, predictor, scores, span.start, span.stop, target, options, evidence=evidence)
        path = follow(clip, label=displayable(target.name), hidden=quiet)
    for sentence in [] if quiet else Integrity.of(source.info, source.times).in_words():
        click.echo(f"{displayable(source.info.name)}: {sentence}.", err=True)
    return path
