"""What the wizard's pages share: the draft, the run that came of it, what was found on this machine, previews."""

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
    """A moment of a video, as far as it has been made."""

    path: Path
    seconds: float
    picture: Bgra | None = None
    """The frame on screen then."""
    flow: Bgra | None = None
    """Its real movement, as the teacher sees it."""
    radius_px: float = 0.0
    """Speed of full colour in `flow`."""
    failure: Failure | None = None


@dataclass(frozen=True)
class FlowRequest:
    """A moment whose movement is to be shown."""

    path: Path
    seconds: float
    teacher: str
    weights: Path | None
    sampled: tuple[Path, ...]
    """Videos to sample for the radius."""


class WizardState(QObject):
    """Knows all that the pages show; jobs answer what it wants."""

    runs_changed = Signal()
    detectors_changed = Signal()
    disk_space_changed = Signal()
    run_changed = Signal()
    """Another run is at hand, or none."""
    begin_failed = Signal(object)
    """Failure: the run could not be begun."""
    frame_shown = Signal(object)
    """Preview with its picture."""
    flow_shown = Signal(object)
    """Preview with its flow."""

    sample_shown = Signal(object, object)
    """Sample and its QImage."""

    scan_requested = Signal()
    """Which runs and detectors there are, and how much room on disk."""
    begin_requested = Signal()
    """A run with the draft's settings."""
    open_run_requested = Signal(object)
    """The run in this folder; the wizard goes on with it."""
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
        """On the disk of the runs folder."""

    def set_runs(self, runs: list[RunSummary]) -> None:
        """Take over which runs there are."""
        self.runs = runs
        self.runs_changed.emit()

    def set_detectors(self, entries: list[LibraryEntry]) -> None:
        """Take over which detectors there are."""
        self.detectors = entries
        self.detectors_changed.emit()

    def set_disk_space(self, folder: Path, free_bytes: int | None) -> None:
        """Take over where runs go, and how much room there is."""
        self.runs_folder, self.free_bytes = folder, free_bytes
        self.disk_space_changed.emit()

    def set_run(self, run: TrainingRun | None, acceptance: Acceptance | None) -> None:
        """Take over the run at hand, and what is known of its result."""
        self.run, self.acceptance = run, acceptance
        self.run_changed.emit()
