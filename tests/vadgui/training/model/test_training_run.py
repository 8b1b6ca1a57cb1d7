"""TrainingRun follows the events of a training process."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engine.calibrating.calibrate import HELD_OUT_PHASE
from engine.calibrating.normal_statistics import STATISTICS_PHASE
from engine.common.events import Failed, Noted, Progress
from engine.training import prepare_cache
from engine.training.stages import FrameStage, MotionStage
from vadgui.training.model.training_run import STAGES, STEPS, RunPhase, TrainingRun


@pytest.fixture
def run(qapp: QApplication) -> TrainingRun:
    del qapp
    return TrainingRun(Path("gate"), "North gate", {"motion": 2, "frame": 1})


def test_steps_are_the_phases_that_the_trainer_names() -> None:
    assert (
        (prepare_cache.PHASE,),
        (MotionStage.label,),
        (FrameStage.label,),
        (STATISTICS_PHASE, HELD_OUT_PHASE),
    ) == STEPS
    assert {"motion": MotionStage.label, "frame": FrameStage.label} == STAGES


def test_the_share_of_a_step_counts_all_its_phases(run: TrainingRun) -> None:
    steps = []
    for event in (
        Progress(prepare_cache.PHASE, 1, 4),
        Progress(STATISTICS_PHASE, 1, 2),
        Progress(HELD_OUT_PHASE, 1, 2),
    ):
        run.apply(event)
        steps.append((run.step_index(), run.step_share()))
    assert steps == [(0, 0.25), (3, 0.25), (3, 0.75)]
    run.apply(Progress("Something of a later version", 1, 2))
    assert (run.step_index(), run.step_share()) == (-1, 0.0)


def test_a_note_lasts_as_long_as_its_phase(run: TrainingRun) -> None:
    run.apply(Noted("The footage will take 3 GB"))
    run.apply(Progress(prepare_cache.PHASE, 1, 4))
    assert run.note
    run.apply(Progress(MotionStage.label, 1, 4))
    assert not run.note


def test_finish_ends_the_present_step_not_the_run(run: TrainingRun) -> None:
    run.apply(Progress(MotionStage.label, 1, 4))
    run.finish()
    assert run.phase is RunPhase.FINISHING
    run.apply(Progress(MotionStage.label, 2, 4))
    assert run.phase is RunPhase.FINISHING
    run.apply(Progress(FrameStage.label, 1, 4))
    assert run.phase is RunPhase.RUNNING
    run.finish()
    assert run.phase is RunPhase.FINISHING


def test_a_failure_without_a_remedy_keeps_its_advice(run: TrainingRun) -> None:
    run.apply(Failed("The disk is full", "gate", "Free some space."))
    assert run.failure is not None
    assert run.failure.advice == "Free some space."
    run.apply(Failed("Too much", "gate", "Use --something.", {"of_a_later_version": 1.0}))
    assert run.failure.advice == "Use --something."
