"""`vad analyse`: scores and segments of recordings, as tables."""

from __future__ import annotations

import os
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.commands.analysis_cache import analysis_cache
from engine.commands.counting import counted
from engine.commands.detector_option import detector_option
from engine.commands.number_range import NumberRange
from engine.commands.progress import follow
from engine.commands.score_options import (
    chosen_scorer,
    chosen_zones,
    false_alarms_option,
    score_option,
    zones_option,
)
from engine.common.atomic_write import may_write
from engine.common.errors import ExportError, VadError, VideoError
from engine.common.memory import is_out_of_memory, out_of_memory_error
from engine.common.names import displayable, fitting_name
from engine.common.paths import resolved
from engine.scoring.conditions import conditions_told, drifts_apart_from
from engine.scoring.drift import OTHER_SCENE, drifts_in_words
from engine.scoring.sampling import EVERY_FRAME, Sampling
from engine.scoring.scorer import Scorer
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import is_judged
from engine.scoring.zones import Zones, zones_in_words
from engine.video.finding import find_recordings

if TYPE_CHECKING:
    from engine.analysis.findings import Findings
    from engine.models.predictor import Predictor
    from engine.video.source import VideoSource

_DEFAULTS = SegmentRule()
_CLOCK_FOUND = "a clock is burnt into the picture: what happens there does not count. --zones says otherwise."


def _rule_option(name: str, default: float | None, text: str) -> Callable[[Any], Any]:
    return click.option(
        name, type=NumberRange(0), default=default, show_default=default is not None, metavar="X", help=text
    )


@click.command()
@click.argument("videos", metavar="VIDEO...", nargs=-1, required=True, type=click.Path(path_type=Path))
@detector_option("detector_path", required=True)
@click.option(
    "--out", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="For the tables."
)
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@score_option
@false_alarms_option
@_rule_option("--enter", None, "Anomaly score that a segment reaches at least once, instead of --false-alarms.")
@_rule_option(
    "--leave",
    None,
    "Anomaly score that it stays at or above; by default one below --enter for calibrated scores (what is ten times as "
    f"usual; 0.3 at least), else {_DEFAULTS.leave:g}, and never above --enter.",
)
@_rule_option("--min-length", _DEFAULTS.min_length_seconds, "Seconds; shorter runs are dropped.")
@_rule_option("--merge-gap", _DEFAULTS.merge_gap_seconds, "Seconds; nearer runs become one.")
@_rule_option("--padding", _DEFAULTS.padding_seconds, "Seconds added on both sides.")
@click.option(
    "--every-frame",
    is_flag=True,
    help="Judge every frame by all networks, not samples; takes eight to nine times as long.",
)
@zones_option
@click.option("--no-cache", is_flag=True, help="Neither use nor keep an analysis made earlier.")
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def analyse(
    ctx: click.Context,
    videos: tuple[Path, ...],
    detector_path: Path,
    folder: Path,
    device: str,
    score: str | None,
    false_alarms: float,
    enter: float | None,
    leave: float | None,
    min_length: float,
    merge_gap: float,
    padding: float,
    every_frame: bool,
    zones_file: Path | None,
    no_cache: bool,
    quiet: bool,
) -> None:
    """Analyse each VIDEO: a file, a folder of numbered pictures, or a folder with recordings in it and below.

    Writes NAME.scores.csv and NAME.segments.json, where NAME is the file's name without extension. Videos that share
    it keep the extension and get as many parent folders in front as tell them apart. An analysis that was interrupted
    goes on where it stopped.

    Scores of a calibrated detector mean the same in every video, and its threshold follows from how many false alarms
    an hour you put up with. Those of others are rescaled within each video, as in the paper: something in each of them
    is then the most unusual.
    """
    recordings, without = _recordings(videos)
    if not recordings:
        ctx.exit(1)
    names = output_names(recordings)
    from engine.models.predictor import Predictor

    predictor = Predictor.open(detector_path, device)
    scorer = chosen_scorer(score, predictor.settings.calibration)
    zones = chosen_zones(zones_file, scorer)
    enter = scorer.rule(false_alarms).enter if enter is None else enter
    leave = scorer.leave_for(enter) if leave is None else leave
    try:
        rule = SegmentRule(enter, leave, min_length, merge_gap, padding)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not (every_frame or scorer.sampling.is_every_frame):
        predictor.prepare_motion()
    if not quiet:
        _tell_means(predictor, zones)
    sampling = EVERY_FRAME if every_frame else scorer.sampling
    with analysis_cache(no_cache) as cache:
        jobs = [
            _Job(video, detector_path, folder / name, scorer, rule, sampling, zones, cache)
            for video, name in names.items()
        ]
        try:
            failed = without + sum(not _succeeds(ctx, job, predictor, quiet) for job in jobs)
        except KeyboardInterrupt:
            kept = "" if no_cache else " What was analysed is kept: the same command goes on from there."
            raise KeyboardInterrupt(f"Stopped.{kept}") from None
    if failed:
        if len(names) + without > 1:
            click.echo(f"{failed} of {len(names) + without} videos failed.", err=True)
        ctx.exit(1)


