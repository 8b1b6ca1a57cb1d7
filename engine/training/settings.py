"""The settings of a training run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.common.errors import TrainingError
from engine.common.json_values import decode
from engine.common.language import tr
from engine.datasets.held_out import Stretch
from engine.flow.teachers import DEFAULT_TEACHER

MAX_BATCH_SIZE = 2**20
MAX_SEED = 2**63 - 1
"""The largest that torch takes."""


@dataclass(frozen=True)
class RunSettings:
    """A training run's settings; defaults are the paper's for UCSD Ped2 where the paper gives a value."""

    name: str
    """Name of the detector."""
    videos: tuple[str, ...]
    """Video files or picture folders of normal footage."""
    held_out: tuple[str, ...] = ()
    """Those of `videos` to validate and calibrate on instead of training on them; empty: a fifth, evenly spaced.

    If there is only one video, its last fifth is held out.
    """
    left_out: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)
    """Parts of videos, in seconds, that are neither trained nor validated on, because they are not normal."""
    preset: str = "fast"
    teacher: str = DEFAULT_TEACHER
    teacher_weights: str | None = None
    """The teacher's weights file, if it needs one that is not in its default folder."""
    flow_radius_px: float | None = None
    """Speed, in px per frame, at full saturation of the flow colours; None: measured on the training footage."""
    motion_epochs: int = 20
    frame_epochs: int = 10
    motion_learning_rate: float = 2e-4
    frame_learning_rate: float = 2e-4
    batch_size: int = 16
    """Transitions per step, summed over all processes."""
    margin: bool = True
    """Whether the frame model's loss includes the margin term of Eq. 5."""
    flow_guidance: bool = True
    """Whether the predicted flow is an input of the frame model."""
    seed: int = 0
    device: str = "auto"
    start_from: str | None = None
    """File of a detector of the same preset to fine-tune, instead of training from scratch; its flow radius is kept."""
    motion_from: str | None = None
    """File of a detector whose motion model is used unchanged; the run then has no motion stage."""
    cache_max_bytes: int = 50 * 2**30
    """Maximum size of the prepared footage on disk."""
    calibrate: bool = True
    """Whether to calibrate the finished detector on the held-out footage, which takes minutes."""

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= MAX_BATCH_SIZE or min(self.motion_epochs, self.frame_epochs) < 1:
            raise ValueError("epochs and batch size are at least 1, and the latter is no number of millions")
        if not all(0 < rate <= 1 for rate in (self.motion_learning_rate, self.frame_learning_rate)):
            raise ValueError("learning rates lie above 0, and at 1 at most")
        if not 0 <= self.seed <= MAX_SEED or self.cache_max_bytes < 1:
            raise ValueError("seed and size of the prepared footage are not below 0")
        if self.flow_radius_px is not None and not 0 < self.flow_radius_px < math.inf:
            raise ValueError(f"a flow radius is a speed above 0 px: {self.flow_radius_px}")
        for video, stretches in self.left_out.items():
            if not all(0 <= start < stop for start, stop in stretches):
                raise ValueError(f"parts of {video} to leave out must be [start, stop) in seconds: {stretches}")

    def check(self) -> None:
        """Check that the settings do not contradict each other.

        Raises:
            TrainingError: a video that is held out or left out in part is not among the footage, or all are held out.
        """
        for video in [*self.held_out, *self.left_out]:
            if video not in self.videos:
                raise TrainingError(
                    tr("A video that is held out or left out in part is not among the footage"),
                    subject=video,
                    advice=tr("Name it as the footage names it, or add it to the footage."),
                )
        if self.held_out and not set(self.videos) - set(self.held_out):
            raise TrainingError(
                tr("All videos are held out"),
                subject=", ".join(self.held_out[:3]),
                advice=tr("Leave at least one to learn from."),
            )

    def weights_of(self, teacher: str) -> Path | None:
        """The weights file for a teacher; None if it is not the run's, such as the teacher of a ready motion model."""
        return Path(self.teacher_weights) if self.teacher_weights and teacher == self.teacher else None

    def to_json(self) -> str:
        """All settings as indented JSON."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RunSettings:
        """Read settings from JSON; missing settings get their defaults, and unknown ones are ignored.

        Raises:
            ValueError: the text is not a JSON object of valid settings.
        """
        return decode(text, cls)
