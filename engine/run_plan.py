"""What a training run would take here: batch size, memory, time and disk, measured with its own steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.events import Progress, ShouldStop, never_stop

if TYPE_CHECKING:
    from engine.training import RunSettings


@dataclass(frozen=True)
class Effort:
    """How much a detector is taught; everything else has values that suit."""

    name: str
    sentence: str
    """What it gives, and for whom."""
    preset: str
    motion_epochs: int
    frame_epochs: int


EFFORTS = {
    effort.name: effort
    for effort in (
        Effort(
            "quick",
            "A first look: shows whether the footage suits, and flags what is plainly unusual.",
            preset="fast",
            motion_epochs=5,
            frame_epochs=3,
        ),
        Effort(
            "standard",
            "For daily work: the fast models, taught as long as the paper teaches its own.",
            preset="fast",
            motion_epochs=20,
            frame_epochs=10,
        ),
        Effort(
            "thorough",
            "The paper's large models: the finest picture of what is normal; wants a GPU, in training and in use.",
            preset="paper",
            motion_epochs=20,
            frame_epochs=10,
        ),
    )
}


@dataclass(frozen=True)
class StageCost:
    """What one stage of training takes."""

    name: str
    """"motion" or "frame"."""
    step_seconds: float
    epoch_seconds: float
    epochs: int
    memory_bytes: int
    """Of a step at its highest."""

    @property
    def seconds(self) -> float:
        """Of all its epochs."""
        return self.epoch_seconds * self.epochs


@dataclass(frozen=True)
class RunPlan:
    """What a run would take, and whether it can be begun."""

    device: str
    """In words, precision included."""
    frames: int
    transitions: int
    """To learn from, without the held-out ones."""
    batch_size: int
    """The one asked for, or the largest half of it that fits."""
    stages: tuple[StageCost, ...]
    memory_bytes: int
    """Of the stage that needs most."""
    memory_free_bytes: int | None
    """None where the system doesn't tell."""
    reading_seconds: float
    """For pictures and teacher flow; done once a run."""
    disk_needed_bytes: int
    disk_free_bytes: int
    measured_on: str
    """"footage", or "synthetic pictures" where there is none to read yet."""
    refusal: str | None = None
    """Why the run can't be begun; None where it can."""
    notes: tuple[str, ...] = ()
    """What to know before beginning, in sentences."""

    @property
    def total_seconds(self) -> float:
        """Footage and both stages."""
        return self.reading_seconds + sum(stage.seconds for stage in self.stages)


def plan_run(
    settings: RunSettings, run_folder: Path, should_stop: ShouldStop = never_stop
) -> Iterator[Progress | RunPlan]:
    """Measure what the run would take, on a sample of its footage; the plan comes last.

    Without videos in the settings, synthetic pictures are stepped on: time and memory a step are the same.

    Raises:
        Cancelled: `should_stop` said yes.
        DeviceError, TeacherError: the settings name what this machine lacks.
    """
    raise NotImplementedError


def plan_efforts(
    settings: RunSettings, run_folder: Path, should_stop: ShouldStop = never_stop
) -> Iterator[Progress | dict[str, RunPlan]]:
    """Plans of all EFFORTS by name, measuring each preset once; whatever else the settings say holds for all.

    Raises:
        Cancelled: `should_stop` said yes.
        DeviceError, TeacherError: the settings name what this machine lacks.
    """
    raise NotImplementedError
