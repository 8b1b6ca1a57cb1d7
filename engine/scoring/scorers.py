"""All kinds of anomaly score by name, and which of them a detector has."""

from __future__ import annotations

from engine.scoring.calibrated_scorer import CalibratedLiveScorer, CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.paper_scorer import PaperPatchScorer, PaperScorer, PatchErrorScorer
from engine.scoring.scorer import Scorer

SCORERS: list[type[Scorer]] = [
    PaperScorer,
    PaperPatchScorer,
    CalibratedScorer,
    CalibratedLiveScorer,
]
"""In the order in which reports list them."""


def scorer_names() -> list[str]:
    """The names that `--score` takes, whatever a detector has."""
    return [scorer.name for scorer in SCORERS]


def scorers_of(calibration: Calibration | None) -> list[Scorer]:
    """All scores that a detector with that calibration has."""
    return [found for scorer in SCORERS if (found := scorer.of(calibration)) is not None]


def scorer_named(name: str, calibration: Calibration | None) -> Scorer:
    """The score of that name of a detector with that calibration.

    Raises:
        KeyError: there is no such score.
        ValueError: the detector does not have it.
    """
    found = {scorer.name: scorer for scorer in SCORERS}[name].of(calibration)
    if found is None:
        raise ValueError("the detector is not calibrated")
    return found


def default_scorer(calibration: Calibration | None) -> Scorer:
    """What people are shown: scores that mean the same in every video, where the detector has such."""
    return CalibratedScorer.of(calibration) or PaperScorer()


def comparable_scorer(calibration: Calibration | None) -> Scorer:
    """What detectors and recordings are compared by: as `default_scorer`, but on one scale without calibration too."""
    default = default_scorer(calibration)
    # Not the error of the frame: a small thing would not show in it.
    return default if default.is_comparable else PatchErrorScorer()
