"""Gets to know a camera: joins the dialog that asks for its recordings with the work, and tells of the detector."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.common.events import Progress
from engine.common.language import tr
from engine.scoring.zones import Zones
from vadgui.dialogs.learn_camera import LearnCameraDialog
from vadgui.jobs import camera_learning
from vadgui.jobs.background import Background
from vadgui.jobs.camera_learning import CameraRequest, MeasuredLength
from vadgui.jobs.single_work import SingleWork

_LENGTHS = "lengths"


class CameraController(QObject):
    """Owns the work, and the dialog while it is open."""

    begun = Signal()
    """The machine is needed for it."""
    learnt = Signal(object)
    """Path of the detector of the camera, which is in the library."""

    training_requested = Signal()
    """The person wants to go on with a training."""

    def __init__(self) -> None:
        super().__init__()
        self.learning = SingleWork("vadgui-camera")
        self.learning.progressed.connect(self._show_progress)
        self.learning.failed.connect(self._show_failure)
        self.learning.done.connect(self._finish)
        self._lengths = Background("vadgui-camera-lengths")
        self.dialog: LearnCameraDialog | None = None

    def open(self, parent: QWidget, video: Path, detector: Path, device: str, zones: Zones) -> None:
        """Ask for the recordings to know a camera by, `video` being one; the detector's networks are kept."""
        dialog = LearnCameraDialog(video, parent)
        dialog.lengths_wanted.connect(self._measure)
        dialog.requested.connect(lambda videos: self._begin(CameraRequest(detector, device, tuple(videos), zones)))
        dialog.cancelled.connect(self.learning.cancel)
        dialog.training_requested.connect(self.training_requested)
        dialog.finished.connect(self._forget)
        self.dialog = dialog
        dialog.add_videos([video])
        dialog.open()

    def may_close(self, close: Callable[[], object]) -> bool:
        """Whether nothing would be lost; if something would, ask. `close` is called where it may be lost."""
        if self.dialog is None or not self.dialog.is_working:
            return True
        self.dialog.ask_to_give_up(
            tr("The detector is still getting to know this camera."),
            tr(
                "If you quit now, what it has learnt so far is lost. The recordings and the detector in use stay as "
                "they are, and analyses go on when you start the program next."
            ),
            close,
        )
        return False

    def close(self) -> None:
        """End the work."""
        self.learning.close()
        self._lengths.close()

    def _measure(self, videos: list[Path]) -> None:
        self._lengths.begin(
            _LENGTHS,
            lambda should_stop: camera_learning.measure_lengths(videos, should_stop),
            self._show_length,
            self._show_failure,
        )

    def _show_length(self, measured: MeasuredLength) -> None:
        if self.dialog:
            self.dialog.show_length(measured.video, measured.length, measured.failure)

    def _begin(self, request: CameraRequest) -> None:
        self.begun.emit()
        self.learning.begin(lambda should_stop: camera_learning.learn_camera(request, should_stop))

    def _show_progress(self, progress: Progress) -> None:
        if self.dialog:
            self.dialog.show_progress(progress)

    def _show_failure(self, error: Exception) -> None:
        if self.dialog:
            self.dialog.show_failure(error)

    def _finish(self, detector: Path) -> None:
        if self.dialog:
            self.dialog.finish()
        self.learnt.emit(detector)

    def _forget(self) -> None:
        self._lengths.cancel(_LENGTHS)
        self.dialog = None
