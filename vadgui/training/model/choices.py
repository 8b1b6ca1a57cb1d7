"""The choices of the training wizard, explained for people who know cameras but not machine learning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.common.language import tr_noop


@dataclass(frozen=True)
class TeacherChoice:
    """An optical flow estimator that can be chosen as the teacher."""

    name: str
    title: str
    sentence: str
    needs_file: str = ""
    """Name of the weights file that a person has to supply; empty where none is needed."""


TEACHERS = (
    TeacherChoice(
        "dis-medium",
        tr_noop("DIS, careful  (recommended)"),
        tr_noop("Comes with the program and runs on any machine. Finds small and slow movement well."),
    ),
    TeacherChoice(
        "dis-fast",
        tr_noop("DIS, quick"),
        tr_noop("Reads the footage about twice as fast; slightly coarser at edges. For many hours of footage."),
    ),
    TeacherChoice(
        "raft",
        "RAFT",
        tr_noop("A neural network, exact with large movement. Wants a GPU: without one, reading takes many hours."),
        needs_file="raft-small.pth",
    ),
    TeacherChoice(
        "pwcnet",
        tr_noop("PWC-Net  (experimental)"),
        tr_noop(
            "A neural network, as in much of the research; not tried with its published file yet. Wants a GPU; the "
            "file is for non-commercial use only."
        ),
        needs_file="pwcnet.pth",
    ),
)


@dataclass(frozen=True)
class Advanced:
    """The advanced settings; a preset of "" or epochs of 0 mean those of the chosen effort."""

    preset: str = ""
    motion_epochs: int = 0
    frame_epochs: int = 0
    motion_learning_rate: float = 2e-4
    frame_learning_rate: float = 2e-4
    batch_size: int = 16
    margin: bool = True
    flow_guidance: bool = True
    seed: int = 0
    device: str = "auto"

    def settings_fields(self) -> dict[str, Any]:
        """These settings as fields of RunSettings, without preset and epochs."""
        names = ("motion_learning_rate", "frame_learning_rate", "batch_size", "margin", "flow_guidance", "seed")
        return {name: getattr(self, name) for name in (*names, "device")}
