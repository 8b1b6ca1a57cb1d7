"""A run and its process: started, stopped, finished, killed or detached; afterwards the run can always be resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from engine.training import Run
from tests.vadgui.training.wizard.conftest import ROOT
from tests.vadgui.training.wizard.conftest import _environment as _environment
from tests.vadgui.training.wizard.conftest import make_run as make_run
from tests.vadgui.training.wizard.conftest import supervise as supervise
from vadgui.training.jobs.run_supervisor import RunSupervisor
from vadgui.training.jobs.training_client import TrainingClient
from vadgui.training.model.training_run import RunPhase, TrainingRun

STOP_SECONDS = 30.0  # it takes 1 on an idle machine; what is stopped would run for minutes

MakeRun = Callable[..., Path]
Supervise = Callable[[str], RunSupervisor]


def wait_for(run: TrainingRun, phase: RunPhase, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: run.phase is phase)


def wait_for_loss(run: TrainingRun, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bool(run.curves["motion"].held_out_losses))


def test_trains_to_the_end(make_run: MakeRun, supervise: Supervise, qtbot: QtBot) -> None:
    supervisor = supervise("learn")
    run = supervisor.open_run(make_run())
    assert run.phase is RunPhase.IDLE
    run.start()
    qtbot.waitUntil(lambda: supervisor.client.process_id > 0)
    if hasattr(os, "getpriority"):
        qtbot.waitUntil(lambda: os.getpriority(os.PRIO_PROCESS, supervisor.client.process_id) == 10)
    wait_for(run, RunPhase.FINISHED, qtbot)
    assert run.detector == run.folder / "detector.safetensors"
    assert [len(run.curves[stage].held_out_losses) for stage in ("motion", "frame")] == [3, 2]
    assert run.curves["motion"].epochs[-1] == 3
    assert [sample.stage for sample in run.samples] == ["motion"] * 3 + ["frame"] * 2
    assert all(sample.path.exists() for sample in run.samples)
    qtbot.waitUntil(lambda: supervisor.client.folder is None)


def test_stops_soon_and_resumes_from_its_checkpoint(make_run: MakeRun, supervise: Supervise, qtbot: QtBot) -> None:
    run = supervise("learn").open_run(make_run(motion_epochs=200))
    run.start()
    wait_for_loss(run, qtbot)
    began = time.monotonic()
    run.stop()
    assert run.phase is RunPhase.STOPPING
    wait_for(run, RunPhase.STOPPED, qtbot)
    assert time.monotonic() - began < STOP_SECONDS
    epochs_before = len(run.curves["motion"].held_out_losses)
    qtbot.waitUntil(lambda: Run(run.folder).process_id is None)
    run.start()
    qtbot.waitUntil(lambda: len(run.curves["motion"].held_out_losses) > epochs_before)
    assert run.curves["motion"].held_out_epochs == sorted(set(run.curves["motion"].held_out_epochs))


def test_finish_ends_the_stage_with_the_best_so_far(make_run: MakeRun, supervise: Supervise, qtbot: QtBot) -> None:
    run = supervise("learn").open_run(make_run(motion_epochs=1000))
    run.start()
    wait_for_loss(run, qtbot)
    run.finish()
    assert run.phase is RunPhase.FINISHING
    wait_for(run, RunPhase.FINISHED, qtbot)
    assert len(run.curves["motion"].held_out_losses) < 1000


@pytest.mark.parametrize(
    ("behaviour", "text"),
    [
        ("oom", "Memory ran out"),
        ("nan", "no longer a number"),
        ("crash", "ended unexpectedly"),
        ("killed", "memory ran out"),
    ],
)
def test_every_failure_is_reported_in_words_and_the_run_can_be_resumed(
    make_run: MakeRun, supervise: Supervise, qtbot: QtBot, behaviour: str, text: str
) -> None:
    supervisor = supervise(behaviour)
    run = supervisor.open_run(make_run())
    run.start()
    wait_for(run, RunPhase.FAILED, qtbot)
    assert run.failure is not None
    assert text in run.failure.what
    assert run.failure.advice
    qtbot.waitUntil(lambda: supervisor.client.folder is None)
    run.start()
    wait_for(run, RunPhase.FINISHED, qtbot)
    assert run.failure is None


def test_a_trainer_that_ignores_stop_can_be_killed(make_run: MakeRun, supervise: Supervise, qtbot: QtBot) -> None:
    supervisor = supervise("deaf")
    run = supervisor.open_run(make_run(motion_epochs=1000))
    run.start()
    wait_for_loss(run, qtbot)
    run.stop()
    qtbot.wait(300)
    assert run.phase is RunPhase.STOPPING
    run.stop_at_once()
    wait_for(run, RunPhase.STOPPED, qtbot)


@pytest.mark.parametrize("behaviour", ["learn", "deaf"])
def test_closing_leaves_no_process(make_run: MakeRun, supervise: Supervise, qtbot: QtBot, behaviour: str) -> None:
    supervisor = supervise(behaviour)
    run = supervisor.open_run(make_run(motion_epochs=1000))
    run.start()
    wait_for_loss(run, qtbot)
    process = psutil.Process(supervisor.client.process_id)
    began = time.monotonic()
    supervisor.close()
    assert time.monotonic() - began < STOP_SECONDS
    assert not process.is_running()
    assert Run(run.folder).process_id is None


def test_a_missing_command_is_reported_in_words(make_run: MakeRun, qtbot: QtBot) -> None:
    supervisor = RunSupervisor(TrainingClient(lambda folder: ["no-such-program", str(folder)]))
    run = supervisor.open_run(make_run())
    run.start()
    wait_for(run, RunPhase.FAILED, qtbot)
    assert run.failure is not None
    assert "could not be started" in run.failure.what


def test_a_detached_run_outlives_its_window_and_is_found_again(
    make_run: MakeRun, supervise: Supervise, qtbot: QtBot
) -> None:
    first = supervise("learn")
    run = first.open_run(make_run(motion_epochs=1000))
    run.start()
    wait_for_loss(run, qtbot)
    with qtbot.waitSignal(first.detached):
        run.continue_in_background()
    assert run.detached
    qtbot.waitUntil(lambda: Run(run.folder).process_id is not None)
    first.close()
    process_id = Run(run.folder).process_id
    assert process_id is not None, "a detached process must outlive the program that started it"

    again = supervise("learn").open_run(run.folder)
    assert (again.phase, again.detached) == (RunPhase.RUNNING, True)
    points_before = len(again.curves["motion"].epochs)
    assert points_before
    qtbot.waitUntil(lambda: len(again.curves["motion"].epochs) > points_before)
    again.stop()
    wait_for(again, RunPhase.STOPPED, qtbot)
    qtbot.waitUntil(lambda: not psutil.pid_exists(process_id))


def test_a_detached_run_that_is_only_starting_is_stopped_when_it_is_at_work(
    make_run: MakeRun, supervise: Supervise, qtbot: QtBot
) -> None:
    supervisor = supervise("learn")
    run = supervisor.open_run(make_run(motion_epochs=1000))
    run.start()
    wait_for_loss(run, qtbot)
    with qtbot.waitSignal(supervisor.detached):
        run.continue_in_background()
    assert Run(run.folder).process_id is None, "the process takes longer to start than the click"
    run.stop()
    wait_for(run, RunPhase.STOPPED, qtbot)
    qtbot.waitUntil(lambda: Run(run.folder).process_id is None)


def test_a_killed_background_run_is_reported_as_failed(make_run: MakeRun, supervise: Supervise, qtbot: QtBot) -> None:
    supervisor = supervise("learn")
    run = supervisor.open_run(make_run(motion_epochs=1000))
    supervisor.client.start_detached(run.folder)
    qtbot.waitUntil(lambda: Run(run.folder).process_id is not None)
    again = supervise("learn").open_run(run.folder)
    process_id = Run(run.folder).process_id
    assert process_id
    os.kill(process_id, signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
    wait_for(again, RunPhase.FAILED, qtbot)
    assert again.failure is not None
    assert "ended unexpectedly" in again.failure.what


def test_deleting_a_run_stops_it_and_abandons_its_folder(make_run: MakeRun, supervise: Supervise, qtbot: QtBot) -> None:
    supervisor = supervise("learn")
    run = supervisor.open_run(make_run(motion_epochs=1000))
    run.start()
    wait_for_loss(run, qtbot)
    with qtbot.waitSignal(supervisor.folder_abandoned) as abandoned:
        run.delete()
    assert abandoned.args == [run.folder]
    assert Run(run.folder).process_id is None


@pytest.mark.skipif(sys.platform == "win32", reason="Windows itself ends the children of a killed job")
def test_the_trainer_ends_when_its_window_is_killed(make_run: MakeRun, qtbot: QtBot) -> None:
    folder = make_run(motion_epochs=1000)
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from PySide6.QtCore import QCoreApplication\n"
        "from tests.vadgui.training.wizard import fake_trainer\n"
        "from vadgui.training.jobs.run_supervisor import RunSupervisor\n"
        "from vadgui.training.jobs.training_client import TrainingClient\n"
        "app = QCoreApplication([])\n"
        "supervisor = RunSupervisor(TrainingClient(fake_trainer.command('learn')))\n"
        "supervisor.open_run(Path(sys.argv[1])).start()\n"
        "app.exec()\n"
    )
    window = subprocess.Popen([sys.executable, "-c", code, str(folder)], cwd=ROOT)
    qtbot.waitUntil(lambda: Run(folder).process_id is not None)
    process_id = Run(folder).process_id
    assert process_id
    window.kill()
    window.wait()
    qtbot.waitUntil(lambda: Run(folder).process_id is None)
    qtbot.waitUntil(lambda: not psutil.pid_exists(process_id) or psutil.Process(process_id).status() == "zombie")
