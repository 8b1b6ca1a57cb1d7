"""What a person has decided so far about a training run: the wizard's pages show it and ask it for changes."""

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

_NO_LIMIT_BYTES = 2**62  # the disk is the limit, and the pages show how much of it is free

EXACTLY = ""
"""Stands for the settings as they are where plans are kept by effort."""


class Goal(Enum):
    """What the person wants; learning from dismissed verdicts would be a fourth, with footage of its own making."""

    NEW_CAMERA = "new"
    IMPROVE = "improve"
    RESUME = "resume"


@dataclass(frozen=True, eq=False)
class PlanState:
    """What is known of the costs: nothing yet, how far the measuring is, plans, or why there are none."""

    share: float | None = None
    """Done of the measuring; None while none runs."""
    plans: dict[str, RunPlan] = field(default_factory=dict)
    """By effort; under EXACTLY the plan of the settings as they are."""
    failure: Failure | None = None


class TrainingDraft(QObject):
    """Knows the choices and what was found out about them; starts no work."""

    goal_changed = Signal()
    teaching_changed = Signal()
    """Teacher, effort, or an advanced setting: what plans depend on beside footage."""
    plan_changed = Signal()

    plan_requested = Signal(bool)
    """Measure all efforts, or only the settings as they are."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.footage = FootageDraft(self)
        self.footage.basis_changed.connect(self._forget_plans)
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
        """What the person wants."""
        return self._goal

    @property
    def camera(self) -> str:
        """What the camera, and so the detector, is called."""
        return self._camera

    @property
    def base(self) -> Path | None:
        """The detector to improve."""
        return self._base if self._goal is Goal.IMPROVE else None

    @property
    def base_choice(self) -> Path | None:
        """The detector that would be improved if that were the goal."""
        return self._base

    @property
    def run(self) -> Path | None:
        """Folder of the run to go on with."""
        return self._run if self._goal is Goal.RESUME else None

    @property
    def run_choice(self) -> Path | None:
        """The run that would be gone on with if that were the goal."""
        return self._run

    def set_goal(self, goal: Goal) -> None:
        """Choose what is wanted."""
        if goal is not self._goal:
            self._goal = goal
            self.goal_changed.emit()
            self._teaching_changes()

    def set_camera(self, name: str) -> None:
        """Name the camera."""
        self._camera = " ".join(name.split())
        self.goal_changed.emit()

    def set_base(self, path: Path | None, preset: str) -> None:
        """Choose the detector to improve, which is of a preset that the run then shares."""
        self._base, self._base_preset = path, preset
        self.goal_changed.emit()
        self._teaching_changes()

    def set_run(self, folder: Path | None) -> None:
        """Choose the run to go on with."""
        self._run = folder
        self.goal_changed.emit()

    def goal_is_complete(self) -> bool:
        """Whether the next page can be asked for."""
        match self._goal:
            case Goal.NEW_CAMERA:
                return bool(self._camera)
            case Goal.IMPROVE:
                return bool(self._camera) and self._base is not None
            case Goal.RESUME:
                return self._run is not None

    # How it is taught

    @property
    def teacher(self) -> str:
        """Name of the flow estimator."""
        return self._teacher

    @property
    def weights(self) -> Path | None:
        """The file that the teacher needs, where the person named one."""
        return self._weights.get(self._teacher)

    def weights_of(self, teacher: str) -> Path | None:
        """The file that the person named for a teacher."""
        return self._weights.get(teacher)

    @property
    def effort(self) -> str:
        """Name of the chosen effort."""
        return self._effort

    @property
    def advanced(self) -> Advanced:
        """Settings with the paper's values, or the person's."""
        return self._advanced

    def set_teacher(self, name: str) -> None:
        """Choose the flow estimator."""
        if name != self._teacher:
            self._teacher = name
            self._teaching_changes()

    def set_weights(self, teacher: str, path: Path | None) -> None:
        """Name the file that a teacher needs."""
        if path is None:
            self._weights.pop(teacher, None)
        else:
            self._weights[teacher] = path
        self._teaching_changes()

    def set_effort(self, name: str) -> None:
        """Choose how much is taught."""
        if name != self._effort:
            self._effort = name
            plans = {effort: plan for effort, plan in self._plan.plans.items() if effort != EXACTLY}
            self._plan = PlanState(self._plan.share, plans)
            self.teaching_changed.emit()

    def set_advanced(self, advanced: Advanced) -> None:
        """Change what is folded away."""
        if advanced != self._advanced:
            self._advanced = advanced
            self._teaching_changes()

    def chosen_effort(self) -> Effort:
        """Preset and epochs: the effort's, unless changed by hand, or given by the detector to improve."""
        effort = EFFORTS[self._effort]
        own = self._advanced
        return replace(
            effort,
            preset=(self._base_preset if self.base else "") or own.preset or effort.preset,
            motion_epochs=own.motion_epochs or effort.motion_epochs,
            frame_epochs=own.frame_epochs or effort.frame_epochs,
        )

    # Costs

    @property
    def plan(self) -> PlanState:
        """What is known of the costs."""
        return self._plan

    def ask_for_plan(self, all_efforts: bool) -> None:
        """Have the costs measured, unless they are known or being measured."""
        known = len(self._plan.plans) > 1 if all_efforts else EXACTLY in self._plan.plans
        if not known:
            self._plan = PlanState(0.0, self._plan.plans)
            self.plan_changed.emit()
            self.plan_requested.emit(all_efforts)

    def take_plans(self, plans: dict[str, RunPlan]) -> None:
        """Take over what was measured: of all efforts by name, or under EXACTLY."""
        self._plan = PlanState(None, {**self._plan.plans, **plans})
        self.plan_changed.emit()

    def take_plan_progress(self, share: float) -> None:
        """Take over how far the measuring is."""
        self._plan = PlanState(share, self._plan.plans)
        self.plan_changed.emit()

    def fail_plan(self, failure: Failure) -> None:
        """Take over why the costs can't be told."""
        self._plan = PlanState(None, self._plan.plans, failure)
        self.plan_changed.emit()

    def run_fields(self) -> dict[str, Any]:
        """The fields of RunSettings to begin with: `settings_fields`, with the batch size that fits this machine."""
        plan = self._plan.plans.get(EXACTLY)
        return self.settings_fields() | ({"batch_size": plan.batch_size} if plan and plan.batch_size else {})

    def settings_fields(self) -> dict[str, Any]:
        """The fields of RunSettings that these choices decide; its own defaults are for the others."""
        effort, own = self.chosen_effort(), self._advanced
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
            **own.settings_fields(),
        }

    def _teaching_changes(self) -> None:
        self._forget_plans()
        self.teaching_changed.emit()

    def _forget_plans(self) -> None:
        self._plan = PlanState()
        self.plan_changed.emit()
