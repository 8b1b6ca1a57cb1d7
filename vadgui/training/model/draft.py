"""The draft of a training run: the person's choices so far, which the wizard's pages show and change."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from engine.run_plan import EFFORTS, Effort, RunPlan
from vadgui.training.model.choices import Advanced
from vadgui.training.model.footage_draft import FootageDraft
from vadgui.ui.failure import Failure

_NO_LIMIT_BYTES = 2**62  # only the disk limits the cache, and the pages show how much of it is free

CURRENT_SETTINGS = ""
"""The key of the plan for exactly the draft's settings, beside the plans by name of effort."""


class Goal(Enum):
    """What the person wants to do in the wizard."""

    NEW_CAMERA = "new"
    IMPROVE = "improve"
    VERDICTS = "verdicts"
    """Improve a detector by the recordings that were reviewed with it."""
    RESUME = "resume"


IMPROVING = (Goal.IMPROVE, Goal.VERDICTS)


@dataclass(frozen=True, eq=False)
class PlanState:
    """The measured costs of the training, the progress of measuring them, or why that failed."""

    share: float | None = None
    """Share of the measurement that is done, from 0 to 1; None while none runs."""
    plans: dict[str, RunPlan] = field(default_factory=dict)
    """Plans by name of effort, and under CURRENT_SETTINGS that of the draft's settings."""
    failure: Failure | None = None


