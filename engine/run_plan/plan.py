"""How much a detector can be taught, and what that takes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.common.durations import duration_in_words
from engine.common.errors import VadError
from engine.training.settings import RunSettings


@dataclass(frozen=True)
class Effort:
    """How much a detector is taught; everything else has values that suit."""

    name: str
    sentence: str
    """What it gives, and for whom."""
    preset: str
    motion_epochs: int
    frame_epochs: int

    def applied_to(self, settings: RunSettings) -> RunSettings:
        """Settings with this effort's preset and epochs."""
        return replace(settings, preset=self.preset, motion_epochs=self.motion_epochs, frame_epochs=self.frame_epochs)


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
    judging_seconds: float = 0.0
    """For calibrating in the end; 0 where that is not done. Named as `vad plan --json` has it."""
    undisturbed_seconds: float | None = None
    """What it would take all in all without the programs that kept the machine busy; None where none did."""

    @classmethod
    def refused(cls, reason: str, disk_free_bytes: int) -> RunPlan:
        """The plan of a run that can't be begun, whatever it would take."""
        return cls("", 0, 0, 0, (), 0, None, 0.0, 0, disk_free_bytes, "", reason)

    @property
    def total_seconds(self) -> float:
        """Footage, both stages, and what the scores mean."""
        return self.reading_seconds + sum(stage.seconds for stage in self.stages) + self.judging_seconds

    def busy_note(self, what: str = "it") -> str:
        """What to know of a time that was measured beside other programs' work; empty where it was not."""
        if self.undisturbed_seconds is None:
            return ""
        seconds = self.undisturbed_seconds
        return (
            f"Other programs keep this machine busy: without them {what} would take about {duration_in_words(seconds)}."
        )


def in_one_line(error: VadError) -> str:
    """An error's three parts as a refusal says them."""
    said = f"{error.what}: {error.subject}" if error.subject else error.what
    return f"{said}. {error.advice}".rstrip()
