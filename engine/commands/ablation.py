"""`vad ablation`: Table 2 of the paper, on any dataset with training videos."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from engine.commands.analysis_cache import analysis_cache
from engine.commands.detector_option import WHICH, detector_option
from engine.commands.labelled_videos import labelled_dataset, measured_videos, repeated_videos
from engine.commands.learning_options import LearningOptions, learning_options
from engine.commands.output import Output, command_line, refuse_unwritable
from engine.common.durations import duration_in_words
from engine.common.errors import DatasetError, ExportError
from engine.common.events import Event, LossReported, Progress, Stopped
from engine.common.paths import resolved
from engine.datasets import Dataset
from engine.evaluation.ablation import EXPERIMENTS, TRAINING_ORDER, Experiment, delete_footage, train_experiment
from engine.evaluation.report import percent, provenance, table, without_nan, write_json
from engine.evaluation.score_figures import ScoreFigures, figures_of
from engine.scoring.scorers import scorers_of
from engine.training import Run, RunSettings

SCORES = tuple(scorer.name for scorer in scorers_of(None))
"""Scores to choose from; only those that need no calibration, because the ablation's detectors have none."""
_REPORT_INTERVAL_SECONDS = 30.0


@dataclass(frozen=True)
class AblationOptions:
    """Settings of an ablation."""

    folder: Path
    preset: str
    learning: LearningOptions
    motion_epochs: int
    frame_epochs: int
    device: str
    motion_from: Path | None
    """Detector whose motion model all experiments use; None for Exp4's."""


