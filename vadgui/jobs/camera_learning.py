"""Makes a detector of a camera out of recordings at hand, in a thread of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.common.errors import TrainingError
from engine.common.events import Progress, ShouldStop
from engine.detector_library import DetectorLibrary
from engine.export.list_files import cannot_write
from engine.scoring.zones import Zones
from vadgui.jobs.background import Background

_KIND = "camera"


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


class CameraLearning(QObject):
    """Learns one camera at a time; `close` ends the thread."""

    progressed = Signal(object)
    """A Progress."""
    learnt = Signal(object)
    """Path of the detector, which is in the library."""
    failed = Signal(object)
    """The exception."""

    def __init__(self) -> None:
        super().__init__()
        self._background = Background("vadgui-camera")

    def begin(self, request: CameraRequest) -> None:
        """Learn a camera; what was being learnt is dropped."""
        self._background.begin(
            _KIND, lambda should_stop: learn_camera(request, should_stop), self._deliver, self.failed.emit
        )

    def cancel(self) -> None:
        """Stop, and tell nothing more."""
        self._background.cancel(_KIND)

    def close(self) -> None:
        """End the thread."""
        self._background.close()

    def _deliver(self, item: Progress | Path) -> None:
        (self.progressed if isinstance(item, Progress) else self.learnt).emit(item)


def learn_camera(request: CameraRequest, should_stop: ShouldStop) -> Iterator[Progress | Path]:
    """How far it is, and then the detector's path.

    Raises:
        TrainingError: the recordings are too short.
        VadError: a recording or the detector can't be read, or the library not be written.
        Cancelled: `should_stop` said yes.
    """
    # torch takes seconds to import.
    from engine.calibrating.footage import NormalFootage
    from engine.calibrating.unreviewed import calibrate_unreviewed
    from engine.common.device import choose_compute
    from engine.models.detector import load_detector, save_detector

    detector, _ = load_detector(request.detector)
    footage = NormalFootage.of(request.videos, (), request.zones)
    calibrated = yield from calibrate_unreviewed(detector, choose_compute(request.device), footage, should_stop)
    settings = calibrated.detector.settings
    if settings.calibration is None:
        raise TrainingError(
            "The recordings are too short to know a camera by",
            subject=_names(request.videos),
            advice="Add recordings of the same camera: some minutes at the least, an hour is better.",
        )
    name = f"Camera of {request.videos[0].stem}"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "camera.safetensors"
        try:
            save_detector(calibrated.detector.with_settings(replace(settings, name=name)), file)
        except OSError as error:
            raise cannot_write(file, error) from error
        yield DetectorLibrary().add(file, note=f"Calibrated, unreviewed, on {_names(request.videos)}").path


def _names(videos: Sequence[Path]) -> str:
    return ", ".join(video.name for video in videos)
