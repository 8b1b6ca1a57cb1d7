"""`--score` and `--false-alarms`: the anomaly score that a command uses, and the accepted rate of false alarms."""

from __future__ import annotations

from pathlib import Path

import click

from engine.commands.number_range import NumberRange
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.scorer import FALSE_ALARMS_PER_HOUR, Scorer
from engine.scoring.scorers import default_scorer, scorer_named, scorer_names
from engine.scoring.zone_files import read_zones
from engine.scoring.zones import Zones

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
zones_option = click.option(
    "--zones",
    "zones_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Ignored and watched zones of the picture, drawn in the window or by hand; for calibrated scores.",
)


def chosen_zones(path: Path | None, scorer: Scorer) -> Zones:
    """The zones of `--zones`, none without it.

    Raises:
        ZonesError: the file is none, or can't be read.
        click.UsageError: the score does not know where in the picture something is.
    """
    if path is None:
        return ()
    zones = read_zones(path)
    if not isinstance(scorer, CalibratedScorer):
        raise click.UsageError("--zones needs the calibrated score: others don't know where in the picture things are.")
    return zones


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
