"""`vad archive analyse`: analyses what waits, beside any number of other processes."""

from __future__ import annotations

import math
import sys
from collections.abc import Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.archive.database import Archive
from engine.archive.leases import LEASE_SECONDS, LONGEST_LEASE_SECONDS, MOST_ATTEMPTS, Leases, wait_again
from engine.archive.searching import check_cameras
from engine.commands.archive.options import PATIENCE_SECONDS, archive_option, cameras_option
from engine.commands.counting import counted
from engine.commands.detector_option import detector_option
from engine.commands.number_range import NumberRange
from engine.commands.score_options import (
    chosen_scorer,
    chosen_zones,
    false_alarms_option,
    score_option,
    zones_option,
)
from engine.common.events import Progress
from engine.common.names import displayable
from engine.common.paths import analyses_folder
from engine.review.document import DetectorUsed

if TYPE_CHECKING:
    from engine.archive.analysing import AnalysisSettings, FoldersOutOfReach
    from engine.models.predictor import Predictor

_GIB = 2**30
_STOPPED = "Stopped. What was analysed is kept: the same command goes on from there."


@click.command()
@archive_option
@detector_option("detector_path", required=True)
@cameras_option
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@score_option
@false_alarms_option
@zones_option
@click.option("--again", is_flag=True, help="Also what another detector has analysed.")
@click.option("--retry", is_flag=True, help="Also what failed.")
@click.option(
    "--attempts",
    type=click.IntRange(1),
    default=MOST_ATTEMPTS,
    show_default=True,
    metavar="N",
    help="After so many a recording counts as failed.",
)
@click.option(
    "--lease",
    "lease_seconds",
    type=NumberRange(10, LONGEST_LEASE_SECONDS),
    default=LEASE_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="After how long without a word another process may take over.",
)
@click.option(
    "--keep",
    "keep_gib",
    type=NumberRange(0),
    default=4,
    show_default=True,
    metavar="GIB",
    help="What stored analyses may take on disk; those used least lately go first.",
)
@click.option(
    "--keep-days",
    type=NumberRange(0),
    metavar="DAYS",
    help="Remove stored analyses that nobody used for so long (default: keep them).",
)
@click.option(
    "--cluster",
    "address",
    metavar="ADDRESS",
    help="Divide the recordings among the workers of a Ray cluster: HOST:PORT or auto on one of its nodes, "
    "ray://HOST:PORT elsewhere, or local for this machine's own.",
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="With --cluster: at most so many.")
@click.option(
    "--cores", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="With --cluster: of each worker."
)
@click.option(
    "--one-kind", is_flag=True, help="With --cluster: end if workers differ in device, precision or packages."
)
@click.option("--quiet", is_flag=True, help="Say nothing but errors.")
@click.pass_context
def analyse(
    ctx: click.Context,
    place: str,
    detector_path: Path,
    cameras: tuple[str, ...],
    device: str,
    score: str | None,
    false_alarms: float,
    zones_file: Path | None,
    again: bool,
    retry: bool,
    attempts: int,
    lease_seconds: float,
    keep_gib: float,
    keep_days: float | None,
    address: str | None,
    workers: int | None,
    cores: int,
    one_kind: bool,
    quiet: bool,
) -> None:
    """Analyse the recordings that wait, with a DETECTOR of their camera.

    Any number of processes may work on one archive at the same time. One that is stopped or killed leaves what it has
    done; its recording is taken up again from there.
    """
    with Archive(place, patience_seconds=PATIENCE_SECONDS) as archive, ExitStack() as open_workers:
        from engine.archive.analysing import analyse_divided, analyse_waiting
        from engine.models.predictor import Predictor

        check_cameras(archive, cameras)
        # Of a cluster, only the workers' device matters.
        predictor = Predictor.open(detector_path, "cpu" if address else device)
        kept = (int(keep_gib * _GIB), math.inf if keep_days is None else keep_days, lease_seconds)
        settings = _settings(predictor, score, false_alarms, zones_file, *kept)
        for is_asked_for, failed in ((again, False), (retry, True)):
            if is_asked_for:
                wait_again(archive, predictor.fingerprint, cameras=cameras, failed=failed)
        leases = Leases(archive, cameras=cameras, lease_seconds=lease_seconds, most_attempts=attempts)
        if address:
            from engine.archive.cluster import RayWorkers

            sampling = settings.scorer.sampling
            found = RayWorkers(
                address, detector_path, sampling, device=device, count=workers, cores=cores, refuses_mixture=one_kind
            )
            open_workers.callback(found.close)
            work = analyse_divided(leases, found, settings)
            where = f"{counted(found.count, 'worker')} of the cluster {address}"
        else:
            predictor.prepare_motion()
            work, where = analyse_waiting(leases, predictor, settings), predictor.device_label
        if not quiet:
            click.echo(f"Detector {predictor.settings.name} on {where}", err=True)
        try:
            lost = _follow(work, quiet=quiet)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(_STOPPED) from None
        if not quiet:
            _tell_others(leases.count_of_others())
    ctx.exit(1 if lost else 0)