class TrainingDraft(QObject):
    """Holds the choices and their measured costs. It does no work itself but requests it by signals."""

    goal_changed = Signal()
    settings_changed = Signal()
    """Teacher, effort, base detector or an advanced setting changed, on which plans depend."""
    plan_changed = Signal()

    plan_requested = Signal(bool)
    """True: measure the costs of all efforts. False: only those of the present settings."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.footage = FootageDraft(self)
        self.footage.training_data_changed.connect(self._forget_plans)
        self._goal = Goal.NEW_CAMERA
        self._camera = ""
        self._base: Path | None = None
        self._base_preset = ""
        self._run: Path | None = None
        self._teacher = "dis-medium"
        self._weights: dict[str, Path] = {}
        self._effort = "standard"
        self._advanced = Advanced()
        self._plan = PlanState()

    # Goal

    @property
    def goal(self) -> Goal:
        """What the person wants to do."""
        return self._goal

    @property
    def camera(self) -> str:
        """Name of the camera, which becomes the detector's name."""
        return self._camera

    @property
    def base(self) -> Path | None:
        """The detector to improve; None for other goals."""
        return self._base if self._goal in IMPROVING else None

    @property
    def base_choice(self) -> Path | None:
        """The detector chosen on the page, whatever the goal is."""
        return self._base

    @property
    def run(self) -> Path | None:
        """Folder of the run to resume; None for other goals."""
        return self._run if self._goal is Goal.RESUME else None

    @property
    def run_choice(self) -> Path | None:
        """The run chosen on the page, whatever the goal is."""
        return self._run

    def set_goal(self, goal: Goal) -> None:
        """Choose the goal."""
        if goal is not self._goal:
            self._goal = goal
            self.goal_changed.emit()
            self._settings_changed()

    def set_camera(self, name: str) -> None:
        """Set the camera's name."""
        self._camera = " ".join(name.split())
        self.goal_changed.emit()

    def set_base(self, path: Path | None, preset: str) -> None:
        """Choose the detector to improve and its preset, which the run must use too."""
        self._base, self._base_preset = path, preset
        self.goal_changed.emit()
        self._settings_changed()

    def set_run(self, folder: Path | None) -> None:
        """Choose the run to resume."""
        self._run = folder
        self.goal_changed.emit()

    def goal_is_complete(self) -> bool:
        """Whether all that the goal needs is chosen."""
        match self._goal:
            case Goal.NEW_CAMERA:
                return bool(self._camera)
            case Goal.IMPROVE | Goal.VERDICTS:
                return bool(self._camera) and self._base is not None
            case Goal.RESUME:
                return self._run is not None

    # Training settings

    @property
    def teacher(self) -> str:
        """Name of the teacher: the optical flow estimator to learn from."""
        return self._teacher

    @property
    def weights(self) -> Path | None:
        """The weights file chosen for the present teacher; None where none is."""
        return self._weights.get(self._teacher)

    def weights_of(self, teacher: str) -> Path | None:
        """The weights file chosen for a teacher; None where none is."""
        return self._weights.get(teacher)

    @property
    def effort(self) -> str:
        """Name of the chosen effort."""
        return self._effort

    @property
    def advanced(self) -> Advanced:
        """The advanced settings; the paper's values unless changed."""
        return self._advanced

    def set_teacher(self, name: str) -> None:
        """Choose the teacher."""
        if name != self._teacher:
            self._teacher = name
            self._settings_changed()

    def set_weights(self, teacher: str, path: Path | None) -> None:
        """Choose the weights file of a teacher."""
        if path is None:
            self._weights.pop(teacher, None)
        else:
            self._weights[teacher] = path
        self._settings_changed()

    def set_effort(self, name: str) -> None:
        """Choose the effort by its name."""
        if name != self._effort:
            self._effort = name
            plans = {effort: plan for effort, plan in self._plan.plans.items() if effort != CURRENT_SETTINGS}
            self._plan = PlanState(self._plan.share, plans)
            self.settings_changed.emit()

    def set_advanced(self, advanced: Advanced) -> None:
        """Change the advanced settings."""
        if advanced != self._advanced:
            self._advanced = advanced
            self._settings_changed()

    def chosen_effort(self) -> Effort:
        """The effort, its preset and epochs overridden by the advanced settings and the base detector's preset."""
        effort = EFFORTS[self._effort]
        advanced = self._advanced
        return replace(
            effort,
            preset=(self._base_preset if self.base else "") or advanced.preset or effort.preset,
            motion_epochs=advanced.motion_epochs or effort.motion_epochs,
            frame_epochs=advanced.frame_epochs or effort.frame_epochs,
        )

    # Costs

    @property
    def plan(self) -> PlanState:
        """The costs, as far as they are measured."""
        return self._plan

    def request_plan(self, all_efforts: bool) -> None:
        """Request the measurement of the costs, unless they are measured already."""
        wanted = EFFORTS.keys() if all_efforts else {CURRENT_SETTINGS}
        is_measured = self._plan.plans.keys() >= wanted
        if not is_measured:
            self._plan = PlanState(0.0, self._plan.plans)
            self.plan_changed.emit()
            self.plan_requested.emit(all_efforts)

    def set_plans(self, plans: dict[str, RunPlan]) -> None:
        """Add measured plans, by name of effort or under CURRENT_SETTINGS."""
        self._plan = PlanState(None, {**self._plan.plans, **plans})
        self.plan_changed.emit()

    def set_plan_progress(self, share: float) -> None:
        """Set the share of the measurement that is done, from 0 to 1."""
        self._plan = PlanState(share, self._plan.plans)
        self.plan_changed.emit()

    def set_plan_failure(self, failure: Failure) -> None:
        """Set why the costs could not be measured."""
        self._plan = PlanState(None, self._plan.plans, failure)
        self.plan_changed.emit()

    def run_fields(self) -> dict[str, Any]:
        """The fields of RunSettings for a new run: `settings_fields` with the batch size that fits this machine."""
        plan = self._plan.plans.get(CURRENT_SETTINGS)
        return self.settings_fields() | ({"batch_size": plan.batch_size} if plan and plan.batch_size else {})

    def settings_fields(self) -> dict[str, Any]:
        """The fields of RunSettings that the draft decides; all others keep their defaults."""
        effort, advanced = self.chosen_effort(), self._advanced
        usable = self.footage.usable_clips()
        held_out = self.footage.held_out()
        return {
            "name": self._camera,
            "videos": tuple(str(clip.path) for clip in usable),
            "held_out": tuple(str(clip.path) for clip in usable if clip.path in held_out),
            "left_out": {str(clip.path): [list(part) for part in clip.left_out] for clip in usable if clip.left_out},
            "preset": effort.preset,
            "motion_epochs": effort.motion_epochs,
            "frame_epochs": effort.frame_epochs,
            "teacher": self._teacher,
            "teacher_weights": str(self.weights) if self.weights else None,
            "start_from": str(self.base) if self.base else None,
            "cache_max_bytes": _NO_LIMIT_BYTES,
            **advanced.settings_fields(),
        }

    def _settings_changed(self) -> None:
        self._forget_plans()
        self.settings_changed.emit()

    def _forget_plans(self) -> None:
        self._plan = PlanState()
        self.plan_changed.emit()
