"""Training options that `vad train` and `vad ablation` share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from engine.commands.number_range import NumberRange
from engine.commands.teacher_option import TEACHERS_IN_WORDS, note_experimental
from engine.common.paths import resolved
from engine.flow.teachers import DEFAULT_TEACHER
from engine.training.settings import MAX_BATCH_SIZE, MAX_SEED


@dataclass(frozen=True)
class LearningOptions:
    """Values of the options of `learning_options`."""

    teacher: str
    teacher_weights: Path | None
    flow_radius_px: float | None
    motion_learning_rate: float
    frame_learning_rate: float
    batch_size: int
    seed: int
    cache_gb: float

    @property
    def settings(self) -> dict[str, Any]:
        """The values as fields of RunSettings."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values["cache_max_bytes"] = round(values.pop("cache_gb") * 1e9)
        values["teacher_weights"] = self.teacher_weights and str(resolved(self.teacher_weights))
        return values


LEARNING_OPTIONS = tuple(each.name for each in fields(LearningOptions))
"""Parameter names of the training options."""
_FIELDS = {
    "--flow-radius": "flow_radius_px",
    "--motion-lr": "motion_learning_rate",
    "--frame-lr": "frame_learning_rate",
}
"""Fields of LearningOptions whose names differ from their option's."""


def learning_options() -> Callable[[Any], Any]:
    """A decorator that adds the options of LearningOptions to a command."""

    def option(name: str, text: str, **attributes: Any) -> Callable[[Any], Any]:
        target = [_FIELDS[name]] if name in _FIELDS else []
        shows_default = "default" in attributes
        return click.option(name, *target, help=text, show_default=shows_default, **attributes)

    rate: dict[str, Any] = {"type": NumberRange(0, 1, min_open=True), "default": 2e-4}
    options = (
        option(
            "--teacher",
            f"Estimator of the ground-truth flow: {TEACHERS_IN_WORDS}.",
            default=DEFAULT_TEACHER,
            metavar="NAME",
            callback=note_experimental,
        ),
        option("--teacher-weights", "The teacher's weights file, if it needs one.", type=click.Path(path_type=Path)),
        option(
            "--flow-radius",
            "Speed that the flow's colours show in full, in pixels of 256x256 a frame; by default the one that a "
            "thousandth of the training flow exceeds.",
            type=NumberRange(0, min_open=True),
            metavar="PX",
        ),
        option("--motion-lr", "Learning rate of Adam while the flow is learnt.", **rate),
        option("--frame-lr", "The same while the next frame is learnt.", **rate),
        option("--batch-size", "Transitions in each step.", type=click.IntRange(1, MAX_BATCH_SIZE), default=16),
        option("--seed", "Of all that is random.", type=click.IntRange(0, MAX_SEED), default=0),
        option(
            "--cache-gb",
            "The largest the prepared footage may grow on disk.",
            type=NumberRange(0, 1e6, min_open=True),
            default=50.0,
        ),
    )

    def add(command: Any) -> Any:
        for each in reversed(options):  # decorators apply from the last to the first
            command = each(command)
        return command

    return add