def _tell_means(predictor: Predictor, zones: Zones) -> None:
    """Say by what the recordings are judged, and where in the picture."""
    click.echo(f"Detector {predictor.settings.name} on {predictor.device_label}", err=True)
    if predictor.motion_remark:
        click.echo(predictor.motion_remark, err=True)
    if zones:
        click.echo(f"{zones_in_words(zones)}: what happens outside what is left counts for nothing.", err=True)


def _succeeds(ctx: click.Context, job: _Job, predictor: Predictor, quiet: bool) -> bool:
    """Whether a recording is analysed; if not, it is said why: one odd recording must not end a night's batch."""
    is_debugged = ctx.find_root().params.get("debug")
    try:
        job.run(predictor, quiet=quiet)
    except VadError as error:
        if is_debugged:
            raise
        click.echo(f"Error: {error}", err=True)
        return False
    except Exception as error:
        if is_debugged:
            raise
        if is_out_of_memory(error):
            click.echo(f"Error: {out_of_memory_error(job.video)}", err=True)
            return False
        click.echo(f"Error: Something unexpected went wrong: {displayable(job.video)}", err=True)
        click.echo(f"{error!r}. Please report it, with what `vad --debug analyse` says of it.", err=True)
        return False
    return True


def _recordings(videos: Sequence[Path]) -> tuple[list[Path], int]:
    """The recordings that are named or lie in folders that are; of how many folders it was said that there are none."""
    recordings: list[Path] = []
    without = 0
    for video in videos:
        for each in list(find_recordings([video])) or [_nothing_in(video)]:
            if isinstance(each, Path):
                recordings.append(each)
            else:
                click.echo(f"Error: {each}", err=True)
                without += 1
    return recordings, without


def _nothing_in(folder: Path) -> VideoError:
    return VideoError(
        "There are no recordings in this folder",
        subject=folder,
        advice="Choose one that holds videos, or numbered JPEG, PNG, BMP or TIFF pictures.",
    )


def output_names(videos: Sequence[Path]) -> dict[Path, str]:
    """What each video's tables are called: its stem, where no other has the same; else more of its path.

    A video given twice counts once. Names differ in more than case, for the sake of Windows and macOS.
    """
    given = {resolved(video): video for video in videos}
    # Path.is_dir would raise where a folder may not be entered; opening the video says so better.
    names = {path: path.name if os.path.isdir(path) else path.stem for path in given}  # noqa: PTH112
    depth, deepest = 1, max(len(path.parts) for path in given)
    while clashing := {name for name, count in Counter(n.casefold() for n in names.values()).items() if count > 1}:
        if depth == deepest:
            raise click.UsageError("Some of these videos have names too much alike: analyse them one at a time.")
        for path, name in names.items():
            if name.casefold() in clashing:
                names[path] = "_".join(path.relative_to(path.anchor).parts[-depth:])
        depth += 1
    return {video: names[path] for path, video in given.items()}


