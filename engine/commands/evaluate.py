"""`vad evaluate`: how good a detector is on a dataset whose labels are known."""

from __future__ import annotations

import shlex
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from engine.commands.analysis_cache import analysis_cache
from engine.commands.detector_option import optional_detector, required_detector
from engine.commands.progress import follow
from engine.commands.timing_mode import report_timing, untrained
from engine.errors import DatasetError, ExportError

if TYPE_CHECKING:
    from engine.datasets import Dataset
    from engine.evaluation.measuring import MeasuredVideo
    from engine.events import Progress
    from engine.models.predictor import Predictor

SCORES = ("paper", "paper-patch")


@click.command(short_help="Judge a detector by a labelled dataset: AUC, events found, plots.")
@click.argument("dataset", required=False, type=click.Path(path_type=Path))
@click.option("--detector", callback=optional_detector, help="Detector file or bundled name.")
@click.option(
    "--score",
    type=click.Choice(SCORES),
    default=SCORES[0],
    show_default=True,
    help="Whose figures lead the report and are plotted; all are listed.",
)
@click.option(
    "--max-i",
    type=click.Choice(["frame", "1"]),
    default="frame",
    show_default=True,
    help="MAX_I of Eq. 9: each real frame's maximum, as in the paper, or 1.",
)
@click.option("--json", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write everything there, too.")
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Folder for ROC and score plots.")
@click.option("--timing", is_flag=True, help="Say how many frames a second it predicts and judges; needs no labels.")
@click.option("--preset", type=click.Choice(["fast", "paper"]), help="With --timing: an untrained detector's speed.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep an analysis made earlier.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    dataset: Path | None,
    detector: Path | None,
    score: str,
    max_i: str,
    report: Path | None,
    plots: Path | None,
    timing: bool,
    preset: str | None,
    device: str,
    no_cache: bool,
    quiet: bool,
) -> None:
    """Analyse the testing videos of DATASET, a folder as its authors lay it out, and judge the scores by its labels.

    AUCs are of frames: micro is the paper's (each video rescaled by itself, all in one curve), macro the mean of the
    videos' own, global that of scores as they are, comparable across videos. Of events it is said how many a flagged
    segment overlaps, how long after their start the score reached the threshold, how many flagged segments overlap
    none, and what share of the footage a person watches to see 95 % of the events, the most suspicious first.

    With --timing it is Table 3 of the paper instead: medians on this machine, of DATASET's frames if one is given.

    Tables go to stdout. An evaluation that was interrupted goes on where it stopped.
    """
    refuse_unwritable(report)
    if preset and (detector or not timing):
        raise click.UsageError("--preset goes with --timing, instead of --detector.")
    if detector is None and preset is None:
        required_detector(ctx, _option(ctx, "detector"), None)
    if timing:
        predictor = untrained(preset, device) if preset else _open_predictor(detector, device)
        report_timing(predictor, dataset, report=report, quiet=quiet, command=command_line(ctx))
        return
    if dataset is None:
        raise click.MissingParameter("Give the dataset's folder.", ctx, _option(ctx, "dataset"))
    found = labelled(dataset)
    predictor = _open_predictor(detector, device)
    with analysis_cache(no_cache) as cache:
        _evaluate(
            found,
            predictor,
            cache,
            score,
            1.0 if max_i == "1" else None,
            report=report,
            plots=plots,
            quiet=quiet,
            command=command_line(ctx),
        )


def _evaluate(
    dataset: Dataset,
    predictor: Predictor,
    cache: Path,
    score: str,
    max_i: float | None,
    *,
    report: Path | None,
    plots: Path | None,
    quiet: bool,
    command: str,
) -> None:
    from engine.evaluation.judging import figures_of
    from engine.evaluation.report import Evaluation, as_json, in_words, write_json
    from engine.evaluation.score_kinds import ScoreKind

    videos = measured_videos(dataset, predictor, cache, max_i=max_i, quiet=quiet)
    settings = predictor.settings
    evaluation = Evaluation(
        dataset=dataset.name,
        complete=dataset.complete,
        detector={
            "name": settings.name,
            "fingerprint": predictor.fingerprint,
            "preset": settings.preset,
            "teacher": settings.teacher,
        },
        device=predictor.device_label,
        videos=videos,
        figures={kind: figures_of(videos, kind) for kind in ScoreKind},
    )
    click.echo(in_words(evaluation))
    headline = ScoreKind(score)
    if report:
        write_json(report, as_json(evaluation, headline, command=command, max_i=max_i))
    if plots:
        from engine.evaluation.plots import draw_plots

        title = f"Detector {settings.name} on {dataset.name}"
        for path in draw_plots(plots, title, videos, evaluation.figures, headline):
            click.echo(path, err=True)


def labelled(path: Path) -> Dataset:
    """The dataset of a folder, which must have labelled videos.

    Raises:
        DatasetError: there is no dataset, its layout is not what it should be, or nothing in it is labelled.
    """
    from engine.datasets import open_dataset

    dataset = open_dataset(path)
    if not dataset.testing:
        raise DatasetError(
            "There are no labelled videos here",
            subject=path,
            advice="Evaluating needs a dataset's testing videos with their labels.",
        )
    return dataset


def measured_videos(
    dataset: Dataset, predictor: Predictor, cache: Path, *, max_i: float | None = None, quiet: bool = False
) -> list[MeasuredVideo]:
    """Every testing video analysed, with a progress bar over all of them."""
    from engine.evaluation.measuring import MeasuredVideo, measure

    videos: list[MeasuredVideo] = []

    def progress() -> Generator[Progress, None, None]:
        for event in measure(dataset.testing, predictor, cache, max_i=max_i):
            if isinstance(event, MeasuredVideo):
                videos.append(event)
            else:
                yield event

    try:
        follow(progress(), label=dataset.name, hidden=quiet)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("Stopped. What was analysed is kept: the same command goes on from there.") from None
    return videos


def command_line(ctx: click.Context) -> str:
    """The command as it was given, for the record."""
    words = ["vad", str(ctx.info_name)]
    for parameter in ctx.command.params:
        name = parameter.name or ""
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            value = ctx.params[name]
            words += [] if isinstance(parameter, click.Argument) else [parameter.opts[0]]
            words += [] if value is True else [str(value)]
    return shlex.join(words)


def refuse_unwritable(report: Path | None) -> None:
    """Check, before minutes of analysis, that a report can be written where it shall be.

    Raises:
        ExportError: there is no such folder.
    """
    if report and not report.absolute().parent.is_dir():
        raise ExportError(
            "There is no such folder", subject=report.absolute().parent, advice="Make it first, or choose another."
        )


def _option(ctx: click.Context, name: str) -> click.Parameter:
    return next(parameter for parameter in ctx.command.params if parameter.name == name)


def _open_predictor(detector: Path | None, device: str) -> Predictor:
    from engine.models.predictor import Predictor  # torch takes seconds to import

    assert detector is not None
    return Predictor.open(detector, device)
