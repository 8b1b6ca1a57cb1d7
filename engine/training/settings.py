"""What a training run is begun with."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from engine.common.errors import TrainingError
from engine.common.json_values import decode
from engine.datasets.held_out import Stretch
from engine.flow.teachers import DEFAULT_TEACHER


@dataclass(frozen=True)
class RunSettings:
    """A training run's settings, defaults being the paper's for UCSD Ped2 where it names any."""

    name: str
    """What the detector will be called."""
    videos: tuple[str, ...]
    """Files or picture folders of normal footage."""
    held_out: tuple[str, ...] = ()
    """Those of `videos` to judge by instead of learning from them; empty: a fifth of them, spread evenly.

    Where there is but one, it is the last fifth of it.
    """
    left_out: Mapping[str, tuple[Stretch, ...]] = field(default_factory=dict)
    """Parts of videos, in seconds, that the detector shall not see: what happens there is not normal."""
    preset: str = "fast"
    teacher: str = DEFAULT_TEACHER
    teacher_weights: str | None = None
    """The teacher's weights file, where it needs one that is not in its usual place."""
    flow_radius_px: float | None = None
    """Speed a frame that the flow's colours show fully saturated; None: as measured on the footage to learn from."""
    motion_epochs: int = 20
    frame_epochs: int = 10
    motion_learning_rate: float = 2e-4
    frame_learning_rate: float = 2e-4
    batch_size: int = 16
    """Transitions in a step, over all processes together."""
    margin: bool = True
    """Whether the margin term of Eq. 5 takes part in the frame model's loss."""
    flow_guidance: bool = True
    """Whether the frame model sees the predicted flow."""
    seed: int = 0
    device: str = "auto"
    start_from: str | None = None
    """File of a detector of the same preset to improve, instead of learning from scratch; its flow radius is kept."""
    motion_from: str | None = None
    """File of a detector whose motion model is taken as it is: there is no motion stage then."""
    cache_max_bytes: int = 50 * 2**30
    """The largest the prepared footage may grow on disk."""
    calibrate: bool = True
    """Whether the finished detector judges the held-out footage, for calibrated scores: takes minutes."""

    def __post_init__(self) -> None:
        if self.batch_size < 1 or min(self.motion_epochs, self.frame_epochs) < 1:
            raise ValueError("epochs and batch size are at least 1")
        if self.flow_radius_px is not None and not 0 < self.flow_radius_px < math.inf:
            raise ValueError(f"a flow radius is a speed above 0 px: {self.flow_radius_px}")
        for video, stretches in self.left_out.items():
            if not all(0 <= start < stop for start, stop in stretches):
                raise ValueError(f"parts of {video} to leave out must be [start, stop) in seconds: {stretches}")

    def check(self) -> None:
        """Refuse settings that contradict each other.

        Raises:
            TrainingError: videos are held out or cut that are not among the footage, or none is left to learn from.
        """
        for video in [*self.held_out, *self.left_out]:
            if video not in self.videos:
                raise TrainingError(
                    "A video that is held out or left out in part is not among the footage",
                    subject=video,
                    advice="Name it as the footage names it, or add it to the footage.",
                )
        if self.held_out and not set(self.videos) - set(self.held_out):
            raise TrainingError(
                "All videos are held out",
                subject=", ".join(self.held_out[:3]),
                advice="Leave at least one to learn from.",
            )

    def weights_of(self, teacher: str) -> Path | None:
        """The weights file named for a teacher; none for another than the run's, as a ready motion model brings."""
        return Path(self.teacher_weights) if self.teacher_weights and teacher == self.teacher else None

    def to_json(self) -> str:
        """Indented JSON of all settings."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RunSettings:
        """The settings of `to_json`; what an older version did not know takes its default, the unknown is ignored.

        Raises:
            ValueError: these are no settings.
        """
        return decode(text, cls)
