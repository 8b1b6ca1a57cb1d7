"""Training efforts to choose from, and the plan of a run: its time, memory and disk space."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.common.durations import duration_in_words
from engine.common.errors import VadError
from engine.common.language import tr, tr_noop
from engine.training.settings import RunSettings


@dataclass(frozen=True)
class Effort:
    """A named combination of preset and epochs."""

    name: str
    sentence: str
    """Description for people: what the effort is good for."""
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
            tr_noop("A first look: shows whether the footage suits, and flags what is plainly unusual."),
            preset="fast",
            motion_epochs=5,
            frame_epochs=3,
        ),
        Effort(
            "standard",
            tr_noop("For daily work: the fast models, taught as long as the paper teaches its own."),
            preset="fast",
            motion_epochs=20,
            frame_epochs=10,
        ),
        Effort(
            "thorough",
            tr_noop(
                "The paper's large models: the finest picture of what is normal; wants a GPU, in training and in use."
            ),
            preset="paper",
            motion_epochs=20,
            frame_epochs=10,
        ),
    )
}


@dataclass(frozen=True)
class StageCost:
    """Time and memory of one training stage."""

    name: str
    """"motion" or "frame"."""
    step_seconds: float
    epoch_seconds: float
    epochs: int
    memory_bytes: int
    """Peak memory of a step."""

    @property
    def seconds(self) -> float:
        """Time of all epochs."""
        return self.epoch_seconds * self.epochs


@dataclass(frozen=True)
class RunPlan:
    """Estimated cost of a run, and whether it can start."""

    device: str
    """Device and precision in words."""
    frames: int
    transitions: int
    """Number of transitions to train on, without the held-out ones."""
    batch_size: int
    """The requested batch size, halved until a batch fits into memory."""
    stages: tuple[StageCost, ...]
    memory_bytes: int
    """Peak memory of the stage that needs most."""
    memory_free_bytes: int | None
    """Free memory of the device; None if it can't be determined."""
    reading_seconds: float
    """Time to read pictures and compute teacher flow, once per run."""
    disk_needed_bytes: int
    disk_free_bytes: int
    measured_on: str
    """"footage", or "synthetic pictures" if there is no footage yet."""
    refusal: str | None = None
    """Why the run can't start; None if it can."""
    notes: tuple[str, ...] = ()
    """Notes to read before starting, in full sentences."""
    judging_seconds: float = 0.0
    """Time to calibrate the detector after training; 0 without calibration. The name is that in `vad plan --json`."""
    undisturbed_seconds: float | None = None
    """Estimate of the total time without other programs; None if none kept the machine busy during measuring."""

    @classmethod
    def refused(cls, reason: str, disk_free_bytes: int) -> RunPlan:
        """The plan of a run that can't start, without estimates."""
        return cls("", 0, 0, 0, (), 0, None, 0.0, 0, disk_free_bytes, "", reason)

    @property
    def total_seconds(self) -> float:
        """Total time: reading footage, training both stages, and calibrating."""
        return self.reading_seconds + sum(stage.seconds for stage in self.stages) + self.judging_seconds

    def busy_note(self, what: str = "") -> str:
        """A note, on `what` is planned, if other programs kept the machine busy during measuring; else empty."""
        if self.undisturbed_seconds is None:
            return ""
        duration = duration_in_words(self.undisturbed_seconds)
        if not what:
            return tr("Other programs keep this machine busy: without them it would take about {duration}.").format(
                duration=duration
            )
        return tr("Other programs keep this machine busy: without them {what} would take about {duration}.").format(
            what=what, duration=duration
        )


def in_one_line(error: VadError) -> str:
    """An error's parts (what, subject, advice) in one line, for a plan's refusal."""
    message = f"{error.what}: {error.subject}" if error.subject else error.what
    return f"{message}. {error.advice}".rstrip()
