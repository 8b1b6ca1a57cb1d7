"""`vad evaluate` of one detector on one dataset: what its scores are worth by the labels."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.progress import follow
from engine.commands.score_options import chosen_scorer
from engine.common.errors import DatasetError
from engine.common.events import Progress
from engine.datasets import Dataset, open_dataset
from engine.evaluation.dataset_analysis import MeasuredVideo, measure
from engine.evaluation.plots import draw_plots
from engine.evaluation.report import Evaluation, as_json, in_words, write_json
from engine.evaluation.score_figures import figures_of, signal_aucs
from engine.scoring.scorers import scorers_of

if TYPE_CHECKING:
    from engine.commands.output import Output
    from engine.models.predictor import Predictor


def report_evaluation(
    dataset: Dataset,
    predictor: Predictor,
    cache: Path,
    output: Output,
    *,
    score: str,
    max_i: float | None,
    signals: bool,
    plots: Path | None,
) -> None:
    """Judge a detector by a dataset's labels; print, write and draw what came of it."""
    settings, calibration = predictor.settings, predictor.settings.calibration
    headline = chosen_scorer(score, calibration).name
    videos = measured_videos(dataset, predictor, cache, max_i=max_i, quiet=output.quiet)
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
        figures={scorer.name: figures_of(videos, scorer) for scorer in scorers_of(calibration)},
        signals=signal_aucs(videos) if signals else {},
    )
    click.echo(in_words(evaluation))
    if output.report:
        write_json(output.report, as_json(evaluation, headline, command=output.command, max_i=max_i))
    if plots:
        title = f"Detector {settings.name} on {dataset.name}"
        for path in draw_plots(plots, title, videos, evaluation.figures, headline):
            click.echo(path, err=True)


def labelled_dataset(path: Path) -> Dataset:
    """The dataset of a folder, which must have labelled videos.

    Raises:
        DatasetError: there is no dataset, its layout is not what it should be, or nothing in it is labelled.
    """
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
