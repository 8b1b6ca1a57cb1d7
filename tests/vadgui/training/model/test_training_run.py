"""What the window makes of a run's events."""

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


def test_a_step_of_several_phases_has_one_share(run: TrainingRun) -> None:
    seen = []
    for event in (
        Progress(prepare_cache.PHASE, 1, 4),
        Progress(STATISTICS_PHASE, 1, 2),
        Progress(HELD_OUT_PHASE, 1, 2),
    ):
        run.take(event)
        seen.append((run.step_index(), run.step_share()))
    assert seen == [(0, 0.25), (3, 0.25), (3, 0.75)]
    run.take(Progress("Something of a later version", 1, 2))
    assert (run.step_index(), run.step_share()) == (-1, 0.0)


def test_a_note_lasts_as_long_as_its_phase(run: TrainingRun) -> None:
    run.take(Noted("The footage will take 3 GB"))
    run.take(Progress(prepare_cache.PHASE, 1, 4))
    assert run.note
    run.take(Progress(MotionStage.label, 1, 4))
    assert not run.note


def test_what_ends_early_is_one_step_not_the_run(run: TrainingRun) -> None:
    run.take(Progress(MotionStage.label, 1, 4))
    run.finish()
    assert run.phase is RunPhase.FINISHING
    run.take(Progress(MotionStage.label, 2, 4))
    assert run.phase is RunPhase.FINISHING
    run.take(Progress(FrameStage.label, 1, 4))
    assert run.phase is RunPhase.RUNNING
    run.finish()
    assert run.phase is RunPhase.FINISHING


def test_a_failure_without_a_remedy_keeps_its_advice(run: TrainingRun) -> None:
    run.take(Failed("The disk is full", "gate", "Free some space."))
    assert run.failure is not None
    assert run.failure.advice == "Free some space."
    run.take(Failed("Too much", "gate", "Use --something.", {"of_a_later_version": 1.0}))
    assert run.failure.advice == "Use --something."
