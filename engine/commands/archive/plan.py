"""`vad archive plan`: what the analysis of an archive costs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.archive.database import Archive
from engine.commands.archive.options import archive_option
from engine.commands.counting import counted
from engine.commands.detector_option import detector_option
from engine.commands.number_range import NumberRange
from engine.commands.score_options import chosen_scorer, score_option
from engine.common.durations import duration_in_words
from engine.common.names import displayable

if TYPE_CHECKING:
    # NumPy and torch take a while to import, and only the command needs them.
    from engine.archive.planning import ArchivePlan

_GB = 1e9
_MAX_HOURS_A_DAY = 1e6
_MAX_WORKERS = 100_000
_MAX_CORES = 1024


@click.command()
@archive_option
@detector_option("detector_path", required=True)
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@score_option
@click.option(
    "--hours-a-day",
    type=NumberRange(0, _MAX_HOURS_A_DAY, min_open=True),
    metavar="H",
    help="How much footage comes each day, of all cameras.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, _MAX_WORKERS),
    metavar="N",
    help="How many there shall be; by default one for all --cores here.",
)
@click.option(
    "--cores",
    type=click.IntRange(1, _MAX_CORES),
    default=1,
    show_default=True,
    metavar="N",
    help="Of each worker, without a GPU.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs: one JSON object on stdout.")
def plan(
    place: str,
    detector_path: Path,
    device: str,
    score: str | None,
    hours_a_day: float | None,
    workers: int | None,
    cores: int,
    as_json: bool,
) -> None:
    """Say how long what waits takes, how much disk, and how many workers keep up with what comes.

    Judges a minute of the archive's longest recording. Nothing is stored.
    """
    import torch

    from engine.archive.planning import plan_archive
    from engine.models.predictor import Predictor

    torch.set_num_threads(cores)
    predictor = Predictor.open(detector_path, device)
    with Archive(place) as archive:
        planned = plan_archive(archive, predictor, chosen_scorer(score, predictor.settings.calibration).sampling)
    count = workers or (max((os.cpu_count() or 1) // cores, 1) if predictor.is_on_cpu else 1)
    if as_json:
        content = {
            "measured": {**asdict(planned.measured), "path": displayable(planned.measured.path)},
            "speed": planned.speed,
            "waiting_hours": planned.waiting_hours,
            "workers": count,
            "hours": planned.hours_for(planned.waiting_hours, count),
            "stored_bytes_an_hour": planned.stored_bytes_an_hour,
            "workers_needed": planned.workers_for(hours_a_day) if hours_a_day else None,
        }
        click.echo(json.dumps(content, indent=2))
        return

    for line in plan_in_words(planned, predictor.device_label, count, hours_a_day):
        click.echo(line)


def plan_in_words(planned: ArchivePlan, device: str, workers: int, hours_a_day: float | None) -> Iterator[str]:
    """What an analysis by so many workers costs, a line each."""
    seconds = planned.measured.footage_seconds
    yield f"Measured: {seconds:.0f} s of {displayable(planned.measured.path.name)} on {device}"
    yield f"One worker does {planned.speed:.3g} hours of footage an hour."
    if planned.waiting_hours:
        waits = duration_in_words(planned.waiting_hours * 3600)
        taken = duration_in_words(planned.hours_for(planned.waiting_hours, workers) * 3600)
        yield f"{waits} of footage to analyse: {taken} with {counted(workers, 'worker')}."
    else:
        yield "All footage is analysed."
    yield f"Stored analyses: {_size(planned.stored_bytes_an_hour)} for an hour of footage."
    if hours_a_day:
        disk = _size(planned.stored_bytes_an_hour * hours_a_day)
        needed = counted(planned.workers_for(hours_a_day), "worker")
        yield f"{hours_a_day:,.7g} hours a day: {needed} to keep up; {disk} of analyses a day."


def _size(size_bytes: float) -> str:
    return f"{size_bytes / _GB:,.1f} GB" if size_bytes >= _GB else f"{size_bytes / 1e6:.1f} MB"
