"""`vad evaluate`: how good a detector is on a dataset whose labels are known."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.commands.analysis_cache import analysis_cache
from engine.commands.detector_option import detector_option
from engine.commands.labelled_videos import labelled_dataset, measured_videos
from engine.commands.output import Output, command_line, refuse_unwritable
from engine.commands.score_options import chosen_scorer, chosen_zones, zones_option
from engine.datasets import Dataset
from engine.evaluation.places import place_figures
from engine.evaluation.plots import draw_plots
from engine.evaluation.report import Evaluation, as_json, in_words, write_json
from engine.evaluation.score_figures import figures_of, signal_aucs
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.paper_scorer import PaperScorer
from engine.scoring.sampling import EVERY_FRAME
from engine.scoring.scorers import default_scorer, scorer_names, scorers_of

if TYPE_CHECKING:
    from engine.models.predictor import Predictor


class _Evaluate(click.Command):
    """Tells people who type `--ablation` or `--timing` which commands those are now."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        for option, renamed in (("--ablation", _as_ablation), ("--timing", _as_timing)):
            if any(word == option or word.startswith(f"{option}=") for word in args):
                raise click.UsageError(f"{option} is a command of its own now. Type: {shlex.join(renamed(args))}", ctx)
        return super().parse_args(ctx, args)


def _as_ablation(words: list[str]) -> list[str]:
    """`vad evaluate DATASET --ablation RUNS ...` as it is typed now; without DATASET in front, RUNS comes last."""
    at = next(place for place, word in enumerate(words) if word.partition("=")[0] == "--ablation")
    _, given, folder = words[at].partition("=")
    others = words[:at] + words[at + (1 if given else 2) :]
    runs = [folder] if given else words[at + 1 : at + 2] or ["RUNS"]
    first = 1 if others and not others[0].startswith("-") else len(others)
    return ["vad", "ablation", *others[:first], *runs, *others[first:]]


def _as_timing(words: list[str]) -> list[str]:
    return ["vad", "timing", *(word for word in words if word != "--timing")]


@click.command(cls=_Evaluate, short_help="Judge a detector by a labelled dataset: AUC, events found, plots.")
@click.argument("dataset", type=click.Path(path_type=Path))
@detector_option(required=True)
@click.option(
    "--score",
    type=click.Choice(scorer_names()),
    default=PaperScorer.name,
    show_default=True,
    help="Whose figures lead the report and are plotted; all are listed.",
)
@click.option(
    "--max-i",
    type=click.Choice(["1", "frame"]),
    default="1",
    show_default=True,
    help="MAX_I of Eq. 9: 1, as in the code that the paper follows, or each real frame's maximum, as in its text.",
)
@click.option(
    "--sampled",
    is_flag=True,
    help="Judge samples, as `vad analyse` does, not every frame: with --score calibrated, eight times as fast.",
)
@zones_option
@click.option("--signals", is_flag=True, help="List what each raw signal alone is worth, too.")
@click.option("--json", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write everything there, too.")
@click.option(
    "--plots",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for plots: ROC, misses against false alarms, scores.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep an analysis made earlier.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    /,
    dataset: Path,
    detector: Path,
    score: str,
    max_i: str,
    sampled: bool,
    zones_file: Path | None,
    signals: bool,
    report: Path | None,
    plots: Path | None,
    device: str,
    no_cache: bool,
    quiet: bool,
) -> None:
    """Analyse the testing videos of DATASET, a folder as its authors lay it out, and judge the scores by its labels.

    AUCs are of frames: micro is the paper's (each video rescaled by itself, all in one curve), macro the mean of the
    videos' own (padded, or unpadded over the videos that have normal and abnormal frames), global that of scores as
    they are, comparable across videos. Of events it is said how many a flagged
    segment overlaps, how long after their start the score reached the threshold, how many flagged segments overlap
    none, and what share of the footage a person watches to see 95 % of the events, the most suspicious first; also how
    many the most suspicious moments show, by footage watched and by number of moments. Where labels have pixel masks:
    in how many of the frames rightly flagged the strongest outline is where the label is.

    Tables go to stdout. An evaluation that was interrupted goes on where it stopped.
    """
    from engine.models.predictor import Predictor  # torch takes seconds to import

    refuse_unwritable(report)
    output = Output(report, command_line(ctx), quiet)
    found = labelled_dataset(dataset)
    with analysis_cache(no_cache) as cache:
        predictor = Predictor.open(detector, device)
        largest = 1.0 if max_i == "1" else None
        report_evaluation(
            found,
            predictor,
            cache,
            output,
            score=score,
            max_i=largest,
            sampled=sampled,
            zones_file=zones_file,
            signals=signals,
            plots=plots,
        )


def report_evaluation(
    dataset: Dataset,
    predictor: Predictor,
    cache: Path,
    output: Output,
    *,
    score: str,
    max_i: float | None,
    sampled: bool,
    signals: bool,
    plots: Path | None,
    zones_file: Path | None = None,
) -> None:
    """Judge a detector by a dataset's labels; print, write and plot the results."""
    settings, calibration = predictor.settings, predictor.settings.calibration
    scorer = chosen_scorer(score, calibration)
    headline = scorer.name
    zones = chosen_zones(zones_file, scorer)
    if sampled and scorer.sampling.is_every_frame:
        raise click.UsageError("--sampled needs --score calibrated, and a detector that was calibrated by samples.")
    if sampled and signals:
        raise click.UsageError("--signals needs every frame; leave --sampled out.")
    sampling = scorer.sampling if sampled else EVERY_FRAME
    # Scores that go by the whole picture would be told beside others that don't.
    scorers = [
        each
        for each in scorers_of(calibration)
        if (not sampled or each.sampling == sampling) and (not zones or isinstance(each, CalibratedScorer))
    ]
    videos = measured_videos(dataset, predictor, cache, max_i=max_i, sampling=sampling, zones=zones, quiet=output.quiet)
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
        figures={each.name: figures_of(videos, each) for each in scorers},
        signals=signal_aucs(videos) if signals else {},
        places=place_figures(videos, default_scorer(calibration)),
    )
    click.echo(in_words(evaluation))
    if output.report:
        write_json(output.report, as_json(evaluation, headline, command=output.command, max_i=max_i))
    if plots:
        title = f"Detector {settings.name} on {dataset.name}"
        for path in draw_plots(plots, title, videos, evaluation.figures, headline):
            click.echo(path, err=True)
