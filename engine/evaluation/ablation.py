"""Table 2: trains the method with and without its two ingredients, margin loss and flow guidance."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.common.errors import TrainingError
from engine.common.events import Event, ShouldStop, never_stop
from engine.training import Run, RunSettings


@dataclass(frozen=True)
class Experiment:
    """One column of the table."""

    name: str
    margin: bool
    flow_guidance: bool

    def run(self, folder: Path) -> Run:
        """The experiment's run in the ablation's folder."""
        return Run(folder / self.name.lower())


EXPERIMENTS = (
    Experiment("Exp1", margin=False, flow_guidance=False),
    Experiment("Exp2", margin=True, flow_guidance=False),
    Experiment("Exp3", margin=False, flow_guidance=True),
    Experiment("Exp4", margin=True, flow_guidance=True),
)
"""As the paper counts them."""
TRAINING_ORDER = (EXPERIMENTS[3], EXPERIMENTS[2], EXPERIMENTS[1], EXPERIMENTS[0])
"""The whole method first: the others take its motion model, which neither ingredient has a part in."""

_AMENDED = ("device", "calibrate", "cache_max_bytes")
"""Settings that leave the paper's scores as they are: an experiment goes on with those it is given now."""


def train_experiment(
    folder: Path, experiment: Experiment, base: RunSettings, should_stop: ShouldStop = never_stop
) -> Generator[Event, None, None]:
    """Train one experiment below `folder`, or go on with it; one that has finished is left as it is.

    `base` says everything but the two ingredients; its `motion_from`, where given, is every experiment's motion model,
    else Exp4's is, which must have finished before the others begin. Footage is read once and handed on.

    Raises:
        TrainingError: the folder holds an experiment of other settings, or one can't be trained.
        VideoError, DatasetError, TeacherError, DetectorFileError, DeviceError: a run can't start or go on.
    """
    from engine.training.trainer import load_base_detectors, train  # torch takes seconds to import

    run = experiment.run(folder)
    settings = experiment_settings(folder, experiment, base)
    if not run.settings_path.exists():
        load_base_detectors(base)  # a detector that does not suit must not use the folder up
        Run.create(run.folder, settings)
    _refuse_other_settings(run, settings)
    if run.detector_path.exists():
        return
    run.amend(**{name: getattr(settings, name) for name in _AMENDED})
    _take_over_footage(folder, run)
    yield from train(run, should_stop)


def experiment_settings(folder: Path, experiment: Experiment, base: RunSettings) -> RunSettings:
    """The settings of one experiment's run."""
    motion_from = base.motion_from
    if motion_from is None and experiment is not TRAINING_ORDER[0]:
        motion_from = str(TRAINING_ORDER[0].run(folder).detector_path.resolve())
    return replace(
        base,
        name=f"{base.name} {experiment.name}",
        margin=experiment.margin,
        flow_guidance=experiment.flow_guidance,
        motion_from=motion_from,
        calibrate=False,  # the table compares the paper's scores alone
    )


def forget_footage(folder: Path) -> None:
    """Delete what was prepared of the footage, which is large, once all experiments have finished."""
    for experiment in EXPERIMENTS:
        shutil.rmtree(experiment.run(folder).footage_folder, ignore_errors=True)


def _refuse_other_settings(run: Run, settings: RunSettings) -> None:
    """An experiment that was begun otherwise than the rest would make the table a lie."""
    begun = run.settings
    same = replace(settings, **{name: getattr(begun, name) for name in ("name", *_AMENDED)})
    if begun != same:
        raise TrainingError(
            "This experiment was begun with other settings",
            subject=run.folder,
            advice="Give the same command as then, or choose another folder.",
        )


def _take_over_footage(folder: Path, run: Run) -> None:
    """Move prepared footage from a finished experiment: all see the same, and reading it again takes time and disk."""
    if run.footage_is_ready:
        return
    for experiment in EXPERIMENTS:
        other = experiment.run(folder)
        if other.detector_path.exists() and other.footage_is_ready:
            shutil.rmtree(run.footage_folder, ignore_errors=True)
            try:
                other.footage_folder.replace(run.footage_folder)
            except OSError as error:
                advice = f"Check the folder's permissions ({error.strerror})."
                raise TrainingError("Footage can't be moved", subject=other.footage_folder, advice=advice) from error
            return
