"""`vad archive plan`: what the analysis of an archive costs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click

from engine.archive.database import Archive
from engine.commands.archive.options import archive_option
from engine.commands.detector_option import detector_option
from engine.commands.number_range import NumberRange
from engine.commands.score_options import chosen_scorer, score_option
from engine.common.durations import duration_in_words
from engine.common.names import displayable

_GB = 1e9


@click.command()
@archive_option
@detector_option("detector_path", required=True)
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@score_option
@click.option("--hours-a-day", type=NumberRange(0), metavar="H", help="How much footage comes each day.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="How many there shall be; by default one for all --cores here.",
)
@click.option(
    "--cores", type=click.IntRange(1), default=1, show_default=True, metavar="N", help="Of each worker, without a GPU."
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
    needed = planned.workers_for(hours_a_day) if hours_a_day else None
    if as_json:
        content = {
            "measured": {**asdict(planned.measured), "path": displayable(planned.measured.path)},
            "speed": planned.speed,
            "waiting_hours": planned.waiting_hours,
            "workers": count,
            "hours": planned.hours_for(planned.waiting_hours, count),
            "stored_bytes_an_hour": planned.stored_bytes_an_hour,
            "workers_needed": needed,
        }
        click.echo(json.dumps(content, indent=2))
        return

    def lines() -> Iterator[str]:
        seconds = planned.measured.footage_seconds
        yield f"Measured: {seconds:.0f} s of {displayable(planned.measured.path.name)} on {predictor.device_label}"
        yield f"One worker does {planned.speed:.3g} hours of footage an hour."
        taken = duration_in_words(planned.hours_for(planned.waiting_hours, count) * 3600)
        yield f"{planned.waiting_hours:.1f} hours wait: {count} workers take {taken}."
        yield f"Stored analyses: {planned.stored_bytes_an_hour / _GB:.3f} GB for an hour of footage."
        if hours_a_day and needed:
            disk = planned.stored_bytes_an_hour * hours_a_day / _GB
            yield f"{hours_a_day:g} hours a day: {needed} workers keep up; {disk:.1f} GB of analyses a day."

    for line in lines():
        click.echo(line)
