"""Makes a detector of a camera out of recordings at hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.calibrating.footage import NormalFootage
from engine.calibrating.length import NO_FOOTAGE, FootageLength, check_length, length_of, too_little_usable
from engine.common.errors import VideoError
from engine.common.events import Progress, ShouldStop
from engine.scoring.zones import Zones
from vadgui.jobs.single_work import add_to_library


@dataclass(frozen=True)
class CameraRequest:
    """What is to be learnt from which recordings."""

    detector: Path
    """Its networks are kept."""
    device: str
    videos: tuple[Path, ...]
    """What somebody records there, whatever happens in it."""
    zones: Zones = ()
    """Of the camera's picture: scores get their meaning by what happens inside them."""


def learn_camera(request: CameraRequest, should_stop: ShouldStop) -> Iterator[Progress | Path]:
    """How far it is, and then the detector's path.

    Raises:
        TrainingError: the recordings are too short.
        VadError: a recording or the detector can't be read, or the library not be written.
        Cancelled: `should_stop` said yes.
    """
    footage = NormalFootage.of(request.videos, (), request.zones)
    check_length(footage, should_stop, unreviewed=True)
    # torch takes seconds to import.
    from engine.calibrating.unreviewed import calibrate_unreviewed
    from engine.common.device import choose_compute
    from engine.models.detector import load_detector

    detector, _ = load_detector(request.detector)
    calibrated = yield from calibrate_unreviewed(detector, choose_compute(request.device), footage, should_stop)
    if calibrated.detector.settings.calibration is None:
        raise too_little_usable(footage, calibrated.held_out)
    note = f"Calibrated, unreviewed, on {_names(request.videos)}"
    yield add_to_library(calibrated.detector, f"Camera of {request.videos[0].stem}", note)


@dataclass(frozen=True)
class MeasuredLength:
    """How long one of the recordings is."""

    video: Path
    length: FootageLength
    failure: str = ""
    """Why it can't be opened."""


def measure_lengths(videos: Sequence[Path], should_stop: ShouldStop) -> Iterator[MeasuredLength]:
    """The length of each of the recordings, of which a part is usable where nobody has reviewed them.

    Raises:
        Cancelled: `should_stop` said yes.
    """
    for video in videos:
        try:
            length = length_of(video, NormalFootage([video]), should_stop)
        except VideoError as error:
            yield MeasuredLength(video, NO_FOOTAGE, str(error))
        else:
            yield MeasuredLength(video, length.without_rare())


def _names(videos: Sequence[Path]) -> str:
    return ", ".join(video.name for video in videos)
