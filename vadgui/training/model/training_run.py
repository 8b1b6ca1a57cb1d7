"""A training run as the window knows it: which step it is at, its losses, its samples, how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from engine.common.events import (
    CheckpointSaved,
    Event,
    Failed,
    Finished,
    LossReported,
    Noted,
    Progress,
    SampleSaved,
    Stopped,
)
from vadgui.ui.failure import Failure

STEPS = (
    ("Reading footage",),
    ("Learning motion",),
    ("Learning the next frame",),
    ("Counting normal motion", "Judging held-out footage"),
)
"""The phases of each step of a run, as its events name them, in order."""
STAGES = {"motion": "Learning motion", "frame": "Learning the next frame"}


class RunPhase(Enum):
    """Where a run stands."""

    IDLE = auto()
    """Nothing of it runs, and nothing is known of how it ended."""
    STARTING = auto()
    RUNNING = auto()
    STOPPING = auto()
    FINISHING = auto()
    """Asked to keep the best so far and to come to its end."""
    STOPPED = auto()
    FAILED = auto()
    FINISHED = auto()

    @property
    def is_active(self) -> bool:
        """Whether a process works on it."""
        return self in (RunPhase.STARTING, RunPhase.RUNNING, RunPhase.STOPPING, RunPhase.FINISHING)


@dataclass
class Curve:
    """Losses of one stage over its epochs."""

    epochs: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    held_out_epochs: list[float] = field(default_factory=list)
    held_out_losses: list[float] = field(default_factory=list)

    @property
    def best(self) -> float | None:
        """The lowest loss on held-out videos."""
        return min(self.held_out_losses, default=None)


@dataclass(frozen=True)
class Sample:
    """A picture of what has been learnt by an epoch."""

    stage: str
    epoch: int
    path: Path


def _failure_of(event: Failed) -> Failure:
    """Why a run ended, and what going on will change: the wizard does what the command line only advises."""
    words = {
        "batch_size": "with {:.0f} pictures at a time, which takes less memory",
        "motion_learning_rate": "learning movement in smaller steps (learning rate {:.1e})",
        "frame_learning_rate": "learning the next frame in smaller steps (learning rate {:.1e})",
    }
    changes = [words[name].format(value) for name, value in event.remedy.items() if name in words]
    if not changes:
        return Failure(event.what, event.subject, event.advice)
    advice = f"Press “Go on” to continue from the last save, {' and '.join(changes)}."
    return Failure(event.what, event.subject, advice, event.remedy)


class TrainingRun(QObject):
    """Knows what the events of a run said; starts and stops nothing itself."""

    changed = Signal()
    """Phase, step, progress or outcome."""
    curves_changed = Signal()
    samples_changed = Signal()

    start_requested = Signal()
    stop_requested = Signal()
    stop_at_once_requested = Signal()
    finish_requested = Signal()
    delete_requested = Signal()
    """The run's folder is to go, once nothing works on it."""
    background_requested = Signal()
    """It is to go on in a process that outlives the window."""

    def __init__(self, folder: Path, name: str, epochs: Mapping[str, int], parent: QObject | None = None) -> None:
        """`epochs` are those that each stage was given."""
        super().__init__(parent)
        self.folder = folder
        self.name = name
        self._epochs = epochs
        self._phase = RunPhase.IDLE
        self._progress: Progress | None = None
        self._failure: Failure | None = None
        self._detached = False
        self.curves = {stage: Curve() for stage in STAGES}
        self.samples: list[Sample] = []
        self.note = ""
        """What the run wants people to know in its present phase; empty where there is nothing."""
        self.detector: Path | None = None
        """The finished detector's file."""

    @property
    def phase(self) -> RunPhase:
        """Where the run stands."""
        return self._phase

    @property
    def progress(self) -> Progress | None:
        """How far the present step is; None before the first word."""
        return self._progress

    @property
    def failure(self) -> Failure | None:
        """Why it ended early; None unless it failed."""
        return self._failure

    @property
    def detached(self) -> bool:
        """Whether it runs by itself and would outlive the window."""
        return self._detached

    def step_index(self) -> int:
        """Place of the present step in STEPS; -1 before the first, len(STEPS) after the last."""
        if self._phase is RunPhase.FINISHED:
            return len(STEPS)
        phase = self._progress.phase if self._progress else ""
        return next((index for index, phases in enumerate(STEPS) if phase in phases), -1)

    def step_share(self) -> float:
        """Done of the present step, from 0 to 1."""
        index, progress = self.step_index(), self._progress
        if progress is None or not 0 <= index < len(STEPS):
            return 0.0
        phases = STEPS[index]
        return (phases.index(progress.phase) + progress.done / max(progress.total, 1)) / len(phases)

    @property
    def is_learning(self) -> bool:
        """Whether a stage is at work, which can be finished with the best it has."""
        return self._progress is not None and self._progress.phase in STAGES.values()

    # What its process says

    def begin(self, detached: bool = False) -> None:
        """A process works on it from now on."""
        self._detached = detached
        self._failure = None
        self._set_phase(RunPhase.STARTING)

    def sync_with_folder(self, *, is_active: bool, detector: Path | None) -> None:
        """Take over what the folder shows: whether a process works on it, and its detector where there is one.

        Events alone do not tell: a process that was killed wrote no last one.
        """
        if is_active:
            self._phase, self._detached = RunPhase.RUNNING if self._progress else RunPhase.STARTING, True
        elif detector:
            self._phase, self.detector = RunPhase.FINISHED, detector
        elif self._phase is not RunPhase.FAILED:
            self._phase = RunPhase.STOPPED if self._progress else RunPhase.IDLE
        self.changed.emit()

    def apply(self, event: Event) -> None:
        """Take over one event of the process."""
        self._apply(event)
        self._emit_changes(event)

    def replay(self, events: Iterable[Event]) -> None:
        """Take over what was said before this program looked; what ended then may have begun again since."""
        for event in events:
            self._apply(event)
        self.changed.emit()
        self.curves_changed.emit()
        self.samples_changed.emit()

    def _apply(self, event: Event) -> None:
        match event:
            case Progress():
                if self._progress and self._progress.phase != event.phase:
                    self.note = ""
                    if self._phase is RunPhase.FINISHING:
                        self._phase = RunPhase.RUNNING  # the step that was to end has ended
                self._progress = event
                if not self._phase.is_active or self._phase is RunPhase.STARTING:
                    self._phase = RunPhase.RUNNING
                self._add_live_loss(event)
            case LossReported():
                self._add_epoch(event)
            case SampleSaved():
                self.samples.append(Sample(event.stage, event.epoch, self._in_folder(event.path)))
            case Finished():
                self._phase, self.detector = RunPhase.FINISHED, self._in_folder(event.path)
            case Stopped():
                self._phase = RunPhase.STOPPED
            case Failed():
                self._phase = RunPhase.FAILED
                self._failure = _failure_of(event)
            case Noted():
                self.note = event.text
            case CheckpointSaved():
                pass

    def _emit_changes(self, event: Event) -> None:
        match event:
            case LossReported():
                self.curves_changed.emit()
            case SampleSaved():
                self.samples_changed.emit()
            case Progress(loss=loss) if loss is not None:
                self.curves_changed.emit()
                self.changed.emit()
            case _:
                self.changed.emit()

    def _in_folder(self, path: str) -> Path:
        """A file of the run, wherever its folder has been moved to."""
        return self.folder / path

    def _add_live_loss(self, event: Progress) -> None:
        stage = next((name for name, label in STAGES.items() if label == event.phase), None)
        if stage is None or event.loss is None:
            return
        curve = self.curves[stage]
        index = self._epochs[stage] * event.done / max(event.total, 1)
        # A resumed run goes back to its checkpoint: what was beyond it is drawn anew.
        while curve.epochs and curve.epochs[-1] >= index:
            curve.epochs.pop()
            curve.losses.pop()
        curve.epochs.append(index)
        curve.losses.append(event.loss)

    def _add_epoch(self, event: LossReported) -> None:
        curve = self.curves.get(event.stage)
        if curve is None:
            return
        end = event.epoch + 1.0
        while curve.epochs and curve.epochs[-1] >= end:
            curve.epochs.pop()
            curve.losses.pop()
        curve.epochs.append(end)
        curve.losses.append(event.loss)
        while curve.held_out_epochs and curve.held_out_epochs[-1] >= end:
            curve.held_out_epochs.pop()
            curve.held_out_losses.pop()
        if event.held_out_loss is not None:
            curve.held_out_epochs.append(end)
            curve.held_out_losses.append(event.held_out_loss)

    # What the person wants

    def start(self) -> None:
        """Begin, or go on from the last checkpoint."""
        if not self._phase.is_active:
            self.start_requested.emit()

    def stop(self) -> None:
        """Save and stop; it can be resumed."""
        if self._phase in (RunPhase.STARTING, RunPhase.RUNNING, RunPhase.FINISHING):
            self._set_phase(RunPhase.STOPPING)
            self.stop_requested.emit()

    def stop_at_once(self) -> None:
        """Do not wait for the step at hand."""
        if self._phase.is_active:
            self.stop_at_once_requested.emit()

    def finish(self) -> None:
        """Keep the best so far and go to the end."""
        if self._phase is RunPhase.RUNNING:
            self._set_phase(RunPhase.FINISHING)
            self.finish_requested.emit()

    def continue_in_background(self) -> None:
        """Let it outlive the window."""
        if self._phase.is_active and not self._detached:
            self.background_requested.emit()

    def delete(self) -> None:
        """Give the run up with all its files."""
        self.stop_at_once()
        self.delete_requested.emit()

    def _set_phase(self, phase: RunPhase) -> None:
        self._phase = phase
        self.changed.emit()
