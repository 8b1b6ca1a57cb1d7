"""`--score` and `--false-alarms`: the anomaly score that a command uses, and the accepted rate of false alarms."""

from __future__ import annotations

import click

from engine.commands.number_range import NumberRange
from engine.scoring.calibration import Calibration
from engine.scoring.scorer import FALSE_ALARMS_PER_HOUR, Scorer
from engine.scoring.scorers import default_scorer, scorer_named, scorer_names

score_option = click.option(
    "--score",
    type=click.Choice(scorer_names()),
    help="Which anomaly score; by default the calibrated one where the detector is calibrated, else the paper's.",
)
false_alarms_option = click.option(
    "--false-alarms",
    type=NumberRange(0, 3600, min_open=True),
    default=FALSE_ALARMS_PER_HOUR,
    show_default=True,
    metavar="N",
    help="About how many false alarms an hour you put up with; for calibrated scores.",
)


def chosen_scorer(score: str | None, calibration: Calibration | None) -> Scorer:
    """The scorer named by `--score`, by default the best one for the detector.

    Raises:
        click.UsageError: the score needs a calibration that the detector does not have.
    """
    if score is None:
        return default_scorer(calibration)
    try:
        return scorer_named(score, calibration)
    except ValueError as error:
        raise click.UsageError(f"--score {score} needs a calibrated detector: `vad calibrate` makes one.") from error
