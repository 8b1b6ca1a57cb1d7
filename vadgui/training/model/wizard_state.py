"""The state shared by the wizard's pages: draft, current run, runs and detectors on this machine, and previews."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.detector_library import LibraryEntry
from vadgui.model.frame_view import Bgra
from vadgui.training.model.acceptance import Acceptance
from vadgui.training.model.draft import TrainingDraft
from vadgui.training.model.run_summaries import RunSummary
from vadgui.training.model.training_run import TrainingRun
from vadgui.ui.failure import Failure


@dataclass(frozen=True, eq=False)
class Preview:
    """A preview of a video at a time; pictures are None until they are made."""

    path: Path
    seconds: float
    picture: Bgra | None = None
    """The frame at that time."""
    flow: Bgra | None = None
    """The flow from the previous frame, estimated by the teacher, in colours."""
    radius_px: float = 0.0
    """Speed in px a frame that has full colour saturation in `flow`."""
    failure: Failure | None = None


@dataclass(frozen=True)
class FlowRequest:
    """Requests a preview with the teacher's flow at a time."""

    path: Path
    seconds: float
    teacher: str
    weights: Path | None
    sampled: tuple[Path, ...]
    """Videos from which the flow radius is estimated."""


class WizardState(QObject):
    """Holds all that the pages show, and has signals to request work from jobs."""

    runs_changed = Signal()
    detectors_changed = Signal()
    disk_space_changed = Signal()
    run_changed = Signal()
    """There is another current run, or none."""
    begin_failed = Signal(object)
    """Failure: why a run could not be created."""
    frame_shown = Signal(object)
    """Preview with its picture."""
    flow_shown = Signal(object)
    """Preview with its flow."""

    sample_shown = Signal(object, object)
    """Sample and its QImage."""

    scan_requested = Signal()
    """Find the runs and detectors on this machine, and the free disk space."""
    begin_requested = Signal()
    """Create and start a run with the draft's settings."""
    open_run_requested = Signal(object)
    """Open the run in this folder in the wizard."""
    frame_requested = Signal(object, float)
    flow_requested = Signal(object)
    sample_requested = Signal(object)
    runs_folder_chosen = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.draft = TrainingDraft(self)
        self.run: TrainingRun | None = None
        self.acceptance: Acceptance | None = None
        self.runs: list[RunSummary] = []
        self.detectors: list[LibraryEntry] = []
        self.runs_folder = Path()
        self.free_bytes: int | None = None
        """Free bytes on the disk of the runs folder; None where unknown."""

    def set_runs(self, runs: list[RunSummary]) -> None:
        """Set the runs on this machine."""
        self.runs = runs
        self.runs_changed.emit()

    def set_detectors(self, entries: list[LibraryEntry]) -> None:
        """Set the detectors on this machine."""
        self.detectors = entries
        self.detectors_changed.emit()

    def set_disk_space(self, folder: Path, free_bytes: int | None) -> None:
        """Set the runs folder and the free bytes on its disk."""
        self.runs_folder, self.free_bytes = folder, free_bytes
        self.disk_space_changed.emit()

    def set_run(self, run: TrainingRun | None, acceptance: Acceptance | None) -> None:
        """Set the current run, and the evaluation of its detector where it is finished."""
        self.run, self.acceptance = run, acceptance
        self.run_changed.emit()