def _epochs(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    motion, comma, frame = value.partition(",")
    if not (comma and motion.strip().isdecimal() and frame.strip().isdecimal() and int(motion) and int(frame)):
        raise click.BadParameter("give both numbers of epochs, like 20,10.", ctx, param)
    return int(motion), int(frame)


@click.command(short_help="Train and judge the method with and without its ingredients.")
@click.argument("dataset", type=click.Path(path_type=Path))
@click.argument("folder", metavar="RUNS", type=click.Path(path_type=Path, file_okay=False))
@detector_option(text=f"Take the motion model of this detector ({WHICH}) in all four.")
@click.option("--preset", type=click.Choice(["fast", "paper"]), help="Size of the models; fast by default.")
@click.option(
    "--epochs",
    metavar="M,F",
    default="20,10",
    show_default=True,
    callback=_epochs,
    help="Passes that learn motion and the next frame.",
)
@learning_options()
@click.option(
    "--score",
    type=click.Choice(SCORES),
    default=SCORES[0],
    show_default=True,
    help="Whose figures lead the report; all are listed.",
)
@click.option("--json", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write everything there, too.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep an analysis made earlier.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_context
def ablation(
    ctx: click.Context,
    /,
    dataset: Path,
    folder: Path,
    detector: Path | None,
    preset: str | None,
    epochs: tuple[int, int],
    score: str,
    report: Path | None,
    device: str,
    no_cache: bool,
    quiet: bool,
    **learning: Any,
) -> None:
    """Train and judge the method with and without margin loss and flow guidance: Table 2 of the paper.

    Four detectors are trained in the folder RUNS on the normal videos of DATASET, a folder as its authors lay it out,
    and judged by its testing videos, beside a predictor that has learnt nothing and repeats the frame before; finished
    ones are not trained again. All take --detector's motion model if one
    is given, else Exp4's.

    The table goes to stdout and is written to RUNS/ablation.json. An ablation that was interrupted goes on where it
    stopped.
    """
    refuse_unwritable(report)
    if preset and detector:
        raise click.UsageError("--preset goes instead of --detector.")
    output = Output(report, command_line(ctx), quiet)
    labelled = labelled_dataset(dataset)
    options = AblationOptions(
        folder, preset or _preset_of(detector), LearningOptions(**learning), *epochs, device, detector
    )
    with analysis_cache(no_cache) as cache:
        report_ablation(labelled, options, cache, output, score=score)


def _preset_of(detector: Path | None) -> str:
    if detector is None:
        return "fast"
    from engine.models.detector import load_detector  # torch takes seconds to import

    return load_detector(detector)[0].settings.preset


def report_ablation(dataset: Dataset, options: AblationOptions, cache: Path, output: Output, *, score: str) -> None:
    """Train the missing experiments, evaluate all four, print the table and write it into their folder."""
    base = _settings(dataset, options)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        advice = f"Choose another folder ({error.strerror})."
        raise ExportError("The folder can't be made", subject=options.folder, advice=advice) from error
    repeated = repeated_videos(dataset, quiet=output.quiet)
    repeat = {scorer.name: figures_of(repeated, scorer) for scorer in scorers_of(None)}
    figures: dict[Experiment, dict[str, ScoreFigures]] = {}
    device = ""
    for experiment in TRAINING_ORDER:
        _train(experiment, options.folder, base, output.quiet)
        device, figures[experiment] = _evaluate(experiment.run(options.folder), dataset, base, cache, output.quiet)
        chosen = figures[experiment][score]
        click.echo(f"{experiment.name}: micro AUC {100 * chosen.micro_auc:.2f} %", err=True)
        # The table is written after each experiment, so that an interrupted ablation leaves its finished rows.
        content = _as_json(dataset, options, figures, repeat, score, device, output.command)
        for path in (options.folder / "ablation.json", *([output.report] if output.report else [])):
            write_json(path, content)
    delete_footage(options.folder)
    click.echo(
        f"{dataset.name}: preset {base.preset}, teacher {base.teacher}, {base.motion_epochs} motion epochs, "
        f"{base.frame_epochs} frame epochs; on {device}\n"
    )
    click.echo(_table(figures, repeat))


def _settings(dataset: Dataset, options: AblationOptions) -> RunSettings:
    if not dataset.training:
        raise DatasetError(
            "The dataset has no training videos",
            subject=dataset.root,
            advice="An ablation learns from the dataset's normal videos: unpack them too.",
        )
    return RunSettings(
        name=dataset.name,
        videos=tuple(str(resolved(video)) for video in dataset.training),
        preset=options.preset,
        motion_epochs=options.motion_epochs,
        frame_epochs=options.frame_epochs,
        device=options.device,
        motion_from=str(resolved(options.motion_from)) if options.motion_from else None,
        **options.learning.settings,
    )


def _train(experiment: Experiment, folder: Path, base: RunSettings, quiet: bool) -> None:
    """Train one experiment, printing its events.

    Raises:
        KeyboardInterrupt: the training was stopped.
    """
    last: Event | None = None
    reported_at = -_REPORT_INTERVAL_SECONDS
    try:
        with closing(train_experiment(folder, experiment, base)) as events:
            for last in events:
                now = time.monotonic()
                if quiet or (isinstance(last, Progress) and now - reported_at < _REPORT_INTERVAL_SECONDS):
                    continue
                if words := _in_words(last):
                    click.echo(f"{experiment.name}: {words}", err=True)
                    reported_at = now
    except KeyboardInterrupt:
        last = Stopped("")
    if isinstance(last, Stopped):
        raise KeyboardInterrupt(f"Stopped. The same command goes on with {experiment.name} from its last checkpoint.")


def _in_words(event: Event) -> str:
    match event:
        case Progress(phase=phase, done=done, total=total, seconds_left=left):
            return f"{phase}: {done}/{total}" + (f", {duration_in_words(left)} left" if left is not None else "")
        case LossReported(stage=stage, epoch=epoch, loss=loss, held_out_loss=held_out):
            held_out_text = f", held-out {held_out:.5f}" if held_out is not None else ""
            return f"{stage} stage, epoch {epoch + 1}: loss {loss:.5f}{held_out_text}"
        case _:
            return ""


def _evaluate(
    run: Run, dataset: Dataset, base: RunSettings, cache: Path, quiet: bool
) -> tuple[str, dict[str, ScoreFigures]]:
    """Evaluate a run's detector: the label of the device, and the figures of each score by name."""
    from engine.common.device import choose_compute  # torch takes seconds to import
    from engine.models.detector import load_detector
    from engine.models.predictor import Predictor

    detector, fingerprint = load_detector(run.detector_path)
    weights = base.weights_of(detector.settings.teacher)
    predictor = Predictor(detector, fingerprint, choose_compute(base.device), teacher_weights=weights)
    videos = measured_videos(dataset, predictor, cache, quiet=quiet)
    return predictor.device_label, {scorer.name: figures_of(videos, scorer) for scorer in scorers_of(None)}


def _as_json(
    dataset: Dataset,
    options: AblationOptions,
    figures: dict[Experiment, dict[str, ScoreFigures]],
    repeat: dict[str, ScoreFigures],
    headline: str,
    device: str,
    command: str,
) -> dict[str, Any]:
    rows = [
        {
            "name": experiment.name,
            "margin_loss": experiment.margin,
            "optical_flow": experiment.flow_guidance,
            "detector": experiment.run(options.folder).detector_path.relative_to(options.folder).as_posix(),
            **figures[experiment][headline].aucs,
            "scores": {name: each.aucs for name, each in figures[experiment].items()},
        }
        for experiment in EXPERIMENTS
        if experiment in figures
    ]
    learning = options.learning
    content: dict[str, Any] = {
        "format": "vadgui-ablation",
        "version": 1,
        "dataset": {"name": dataset.name, "complete": dataset.complete},
        "preset": options.preset,
        "teacher": learning.teacher,
        "teacher_weights": learning.teacher_weights and learning.teacher_weights.name,
        "flow_radius_px": learning.flow_radius_px,
        "epochs": {"motion": options.motion_epochs, "frame": options.frame_epochs},
        "learning_rates": {"motion": learning.motion_learning_rate, "frame": learning.frame_learning_rate},
        "batch_size": learning.batch_size,
        "seed": learning.seed,
        "motion_from": options.motion_from and options.motion_from.name,
        "score": headline,
        "experiments": without_nan(rows),
        "repeat": without_nan(repeat[headline].aucs | {"scores": {name: each.aucs for name, each in repeat.items()}}),
    }
    return content | provenance(device, command)


def _table(figures: dict[Experiment, dict[str, ScoreFigures]], repeat: dict[str, ScoreFigures]) -> str:
    """A column for each experiment, before them what repeats the frame before and has learnt nothing."""

    def row(name: str, cells: Iterable[str]) -> list[str]:
        return [name, *cells]

    ingredients = [
        row("margin loss", ("", *("x" if experiment.margin else "-" for experiment in EXPERIMENTS))),
        row("optical flow", ("", *("x" if experiment.flow_guidance else "-" for experiment in EXPERIMENTS))),
    ]
    aucs = [
        row(
            f"{score} {name} AUC %",
            (percent(each[score].aucs[f"{name}_auc"]) for each in (repeat, *(figures[e] for e in EXPERIMENTS))),
        )
        for score in figures[EXPERIMENTS[0]]
        for name in ("micro", "macro", "global")
    ]
    return table(["", "repeat", *(experiment.name for experiment in EXPERIMENTS)], [*ingredients, *aucs])
