"""Plans a run: reads a sample of its footage, measures its steps, and estimates the cost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.common.durations import duration_in_words
from engine.common.errors import VadError
from engine.common.events import Progress, ShouldStop, never_stop
from engine.common.language import tr
from engine.common.paths import existing_folder
from engine.run_plan.context import PlanContext, plan_context
from engine.run_plan.plan import EFFORTS, RunPlan, StageCost, in_one_line
from engine.scoring.tail import MIN_BLOCKS

if TYPE_CHECKING:
    from engine.run_plan.step_cost import StageMeasure
    from engine.training import RunSettings
    from engine.training.distributed import ProcessGroup

_PHASE = "Measuring"
_VALIDATION_SHARE = 1 / 3  # of a training step's time: the forward pass without the backward pass
_CHECKPOINTS = 4  # files on disk: last, previous, best, and the one being written
_LONG_SECONDS = 24 * 3600.0
_UNDISTURBED_SHARE = 0.6  # minimum share of a step's time that its threads run; on an idle machine it is 0.8 and more


def plan_run(
    settings: RunSettings, run_folder: Path, should_stop: ShouldStop = never_stop
) -> Iterator[Progress | RunPlan]:
    """Measure a run's cost on a sample of its footage; yields the plan last.

    An error that keeps the run from starting becomes the plan's refusal. Without videos in the settings, synthetic
    pictures are used: time and memory of a step are the same.

    Raises:
        Cancelled: `should_stop` returned true.
    """
    for event in _plans({"": settings}, run_folder, should_stop):
        yield event if isinstance(event, Progress) else event[""]


def plan_efforts(
    settings: RunSettings, run_folder: Path, should_stop: ShouldStop = never_stop
) -> Iterator[Progress | dict[str, RunPlan]]:
    """Plans of all EFFORTS by name, yielded again each time more are ready; other settings are the same for all.

    Raises:
        Cancelled: `should_stop` returned true.
    """
    yield from _plans({name: effort.applied_to(settings) for name, effort in EFFORTS.items()}, run_folder, should_stop)


def _plans(
    settings_by_name: dict[str, RunSettings], run_folder: Path, should_stop: ShouldStop
) -> Iterator[Progress | dict[str, RunPlan]]:
    """Plans by name for settings that differ only in preset and epochs; each preset is measured once."""
    by_preset: dict[str, dict[str, RunSettings]] = {}
    for name, settings in settings_by_name.items():
        by_preset.setdefault(settings.preset, {})[name] = settings
    steps = 1 + 3 * len(by_preset)
    yield Progress(_PHASE, 0, steps)
    from engine.training.distributed import make_process_group
    from engine.training.trainer import detector_teacher, load_base_detectors

    settings = next(iter(settings_by_name.values()))
    try:
        group = make_process_group(settings.device)
        context = plan_context(settings, run_folder, str(group.plan.device), should_stop)
    except VadError as error:
        refused = RunPlan.refused(in_one_line(error), _free_bytes(run_folder))
        yield dict.fromkeys(settings_by_name, refused)
        return
    yield Progress(_PHASE, 1, steps)
    plans: dict[str, RunPlan] = {}
    for number, preset_settings in enumerate(by_preset.values()):
        planner = _Planner(context, group, run_folder)
        settings = next(iter(preset_settings.values()))
        try:
            teacher = detector_teacher(settings, load_base_detectors(settings))
            yield from planner.measure(settings, teacher, should_stop, Progress(_PHASE, 1 + 3 * number, steps))
        except VadError as error:
            planner.refusal = in_one_line(error)
        plans |= {name: planner.plan(settings) for name, settings in preset_settings.items()}
        progress, is_whole = Progress(_PHASE, 4 + 3 * number, steps), len(plans) == len(settings_by_name)
        # Plans of some efforts would look like the end, did no progress follow them.
        yield from (progress, dict(plans)) if is_whole else (dict(plans), progress)


class _Planner:
    """Measures one preset and makes its plans."""

    def __init__(self, context: PlanContext, group: ProcessGroup, folder: Path) -> None:
        self._context, self._group, self._folder = context, group, folder
        self._measures: list[StageMeasure] = []
        self._calibration_seconds = 0.0
        self.refusal: str | None = context.refusal

    def measure(
        self, settings: RunSettings, teacher: str, should_stop: ShouldStop, begun: Progress
    ) -> Iterator[Progress]:
        """Measure steps of all stages, and calibration on a few frames with the named teacher."""
        from engine.run_plan.calibration_cost import CalibrationCostContext, calibration_seconds
        from engine.run_plan.step_cost import measure_stages, untrained

        for measure in measure_stages(settings, self._context.sample, self._folder, self._group, should_stop):
            self._measures.append(measure)
            yield Progress(begun.phase, begun.done + len(self._measures), begun.total)
        cost = CalibrationCostContext.of(self._context.plan) if self._context.plan and settings.calibrate else None
        if cost:
            detector = untrained(replace(settings, teacher=teacher), self._context.sample)
            self._calibration_seconds = calibration_seconds(
                cost, detector, self._group.plan, should_stop, teacher_weights=settings.weights_of(teacher)
            )

    def plan(self, settings: RunSettings) -> RunPlan:
        """The plan of settings with the measured preset."""
        from engine.run_plan.free_memory import free_memory_bytes
        from engine.training.stages import batch_size_for

        context, measures = self._context, self._measures
        fits = min((measure.batch_size for measure in measures), default=settings.batch_size)
        batch_size = batch_size_for(context.training, fits, 1) or fits
        weights = max((measure.fixed_bytes for measure in measures), default=0)
        stages = tuple(self._cost(measure, settings, batch_size) for measure in measures)
        plan = RunPlan(
            device=self._group.plan.label,
            frames=context.frames,
            transitions=context.training,
            batch_size=batch_size,
            stages=stages,
            memory_bytes=max((stage.memory_bytes for stage in stages), default=0),
            memory_free_bytes=free_memory_bytes(self._group.plan.device),
            reading_seconds=context.reading_seconds,
            disk_needed_bytes=context.footage_bytes + _CHECKPOINTS * weights,
            disk_free_bytes=_free_bytes(self._folder),
            measured_on="synthetic pictures" if context.is_synthetic else "footage",
            judging_seconds=self._calibration_seconds,
        )
        plan = replace(plan, undisturbed_seconds=self._undisturbed_seconds(plan))
        refusal = self.refusal or _too_little_disk(plan)
        return replace(plan, refusal=refusal, notes=tuple(self._notes(plan, settings)))

    def _cost(self, measure: StageMeasure, settings: RunSettings, batch_size: int) -> StageCost:
        from engine.training.stage_trainer import MAX_VALIDATION_SAMPLES

        trained = self._context.training // batch_size * batch_size
        validated = min(self._context.held_out, MAX_VALIDATION_SAMPLES) * _VALIDATION_SHARE
        return StageCost(
            name=measure.name,
            step_seconds=measure.transition_seconds * batch_size,
            epoch_seconds=measure.transition_seconds * (trained + validated),
            epochs=settings.motion_epochs if measure.name == "motion" else settings.frame_epochs,
            memory_bytes=measure.memory_bytes(batch_size),
        )

    def _undisturbed_seconds(self, plan: RunPlan) -> float | None:
        share = min((measure.undisturbed_share for measure in self._measures), default=1.0)
        return plan.total_seconds * share if share < _UNDISTURBED_SHARE else None

    def _notes(self, plan: RunPlan, settings: RunSettings) -> Iterator[str]:
        context = self._context
        if plan.batch_size < min(settings.batch_size, context.training):
            yield tr("A batch of {size} does not fit into the memory: {smaller} does.").format(
                size=settings.batch_size, smaller=plan.batch_size
            )
        if not context.is_synthetic and not context.held_out:
            yield tr("No video is held out: nothing will tell when learning more does harm, or how rare a score is.")
        elif settings.calibrate and context.plan and context.plan.held_out_seconds < MIN_BLOCKS:
            held_out = duration_in_words(context.plan.held_out_seconds)
            yield tr(
                "Only {held_out} are held out: from less than {seconds} s nobody can tell how rare a score is, so "
                "scores will be those of the paper, each recording by itself."
            ).format(held_out=held_out, seconds=MIN_BLOCKS)
        if note := plan.busy_note():
            yield note
        seconds = plan.total_seconds if plan.undisturbed_seconds is None else plan.undisturbed_seconds
        if seconds > _LONG_SECONDS:
            days = seconds / _LONG_SECONDS
            yield tr(
                "It would take {days:.1f} days here: the preset fast or a machine with a GPU does it sooner."
            ).format(days=days)


def _too_little_disk(plan: RunPlan) -> str | None:
    needed, free = plan.disk_needed_bytes, plan.disk_free_bytes
    if needed <= free:
        return None
    return tr(
        "The run would take {needed:.1f} GB on disk, and {free:.1f} GB are free. Free some space, or choose a folder "
        "on another disk."
    ).format(needed=needed / 1e9, free=free / 1e9)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(existing_folder(folder)).free
