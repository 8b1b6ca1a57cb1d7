"""`--score` and `--false-alarms`: which anomaly score a command works with, and what it calls an alarm."""

from __future__ import annotations

import click

from engine.scoring.calibration import Calibration
from engine.scoring.scores import FALSE_ALARMS_PER_HOUR, ScoreKind, best_kind

score_option = click.option(
    "--score",
    type=click.Choice([kind.value for kind in ScoreKind]),
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


def chosen_kind(score: str | None, calibration: Calibration | None) -> ScoreKind:
    """The kind of score that was asked for, else the best that the detector has.

    Raises:
        click.UsageError: it has no such score.
    """
    kind = ScoreKind(score) if score else best_kind(calibration)
    if kind.is_calibrated and calibration is None:
        raise click.UsageError(f"--score {kind.value} needs a calibrated detector: `vad calibrate` makes one.")
    return kind
