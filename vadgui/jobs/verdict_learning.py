"""Learns from verdicts: finds them, makes a detector of them, and keeps it where it is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.common.events import Progress, ShouldStop
from engine.review import verdicts
from engine.review.verdicts import FoundVerdicts, JudgedRecording
from vadgui.jobs.single_work import add_to_library

if TYPE_CHECKING:
    from engine.calibrating.reviewed import Recalibrated

_NAME_ENDS = ", from verdicts"


@dataclass(frozen=True)
class VerdictRequest:
    """From which verdicts which detector is to learn."""

    detector: Path
    device: str
    recordings: Sequence[JudgedRecording]
    reasons: frozenset[str]
    """What was dismissed for one of them is normal."""


def find_verdicts(
    videos: Mapping[Path, str], fingerprint: str, should_stop: ShouldStop
) -> Iterator[Progress | FoundVerdicts]:
    """How far it is, and then the recordings that were reviewed with this detector.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    yield (yield from verdicts.find_verdicts(videos, fingerprint, should_stop))


def learn_from_verdicts(request: VerdictRequest, should_stop: ShouldStop) -> Iterator[Progress | Recalibrated]:
    """How far it is, and then the detector with what became of the verdicts; what was not analysed yet is.

    Raises:
        VadError: a recording or the detector can't be read.
        Cancelled: `should_stop` said yes.
    """
    # torch takes seconds to import.
    from engine.calibrating.reviewed import recalibrate
    from engine.calibrating.reviewed_footage import reviewed_footage
    from engine.common.device import choose_compute
    from engine.models.detector import load_detector
    from engine.models.predictor import Predictor

    predictor = Predictor.open(request.detector, request.device)
    detector, _ = load_detector(request.detector)
    footage = []
    for each in request.recordings:
        reviewed = yield from reviewed_footage(each.recording, each.review, predictor, should_stop)
        footage.append(reviewed)
    plan = choose_compute(request.device)
    yield (yield from recalibrate(detector, plan, footage, should_stop, reasons=request.reasons))


def keep_learnt(learnt: Recalibrated, request: VerdictRequest) -> Iterator[Path]:
    """The path of the detector in the library.

    Raises:
        VadError: the library can't be written.
    """
    name = learnt.detector.settings.name.removesuffix(_NAME_ENDS) + _NAME_ENDS
    names = ", ".join(each.video.name for each in request.recordings)
    yield add_to_library(
        learnt.detector, name, f"Takes as normal what was dismissed as {', '.join(sorted(request.reasons))} in {names}"
    )
