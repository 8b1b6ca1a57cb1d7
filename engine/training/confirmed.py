"""Judges what people have confirmed by a retrained detector: none of it may be lost in silence."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.common.errors import TrainingError, VadError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr
from engine.common.left_out import LeftOut
from engine.common.names import displayable
from engine.models.detector_header import read_header
from engine.review.verdicts import JudgedRecording, find_verdicts
from engine.video import open_video

if TYPE_CHECKING:
    from engine.calibrating.reviewed import Effect
    from engine.models.predictor import Predictor
    from engine.training.settings import RunSettings


@dataclass(frozen=True)
class ConfirmedEffects:
    """What becomes of the segments that were confirmed with the detector that a run began from."""

    effects: Sequence[Effect] = ()
    left_out: Sequence[LeftOut] = ()
    """Recordings of which it is not known, and why."""


def may_lose_verdicts(settings: RunSettings) -> bool:
    """Whether a run improves a detector, and leaves out what people said of its segments."""
    return bool(settings.start_from and settings.left_out)


def confirmed_effects(
    settings: RunSettings, trained: Path, device: str, should_stop: ShouldStop = never_stop
) -> Generator[Progress, None, ConfirmedEffects]:
    """Score each confirmed segment of a run's footage by the detector that it began from and by the `trained` one.

    A recording that is gone, was changed or can't be read is left out with the reason.

    Raises:
        VadError: one of the detectors can't be read, or the device's memory does not suffice.
        Cancelled: `should_stop` said yes.
    """
    before = Path(settings.start_from or "")
    videos: dict[Path, str] = {}
    left_out: list[LeftOut] = []
    for name in settings.left_out:
        try:
            with open_video(Path(name), should_stop) as source:
                videos[Path(name)] = source.info.fingerprint
        except VadError as error:
            left_out.append(LeftOut(displayable(Path(name).name), error.what))
    found = yield from find_verdicts(videos, read_header(before).fingerprint, should_stop)
    # What lies beside the footage without being part of it is no concern of this run.
    names = tuple(displayable(each.name) for each in videos)
    left_out += [each for each in found.left_out if each.name.startswith(names)]
    confirmed = [
        each for each in found.recordings if each.recording.fingerprint in videos.values() and each.confirmed_count
    ]
    effects: list[Effect] = []
    if confirmed:
        # torch takes seconds to import.
        from engine.models.predictor import Predictor

        old, new = Predictor.open(before, device), Predictor.open(trained, device)
        for each in confirmed:
            try:
                effects += yield from _effects(each, old, new, should_stop)
            except VadError as error:
                left_out.append(LeftOut(displayable(each.recording.name), error.what))
    return ConfirmedEffects(effects, left_out)


def _effects(
    judged: JudgedRecording, old: Predictor, new: Predictor, should_stop: ShouldStop
) -> Generator[Progress, None, list[Effect]]:
    from engine.calibrating.reviewed import effects_of
    from engine.calibrating.reviewed_footage import reviewed_footage

    before, after = old.settings.calibration, new.settings.calibration
    if before is None or after is None:
        raise TrainingError(tr("The new detector is not calibrated, so that its scores can't be compared"))
    footage = yield from reviewed_footage(judged.recording, judged.review, old, should_stop)
    return (yield from effects_of(footage, (), before, after, new, should_stop))