@dataclass(frozen=True)
class _Job:
    """One video to analyse, and where its tables go."""

    video: Path
    detector: Path
    base: Path
    """Path of the tables without their suffixes."""
    scorer: Scorer
    rule: SegmentRule
    sampling: Sampling
    zones: Zones
    cache: Path

    def run(self, predictor: Predictor, *, quiet: bool) -> None:
        """Analyse what the cache lacks and write the tables."""
        from engine.analysis.clock import zones_or_clock
        from engine.analysis.findings import Findings
        from engine.analysis.runner import analyse_to_store, analysis_key
        from engine.analysis.score_store import ScoreStore
        from engine.analysis.zoned import stored_signals_within
        from engine.export import tables
        from engine.video import open_video

        with open_video(self.video) as source:
            self._refuse_to_mix(source)
            self._make_folder()
            zones = zones_or_clock(self.zones, source, self.scorer)
            with ScoreStore(self.cache, analysis_key(source, predictor, self.sampling)) as store:
                work = analyse_to_store(source, predictor, store, sampling=self.sampling, scorer=self.scorer)
                follow(work, label=displayable(self.video.name), hidden=quiet)
                signals = stored_signals_within(store, source, predictor.settings.calibration, zones)
            found = Findings.of(signals, source.times, self.scorer, self.rule)
            tables.write_scores_csv(self._table(tables.SCORES_SUFFIX), source.times, signals, found.scores)
            tables.write_segments_json(
                self._table(tables.SEGMENTS_SUFFIX),
                source.info,
                source.times,
                found.segments,
                self.rule,
                detector_name=predictor.settings.name,
                detector_fingerprint=predictor.fingerprint,
                score=self.scorer.name,
                reasons=found.reasons,
                zones=zones,
                conditions=found.conditions,
                is_other_scene=found.is_other_scene,
            )
            if not quiet:
                self._tell(source, predictor, found)
                if zones != self.zones:
                    click.echo(f"{displayable(self.video.name)}: {_CLOCK_FOUND}")

    def _tell(self, source: VideoSource, predictor: Predictor, findings: Findings) -> None:
        from engine.video.integrity import Integrity

        name = displayable(self.video.name)
        signals, conditions, is_other_scene = findings.signals, findings.conditions, findings.is_other_scene
        judged = int(is_judged(signals).sum())
        sampled = "" if self.sampling.is_every_frame else f" ({judged:,} judged)"
        found = f"{counted(len(signals), 'frame')}{sampled}, {counted(len(findings.segments), 'segment')}"
        per_hour = self.scorer.false_alarms_at(self.rule.enter)
        expected = self.scorer.expected_alarms(self.rule.enter, source.info.shown_seconds / 3600)
        if per_hour is not None and expected is not None and not is_other_scene:
            low, high = expected
            doubt = self.scorer.doubt(self.rule.enter)
            found += (
                f" ({doubt.text})" if doubt else f" ({low} to {high} false alarms expected at {per_hour:.3g} an hour)"
            )
        click.echo(f"{name}: {found} -> {displayable(self.base)}.*")
        for sentence in Integrity.of(source.info, source.times).in_words():
            click.echo(f"{name}: {sentence}.")
        calibration = predictor.settings.calibration
        if is_other_scene:
            detector, video = (shlex.quote(displayable(each)) for each in (self.detector, self.video))
            click.echo(
                f"{name}: {OTHER_SCENE} Nothing is flagged. Get to know this camera: "
                f"vad calibrate --unreviewed --detector {detector} --footage {video} --out FILE"
            )
        elif calibration and (rate := calibration.other_rate(source.frame_seconds)):
            click.echo(f"{name}: {rate}. Scores mean less.")
        for sentence in conditions_told(conditions):
            click.echo(f"{name}: {sentence}.")
        drifts = drifts_apart_from(conditions, calibration.drifts(signals, source.times)) if calibration else []
        if drifts and not is_other_scene:
            click.echo(
                f"{name}: not as in the footage of the calibration: {drifts_in_words(drifts)}. Scores mean less there."
            )

    def _table(self, suffix: str) -> Path:
        return self.base.with_name(fitting_name(self.base.name, suffix))

    def _refuse_to_mix(self, source: VideoSource) -> None:
        """Refuse to replace tables of another video: recordings of two cameras often have the same name."""
        from engine.export import tables

        path = self._table(tables.SEGMENTS_SUFFIX)
        if path.exists() and tables.read_segments_json(path).video_fingerprint != source.info.fingerprint:
            raise ExportError(
                "There are tables of another video by the same name",
                subject=path,
                advice="Choose another folder with --out, or move them away.",
            )

    def _make_folder(self) -> None:
        try:
            self.base.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(
                "The folder can't be made",
                subject=self.base.parent,
                advice=f"Choose another folder with --out ({error.strerror}).",
            ) from error
        if not may_write(self.base.parent):
            # Said before the analysis, which may take hours.
            raise ExportError(
                "The folder may not be written",
                subject=self.base.parent,
                advice="Choose another with --out, or change its permissions.",
            )
