"""`--score` and `--false-alarms`: which anomaly score a command works with, and what it calls an alarm."""

from __future__ import annotations

import click

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
    type=click.FloatRange(0, 3600, min_open=True),
    default=FALSE_ALARMS_PER_HOUR,
    show_default=True,
    metavar="N",
    help="About how many false alarms an hour you put up with; for calibrated scores.",
)


def chosen_scorer(score: str | None, calibration: Calibration | None) -> Scorer:
    """The score that was asked for, else the best that the detector has.

    Raises:
        click.UsageError: it has no such score.
    """
    if score is None:
        return default_scorer(calibration)
    try:
        return scorer_named(score, calibration)
    except ValueError as error:
        raise click.UsageError(f"--score {score} needs a calibrated detector: `vad calibrate` makes one.") from error
