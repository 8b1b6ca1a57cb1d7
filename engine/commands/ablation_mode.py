"""`vad evaluate --ablation`: Table 2 of the paper, on any dataset that has videos to learn from."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.commands.evaluation_mode import measured_videos
from engine.commands.learning_options import LearningOptions
from engine.common.durations import duration_in_words
from engine.common.errors import DatasetError, ExportError
from engine.common.events import Event, LossReported, Progress, Stopped
from engine.datasets import Dataset
from engine.evaluation.ablation import EXPERIMENTS, TRAINING_ORDER, Experiment, forget_footage, train_experiment
from engine.evaluation.report import percent, provenance, table, without_nan, write_json
from engine.evaluation.score_figures import ScoreFigures, figures_of
from engine.scoring.scorers import scorers_of
from engine.training import Run, RunSettings

if TYPE_CHECKING:
    from engine.commands.output import Output

_SAY_EVERY_SECONDS = 30.0


@dataclass(frozen=True)
class AblationOptions:
    """What an ablation is begun with."""

    folder: Path
    preset: str
    learning: LearningOptions
    motion_epochs: int
    frame_epochs: int
    device: str
    motion_from: Path | None
    """Detector whose motion model all experiments take."""


def report_ablation(dataset: Dataset, options: AblationOptions, cache: Path, output: Output, *, score: str) -> None:
    """Train what is missing, judge all four experiments, print the table and write it beside them."""
    base = _settings(dataset, options)
    try:
        options.folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        advice = f"Choose another folder with --ablation ({error.strerror})."
        raise ExportError("The folder can't be made", subject=options.folder, advice=advice) from error
    found: dict[Experiment, dict[str, ScoreFigures]] = {}
    device = ""
    for experiment in TRAINING_ORDER:
        _train(experiment, options.folder, base, output.quiet)
        device, found[experiment] = _judge(experiment.run(options.folder), dataset, base, cache, output.quiet)
        chosen = found[experiment][score]
        click.echo(f"{experiment.name}: micro AUC {100 * chosen.micro_auc:.2f} %", err=True)
        # After each: the night may be shorter than four trainings.
        content = _as_json(dataset, options, found, score, device, output.command)
        for path in (options.folder / "ablation.json", *([output.report] if output.report else [])):
            write_json(path, content)
    forget_footage(options.folder)
    click.echo(
        f"{dataset.name}: preset {base.preset}, teacher {base.teacher}, {base.motion_epochs} motion epochs, "
        f"{base.frame_epochs} frame epochs; on {device}\n"
    )
    click.echo(_table(found))


def _settings(dataset: Dataset, options: AblationOptions) -> RunSettings:
    if not dataset.training:
        raise DatasetError(
            "The dataset has no training videos",
            subject=dataset.root,
            advice="An ablation learns from the dataset's normal videos: unpack them too.",
        )
    return RunSettings(
        name=dataset.name,
        videos=tuple(str(video.resolve()) for video in dataset.training),
        preset=options.preset,
        motion_epochs=options.motion_epochs,
        frame_epochs=options.frame_epochs,
        device=options.device,
        motion_from=str(options.motion_from.resolve()) if options.motion_from else None,
        **options.learning.settings,
    )


def _train(experiment: Experiment, folder: Path, base: RunSettings, quiet: bool) -> None:
    """Raises KeyboardInterrupt where the training was stopped."""
    last: Event | None = None
    said = -_SAY_EVERY_SECONDS
    try:
        with closing(train_experiment(folder, experiment, base)) as events:
            for last in events:
                now = time.monotonic()
                if quiet or (isinstance(last, Progress) and now - said < _SAY_EVERY_SECONDS):
                    continue
                if words := _in_words(last):
                    click.echo(f"{experiment.name}: {words}", err=True)
                    said = now
    except KeyboardInterrupt:
        last = Stopped("")
    if isinstance(last, Stopped):
        raise KeyboardInterrupt(f"Stopped. The same command goes on with {experiment.name} from its last checkpoint.")


def _in_words(event: Event) -> str:
    match event:
        case Progress(phase=phase, done=done, total=total, seconds_left=left):
            return f"{phase}: {done}/{total}" + (f", {duration_in_words(left)} left" if left is not None else "")
        case LossReported(stage=stage, epoch=epoch, loss=loss, held_out_loss=held_out):
            judged = f", held-out {held_out:.5f}" if held_out is not None else ""
            return f"{stage} stage, epoch {epoch + 1}: loss {loss:.5f}{judged}"
        case _:
            return ""


def _judge(
    run: Run, dataset: Dataset, base: RunSettings, cache: Path, quiet: bool
) -> tuple[str, dict[str, ScoreFigures]]:
    """The device in words, and the figures of each score by name."""
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
    found: dict[Experiment, dict[str, ScoreFigures]],
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
            **found[experiment][headline].aucs,
            "scores": {name: each.aucs for name, each in found[experiment].items()},
        }
        for experiment in EXPERIMENTS
        if experiment in found
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
    }
    return content | provenance(device, command)


def _table(found: dict[Experiment, dict[str, ScoreFigures]]) -> str:
    def row(name: str, cells: Iterable[str]) -> list[str]:
        return [name, *cells]

    ingredients = [
        row("margin loss", ("x" if experiment.margin else "-" for experiment in EXPERIMENTS)),
        row("optical flow", ("x" if experiment.flow_guidance else "-" for experiment in EXPERIMENTS)),
    ]
    aucs = [
        row(f"{score} {name} AUC %", (percent(found[each][score].aucs[f"{name}_auc"]) for each in EXPERIMENTS))
        for score in found[EXPERIMENTS[0]]
        for name in ("micro", "macro", "global")
    ]
    return table(["", *(experiment.name for experiment in EXPERIMENTS)], [*ingredients, *aucs])
