"""`vad evaluate`: how good a detector is on a dataset whose labels are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from engine.commands.ablation_mode import AblationOptions, report_ablation
from engine.commands.analysis_cache import analysis_cache
from engine.commands.detector_option import detector_option, required_detector
from engine.commands.evaluation_mode import labelled_dataset, report_evaluation
from engine.commands.learning_options import LEARNING_OPTIONS, LearningOptions, learning_options
from engine.commands.output import Output, command_line, refuse_unwritable
from engine.commands.timing_mode import report_timing, untrained
from engine.scoring.paper_scorer import PaperScorer
from engine.scoring.scorers import scorer_names, scorers_of

if TYPE_CHECKING:
    from engine.models.predictor import Predictor

_WITHOUT_EFFECT = {
    "timing": ("score", "max_i", "signals", "plots", "no_cache", "epochs", *LEARNING_OPTIONS),
    "ablation": ("max_i", "signals", "plots"),
    "": ("epochs", *LEARNING_OPTIONS),
}
"""Options that a mode of the command does nothing with."""


def _epochs(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, int]:
    motion, comma, frame = value.partition(",")
    if not (comma and motion.strip().isdecimal() and frame.strip().isdecimal() and int(motion) and int(frame)):
        raise click.BadParameter("give both numbers of epochs, like 20,10.", ctx, param)
    return int(motion), int(frame)


@click.command(short_help="Judge a detector by a labelled dataset: AUC, events found, plots.")
@click.argument("dataset", required=False, type=click.Path(path_type=Path))
@detector_option()
@click.option(
    "--score",
    type=click.Choice(scorer_names()),
    default=PaperScorer.name,
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
@click.option("--signals", is_flag=True, help="List what each raw signal alone is worth, too.")
@click.option("--json", "report", type=click.Path(path_type=Path, dir_okay=False), help="Write everything there, too.")
@click.option("--plots", type=click.Path(path_type=Path, file_okay=False), help="Folder for ROC and score plots.")
@click.option(
    "--ablation",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Train and judge the method with and without margin loss and flow guidance, in FOLDER.",
)
@click.option(
    "--epochs",
    metavar="M,F",
    default="20,10",
    show_default=True,
    callback=_epochs,
    help="With --ablation: passes that learn motion and the next frame.",
)
@learning_options(only_with="--ablation")
@click.option("--timing", is_flag=True, help="Say how many frames a second it predicts and judges; needs no DATASET.")
@click.option("--preset", type=click.Choice(["fast", "paper"]), help="With --timing or --ablation; fast by default.")
@click.option("--device", default="auto", show_default=True, help="auto, cuda, mps or cpu.")
@click.option("--no-cache", is_flag=True, help="Neither use nor keep an analysis made earlier.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_context
def evaluate(
    ctx: click.Context,
    /,
    dataset: Path | None,
    detector: Path | None,
    score: str,
    max_i: str,
    signals: bool,
    report: Path | None,
    plots: Path | None,
    ablation: Path | None,
    epochs: tuple[int, int],
    timing: bool,
    preset: str | None,
    device: str,
    no_cache: bool,
    quiet: bool,
    **learning: Any,
) -> None:
    """Analyse the testing videos of DATASET, a folder as its authors lay it out, and judge the scores by its labels.

    AUCs are of frames: micro is the paper's (each video rescaled by itself, all in one curve), macro the mean of the
    videos' own, global that of scores as they are, comparable across videos. Of events it is said how many a flagged
    segment overlaps, how long after their start the score reached the threshold, how many flagged segments overlap
    none, and what share of the footage a person watches to see 95 % of the events, the most suspicious first.

    With --ablation it is Table 2 of the paper instead: four detectors are trained on DATASET's normal videos and
    judged; finished ones are not trained again. All take --detector's motion model if one is given, else Exp4's.

    With --timing it is Table 3 of the paper instead: medians on this machine, of frames of DATASET if one is given;
    here any video, or folder with videos, will do.

    Tables go to stdout. An evaluation that was interrupted goes on where it stopped.
    """
    refuse_unwritable(report)
    _refuse_contradictions(ctx)
    output = Output(report, command_line(ctx), quiet)
    if timing:
        predictor = untrained(preset, device) if preset else _open_predictor(detector, device)
        report_timing(predictor, dataset, output)
        return
    assert dataset is not None
    found = labelled_dataset(dataset)
    with analysis_cache(no_cache) as cache:
        if ablation:
            preset = preset or _preset_of(detector)
            options = AblationOptions(ablation, preset, LearningOptions(**learning), *epochs, device, detector)
            report_ablation(found, options, cache, output, score=score)
        else:
            predictor = _open_predictor(detector, device)
            largest = 1.0 if max_i == "1" else None
            report_evaluation(found, predictor, cache, output, score=score, max_i=largest, signals=signals, plots=plots)


def _refuse_contradictions(ctx: click.Context) -> None:
    """Check that the options given say one thing to do.

    Raises:
        click.UsageError: they do not.
    """
    given = ctx.params
    if given["ablation"] and given["timing"]:
        raise click.UsageError("Give either --ablation or --timing.")
    mode = "timing" if given["timing"] else "ablation" if given["ablation"] else ""
    for name in _WITHOUT_EFFECT[mode]:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            option = _option(ctx, name).opts[0]
            raise click.UsageError(f"{option} has no effect {f'with --{mode}' if mode else 'without --ablation'}.")
    if given["ablation"] and given["score"] not in [scorer.name for scorer in scorers_of(None)]:
        raise click.UsageError("--ablation compares the paper's scores: give --score paper or paper-patch.")
    if given["preset"] and (given["detector"] or not (given["timing"] or given["ablation"])):
        raise click.UsageError("--preset goes with --timing or --ablation, instead of --detector.")
    if not (given["detector"] or given["preset"] or given["ablation"]):
        required_detector(ctx, _option(ctx, "detector"), None)
    if given["dataset"] is None and not given["timing"]:
        raise click.MissingParameter("Give the dataset's folder.", ctx, _option(ctx, "dataset"))


def _option(ctx: click.Context, name: str) -> click.Parameter:
    return next(parameter for parameter in ctx.command.params if parameter.name == name)


def _preset_of(detector: Path | None) -> str:
    if detector is None:
        return "fast"
    from engine.models.detector import load_detector

    return load_detector(detector)[0].settings.preset


def _open_predictor(detector: Path | None, device: str) -> Predictor:
    from engine.models.predictor import Predictor  # torch takes seconds to import

    assert detector is not None
    return Predictor.open(detector, device)
