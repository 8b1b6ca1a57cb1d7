"""The model of a training run: its phase, step, losses, samples and outcome."""

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
from engine.common.language import scientific_text, tr, tr_noop
from vadgui.ui.failure import Failure

STEPS = (
    (tr_noop("Reading footage"),),
    (tr_noop("Learning motion"),),
    (tr_noop("Learning the next frame"),),
    (tr_noop("Counting normal motion"), tr_noop("Judging held-out footage")),
)
"""The steps of a run in order, each with its phases as events name them."""
STAGES = {"motion": "Learning motion", "frame": "Learning the next frame"}


class RunPhase(Enum):
    """The state of a run."""

    IDLE = auto()
    """Not started yet, or not known how it ended."""
    STARTING = auto()
    RUNNING = auto()
    STOPPING = auto()
    FINISHING = auto()
    """Ending the present stage early with the best weights so far."""
    STOPPED = auto()
    FAILED = auto()
    FINISHED = auto()

    @property
    def is_active(self) -> bool:
        """Whether a process is training the run."""
        return self in (RunPhase.STARTING, RunPhase.RUNNING, RunPhase.STOPPING, RunPhase.FINISHING)


@dataclass
class Curve:
    """Losses of one stage over the epochs, which are fractions within an epoch."""

    epochs: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)
    held_out_epochs: list[float] = field(default_factory=list)
    held_out_losses: list[float] = field(default_factory=list)

    @property
    def best(self) -> float | None:
        """The lowest loss on held-out recordings; None before there is one."""
        return min(self.held_out_losses, default=None)


@dataclass(frozen=True)
class Sample:
    """A picture of the models' predictions after an epoch."""

    stage: str
    epoch: int
    path: Path


def _failure_of(event: Failed) -> Failure:
    """Why a run failed; with a remedy, the advice says which settings "Go on" will change."""
    words = {
        "batch_size": tr("with {value:.0f} pictures at a time, which takes less memory"),
        "motion_learning_rate": tr("learning movement in smaller steps (learning rate {value})"),
        "frame_learning_rate": tr("learning the next frame in smaller steps (learning rate {value})"),
    }
    shown = {name: scientific_text(value) if name.endswith("rate") else value for name, value in event.remedy.items()}
    changes = [words[name].format(value=value) for name, value in shown.items() if name in words]
    if not changes:
        return Failure(event.what, event.subject, event.advice)
    advice = tr("Press “Go on” to continue from the last save, {changes}.").format(changes=tr(" and ").join(changes))
    return Failure(event.what, event.subject, advice, event.remedy)


class TrainingRun(QObject):
    """Holds the state that a run's events report. It starts and stops nothing itself but requests it by signals."""

    changed = Signal()
    """Phase, step, progress or outcome changed."""
    curves_changed = Signal()
    samples_changed = Signal()

    start_requested = Signal()
    stop_requested = Signal()
    stop_at_once_requested = Signal()
    finish_requested = Signal()
    delete_requested = Signal()
    """Delete the run's folder once no process uses it."""
    background_requested = Signal()
    """Continue the run in a process that outlives the window."""

    def __init__(self, folder: Path, name: str, epochs: Mapping[str, int], parent: QObject | None = None) -> None:
        """`epochs` is the number of epochs of each stage."""
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
        """A note of the run for the person, valid in its present phase; empty where there is none."""
        self.detector: Path | None = None
        """Path of the finished detector; None before the end."""

    @property
    def phase(self) -> RunPhase:
        """The run's state."""
        return self._phase

    @property
    def progress(self) -> Progress | None:
        """The last Progress event; None before the first."""
        return self._progress

    @property
    def failure(self) -> Failure | None:
        """Why the run failed; None unless it did."""
        return self._failure

    @property
    def detached(self) -> bool:
        """Whether the run's process outlives the window."""
        return self._detached

    def step_index(self) -> int:
        """Index of the present step in STEPS; -1 before the first, len(STEPS) after the last."""
        if self._phase is RunPhase.FINISHED:
            return len(STEPS)
        phase = self._progress.phase if self._progress else ""
        return next((index for index, phases in enumerate(STEPS) if phase in phases), -1)

    def step_share(self) -> float:
        """Share of the present step that is done, from 0 to 1."""
        index, progress = self.step_index(), self._progress
        if progress is None or not 0 <= index < len(STEPS):
            return 0.0
        phases = STEPS[index]
        return (phases.index(progress.phase) + progress.done / max(progress.total, 1)) / len(phases)

    @property
    def is_learning(self) -> bool:
        """Whether a stage is learning, which `finish` can end early."""
        return self._progress is not None and self._progress.phase in STAGES.values()

    # Events of the process

    def begin(self, detached: bool = False) -> None:
        """A process has been started for the run."""
        self._detached = detached
        self._failure = None
        self._set_phase(RunPhase.STARTING)

    def sync_with_folder(self, *, is_active: bool, detector: Path | None) -> None:
        """Set the phase from the run's folder: whether a process is training it, and its detector where there is one.

        Events alone are not enough: a killed process has written no final event.
        """
        if is_active:
            self._phase, self._detached = RunPhase.RUNNING if self._progress else RunPhase.STARTING, True
        elif detector:
            self._phase, self.detector = RunPhase.FINISHED, detector
        elif self._phase is not RunPhase.FAILED:
            self._phase = RunPhase.STOPPED if self._progress else RunPhase.IDLE
        self.changed.emit()

    def apply(self, event: Event) -> None:
        """Apply one event of the process, and emit the signals of what it changed."""
        self._apply(event)
        self._emit_changes(event)

    def replay(self, events: Iterable[Event]) -> None:
        """Apply the stored events of a run, and emit each signal once at the end."""
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
                        self._phase = RunPhase.RUNNING  # the stage that `finish` was to end has ended
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
        """Absolute path of a file that an event names relative to the run's folder, which may have been moved."""
        return self.folder / path

    def _add_live_loss(self, event: Progress) -> None:
        stage = next((name for name, label in STAGES.items() if label == event.phase), None)
        if stage is None or event.loss is None:
            return
        curve = self.curves[stage]
        index = self._epochs[stage] * event.done / max(event.total, 1)
        # A resumed run continues from its checkpoint: remove the losses after it, which will be reported again.
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

    # Requests of the person

    def start(self) -> None:
        """Start the run, or resume it from its last checkpoint."""
        if not self._phase.is_active:
            self.start_requested.emit()

    def stop(self) -> None:
        """Save a checkpoint and stop; the run can be resumed."""
        if self._phase in (RunPhase.STARTING, RunPhase.RUNNING, RunPhase.FINISHING):
            self._set_phase(RunPhase.STOPPING)
            self.stop_requested.emit()

    def stop_at_once(self) -> None:
        """Kill the process without waiting for its training step."""
        if self._phase.is_active:
            self.stop_at_once_requested.emit()

    def finish(self) -> None:
        """End the present stage early with the best weights so far."""
        if self._phase is RunPhase.RUNNING:
            self._set_phase(RunPhase.FINISHING)
            self.finish_requested.emit()

    def continue_in_background(self) -> None:
        """Continue the run in a process that outlives the window."""
        if self._phase.is_active and not self._detached:
            self.background_requested.emit()

    def delete(self) -> None:
        """Stop the run and delete its folder."""
        self.stop_at_once()
        self.delete_requested.emit()

    def _set_phase(self, phase: RunPhase) -> None:
        self._phase = phase
        self.changed.emit()