def _settings(
    predictor: Predictor,
    score: str | None,
    false_alarms: float,
    zones_file: Path | None,
    max_bytes: int,
    max_days: float,
    lease_seconds: float,
) -> AnalysisSettings:
    from engine.archive.analysing import AnalysisSettings

    scorer = chosen_scorer(score, predictor.settings.calibration)
    return AnalysisSettings(
        DetectorUsed(predictor.settings.name, predictor.fingerprint),
        predictor.settings.calibration,
        scorer,
        scorer.rule(false_alarms),
        analyses_folder(),
        chosen_zones(zones_file, scorer),
        max_bytes,
        max_days,
        lease_seconds,
    )


def _tell_others(count: int) -> None:
    """Tell how many recordings other processes have."""
    if count:
        advice = "Run this again when their leases have ended (see --lease), if a process died."
        are = "is" if count == 1 else "are"
        click.echo(f"{counted(count, 'recording')} {are} with other processes. {advice}", err=True)


def _follow(work: Generator[object, None, None], *, quiet: bool) -> int:
    """Tell how each recording ended, and the progress of the one at hand; returns how many failed or were not reached.

    Of those that were not reached, each folder counts as one.
    """
    from engine.archive.analysing import FoldersOutOfReach, RecordingAnalysed, RecordingFailed, WorkersDiffer

    done = failed = unreached = 0
    with closing(work):
        for event in work:
            match event:
                case Progress() if not quiet and sys.stderr.isatty():
                    share = event.done / event.total if event.total else 1.0
                    click.echo(
                        f"\r{done} done, the next {share:4.0%}, {event.per_second:.0f} a second ", err=True, nl=False
                    )
                case WorkersDiffer():
                    told = "scores differ in their last digits by which of them judged what (see --one-kind)"
                    click.echo(f"Warning: workers differ, so {told}: {'; '.join(event.kinds)}", err=True)
                case RecordingAnalysed():
                    done += 1
                    if not quiet:
                        click.echo(f"{displayable(event.path)}: {counted(event.segments, 'segment')}")
                case RecordingFailed():
                    failed += event.is_final
                    told = "" if event.is_final else " (it is tried again)"
                    click.echo(f"Error: {event.error}{told}", err=True)
                case FoldersOutOfReach():
                    unreached += len(event.folders) if event.is_final else 0
                    _tell_unreached(event)
    if not quiet:
        click.echo(f"{counted(done, 'recording')} analysed, {failed} failed.", err=True)
    return failed + unreached


def _tell_unreached(event: FoldersOutOfReach) -> None:
    names = ", ".join(map(displayable, event.folders))
    if event.is_final:
        advice = "Its recordings wait: run this again when its disk or share is back."
        click.echo(f"Error: Out of reach for too long: {names}\n{advice}", err=True)
    else:
        click.echo(f"Waiting for a disk or share that can't be reached: {names}", err=True)
