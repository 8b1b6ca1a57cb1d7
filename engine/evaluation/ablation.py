"""Table 2: trains the method with and without its two components, margin loss and flow guidance."""

from __future__ import annotations

import shutil
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.common.errors import TrainingError
from engine.common.events import Event, ShouldStop, never_stop
from engine.common.paths import resolved
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
"""In the order of the paper's table."""
TRAINING_ORDER = (EXPERIMENTS[3], EXPERIMENTS[2], EXPERIMENTS[1], EXPERIMENTS[0])
"""The complete method comes first: the others reuse its motion model, which depends on neither component."""

_AMENDABLE = ("device", "calibrate", "cache_max_bytes")
"""Settings that do not change the paper's scores, so that a resumed experiment may change them."""


def train_experiment(
    folder: Path, experiment: Experiment, base: RunSettings, should_stop: ShouldStop = never_stop
) -> Generator[Event, None, None]:
    """Train one experiment below `folder`, or resume it; a finished one is not trained again.

    `base` holds all settings but the two components. Every experiment takes the motion model of `base.motion_from` or,
    without one, of Exp4, which must have finished before the others begin. Prepared footage is passed on from one
    experiment to the next.

    Raises:
        TrainingError: the folder holds an experiment of other settings, or one can't be trained.
        VideoError, DatasetError, TeacherError, DetectorFileError, DeviceError: a run can't start or go on.
    """
    from engine.training.trainer import load_base_detectors, train  # torch takes seconds to import

    run = experiment.run(folder)
    settings = experiment_settings(folder, experiment, base)
    if not run.settings_path.exists():
        load_base_detectors(base)  # before the folder is made: an unsuitable detector must not leave a run behind
        Run.create(run.folder, settings)
    _check_same_settings(run, settings)
    if run.detector_path.exists():
        return
    run.amend(**{name: getattr(settings, name) for name in _AMENDABLE})
    _reuse_footage(folder, run)
    yield from train(run, should_stop)


def experiment_settings(folder: Path, experiment: Experiment, base: RunSettings) -> RunSettings:
    """The settings of one experiment's run."""
    motion_from = base.motion_from
    if motion_from is None and experiment is not TRAINING_ORDER[0]:
        motion_from = str(resolved(TRAINING_ORDER[0].run(folder).detector_path))
    return replace(
        base,
        name=f"{base.name} {experiment.name}",
        margin=experiment.margin,
        flow_guidance=experiment.flow_guidance,
        motion_from=motion_from,
        calibrate=False,  # the table compares only the paper's scores, which need no calibration
    )


def delete_footage(folder: Path) -> None:
    """Delete the prepared footage, which is large, once all experiments have finished."""
    for experiment in EXPERIMENTS:
        shutil.rmtree(experiment.run(folder).footage_folder, ignore_errors=True)


def _check_same_settings(run: Run, settings: RunSettings) -> None:
    """Check that an experiment was begun with the same settings, without which the table would compare nothing.

    Raises:
        TrainingError: its settings differ.
    """
    stored = run.settings
    expected = replace(settings, **{name: getattr(stored, name) for name in ("name", *_AMENDABLE)})
    if stored != expected:
        raise TrainingError(
            "This experiment was begun with other settings",
            subject=run.folder,
            advice="Give the same command as then, or choose another folder.",
        )


def _reuse_footage(folder: Path, run: Run) -> None:
    """Move prepared footage from a finished experiment to this run, which saves reading it again and disk space."""
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
