"""`vad timing`: Table 3 of the paper, on this machine."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.detector_option import detector_option, required_detector
from engine.commands.output import Output, command_line, refuse_unwritable
from engine.commands.progress import follow
from engine.common.paths import resolved

_MAX_PROCESSOR_DENIED = 0.03
"""Fraction of processor time taken by other programs that is normal on an idle machine."""

if TYPE_CHECKING:
    from engine.common.events import Progress
    from engine.models.predictor import Predictor


@click.command(short_help="Say how many frames a second a detector predicts and judges.")
@click.argument("dataset", required=False, type=click.Path(path_type=Path))
@detector_option()
@click.option(
    "--preset",
    type=click.Choice(["fast", "paper"]),
    help="Time models of this size that have learnt nothing, instead of --detector.",
)
@click.option("--json", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write everything there, too.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_context
def timing(
    ctx: click.Context,
    /,
    dataset: Path | None,
    detector: Path | None,
    preset: str | None,
    report: Path | None,
    device: str,
    quiet: bool,
) -> None:
    """Say how many frames a second a detector predicts and judges on this machine: Table 3 of the paper.

    Figures are medians, of frames of DATASET if one is given: a dataset's folder, a folder with videos, or a video.
    They go to stdout.
    """
    refuse_unwritable(report)
    if preset and detector:
        raise click.UsageError("--preset goes instead of --detector.")
    if not (preset or detector):
        option = next(parameter for parameter in ctx.command.params if parameter.name == "detector")
        required_detector(ctx, option, None)
    from engine.models.predictor import Predictor  # torch takes seconds to import

    predictor = Predictor.open(detector, device) if detector else untrained(str(preset), device)
    report_timing(predictor, dataset, Output(report, command_line(ctx), quiet))


def report_timing(predictor: Predictor, dataset: Path | None, output: Output) -> None:
    """Time a detector on frames of a dataset, by default synthetic ones; print and write the figures."""
    from engine.datasets import any_video
    from engine.evaluation.machine import this_machine
    from engine.evaluation.report import provenance, table, write_json
    from engine.evaluation.timing import FRAMES, Timing, drifting_texture, time_detector
    from engine.video import open_video

    if dataset is None:
        frames, frames_text = drifting_texture(), "a drifting texture"
    else:
        video = any_video(dataset)
        with open_video(video) as source:
            frames = [frame.stored for frame in islice(source.frames(), FRAMES)]
        relative_path = video.relative_to(dataset).as_posix()
        frames_text = f"video {video.name}" if video == dataset else f"{resolved(dataset).name}, video {relative_path}"
    timings: list[Timing] = []

    def progress() -> Generator[Progress, None, None]:
        for event in time_detector(predictor, frames):
            if isinstance(event, Timing):
                timings.append(event)
            else:
                yield event

    follow(progress(), hidden=output.quiet)
    (timing,) = timings
    machine = this_machine()
    height, width = frames[0].shape[:2]
    settings = predictor.settings
    click.echo(f"Detector {settings.name}, preset {settings.preset}, teacher {settings.teacher}")
    click.echo(f"{frames_text}, {width} x {height} px; medians, decoding left out")
    click.echo(f"{timing.device}; {machine.processor}, {machine.cores} cores, {machine.system}\n")
    columns = {1: (timing.prediction_fps, timing.detection_fps)}
    columns[timing.best_batch] = (timing.prediction_fps_best_batch, timing.detection_fps_best_batch)
    rows = [
        [name, *(f"{fps[index]:.1f} fps" for fps in columns.values())]
        for index, name in enumerate(("prediction", "detection"))
    ]
    if timing.processor_denied is not None and timing.processor_denied > _MAX_PROCESSOR_DENIED:
        click.echo(
            f"Other programs had {100 * timing.processor_denied:.0f} % of the processor time that this could have "
            "used: figures are too low. Repeat it when nothing else runs.\n",
            err=True,
        )
    click.echo(table(["", *(f"batch {size}" for size in columns)], rows))
    if output.report:
        content = {
            "format": "vadgui-timing",
            "version": 1,
            "detector": {"name": settings.name, "preset": settings.preset, "teacher": settings.teacher},
            "frames": {"of": frames_text, "width_px": width, "height_px": height},
            **asdict(timing),
            "machine": asdict(machine),
        }
        write_json(output.report, content | provenance(timing.device, output.command))


def untrained(preset: str, device: str) -> Predictor:
    """An untrained detector of a preset, which is as fast as a trained one."""
    from engine.common.device import choose_compute
    from engine.flow.teachers import DEFAULT_TEACHER
    from engine.models.detector import Detector, DetectorSettings
    from engine.models.predictor import Predictor

    settings = DetectorSettings(f"untrained, {preset}", preset, DEFAULT_TEACHER, flow_radius_px=4.0)
    return Predictor(Detector(settings), "", choose_compute(device))
