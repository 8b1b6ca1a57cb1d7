"""Failures of the program's own trainer are shown in the wizard, and the run can be resumed afterwards."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from engine.training import Run, RunSettings
from tests.vadgui.training.wizard.conftest import ROOT
from tests.vadgui.training.wizard.driving import click, go_next, open_wizard, to_accept, wait_for
from vadgui.program import Program
from vadgui.training.model.draft import Goal
from vadgui.training.model.training_run import RunPhase
from vadgui.training.wizard.run_page import RunPage
from vadgui.training.wizard.window import RUN

MakeProgram = Callable[..., Program]
STOP_SECONDS = 30.0  # it takes 1 on an idle machine; what is stopped would run for minutes


@pytest.fixture
def run(clips: Sequence[Path], tmp_path: Path) -> Run:
    """A run that has not begun; its recordings are symbolic links, which a test can remove like an unplugged disk."""
    links = []
    for clip in clips[:3]:
        link = tmp_path / clip.name
        link.symlink_to(clip)
        links.append(str(link))
    settings = RunSettings(
        name="North gate",
        videos=tuple(links),
        held_out=(links[0],),
        teacher="dis-ultrafast",
        motion_epochs=1,
        frame_epochs=1,
        batch_size=8,
        device="cpu",
    )
    return Run.create(tmp_path / "runs" / "gate", settings)


def open_pending_run(program: Program, qtbot: QtBot) -> RunPage:
    """Open the wizard and lead it to the one run on disk."""
    wizard = open_wizard(program, qtbot)
    qtbot.waitUntil(lambda: len(program.controller.state.runs) == 1)
    click(wizard.goal_page.cards[Goal.RESUME].radio, qtbot)
    go_next(wizard, qtbot)
    qtbot.waitUntil(lambda: wizard.currentId() == RUN)
    return wizard.run_page


def go_on(page: RunPage, qtbot: QtBot) -> None:
    assert page.pause_button.text() == "Go on"
    click(page.pause_button, qtbot)


def wait_for_text(page: RunPage, text: str, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: text in page.message.text())


def processes_of(folder: Path) -> list[psutil.Process]:
    """Processes that were started for a run and are still alive."""
    processes = []
    for process in psutil.process_iter(["cmdline", "status"]):
        named = str(folder) in (process.info["cmdline"] or ())
        if named and process.info["status"] != psutil.STATUS_ZOMBIE:
            processes.append(process)
    return processes


@pytest.mark.parametrize(
    ("faults", "what", "change", "setting"),
    [
        ("memory", "memory does not suffice for a batch of 8", "with 4 pictures at a time", {"batch_size": 4}),
        ("nan", "no longer a number", "smaller steps (learning rate 5e-5)", {"motion_learning_rate": 5e-5}),
    ],
)
def test_resuming_applies_the_remedy_of_the_failure(
    faults: str,
    what: str,
    change: str,
    setting: dict[str, float],
    make_program: MakeProgram,
    run: Run,
    qtbot: QtBot,
) -> None:
    program = make_program(trainer="tiny", faults=faults)
    page = open_pending_run(program, qtbot)
    go_on(page, qtbot)
    wait_for_text(page, what, qtbot)
    assert change in page.message.text()
    assert "--" not in page.message.text(), "the wizard must not advise command-line options"
    assert not processes_of(run.folder)
    program.close()

    again = make_program(trainer="tiny", faults=faults)
    page = open_pending_run(again, qtbot)
    assert change in page.message.text(), "the failure is still shown after a restart of the program"
    go_on(page, qtbot)
    wait_for(again, RunPhase.FINISHED, qtbot)
    assert setting.items() <= vars(run.settings).items()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file size limit to fake a full disk with")
def test_a_full_disk_is_reported_and_the_run_resumes_when_there_is_space(
    make_program: MakeProgram, run: Run, qtbot: QtBot
) -> None:
    (run.folder / "full").touch()
    program = make_program(trainer="tiny", faults="full")
    page = open_pending_run(program, qtbot)
    go_on(page, qtbot)
    wait_for_text(page, "The disk is full", qtbot)
    assert "Free some space" in page.message.text()
    assert not list(run.folder.rglob("*.partial"))
    (run.folder / "full").unlink()
    go_on(page, qtbot)
    wait_for(program, RunPhase.FINISHED, qtbot)


def test_missing_footage_is_named_and_reading_resumes_when_it_is_back(
    make_program: MakeProgram, run: Run, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program(trainer="tiny", faults="slow")
    page = open_pending_run(program, qtbot)
    go_on(page, qtbot)
    wait_for(program, RunPhase.RUNNING, qtbot)
    unplugged = Path(run.settings.videos[-1])
    unplugged.unlink()
    wait_for_text(page, unplugged.name, qtbot)
    assert "Then resume the run: what was read is kept." in page.message.text()
    unplugged.symlink_to(clips[2])
    go_on(page, qtbot)
    qtbot.waitUntil(lambda: run.footage_is_ready)
    click(page.pause_button, qtbot)
    wait_for(program, RunPhase.STOPPED, qtbot)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows reports no signal for a killed process")
def test_a_trainer_killed_twice_resumes_with_a_smaller_batch(make_program: MakeProgram, run: Run, qtbot: QtBot) -> None:
    program = make_program(trainer="tiny", faults="slow")
    page = open_pending_run(program, qtbot)
    for advice in ("Close other programs, then go on", "with 4 pictures at a time"):
        go_on(page, qtbot)
        wait_for(program, RunPhase.RUNNING, qtbot)
        psutil.Process(program.controller.supervisor.client.process_id).kill()
        wait_for_text(page, "ended from outside", qtbot)
        assert advice in page.message.text()
    go_on(page, qtbot)
    assert run.settings.batch_size == 4


def test_stops_within_seconds_and_restarts_at_once(make_program: MakeProgram, run: Run, qtbot: QtBot) -> None:
    program = make_program(trainer="tiny", faults="slow")
    page = open_pending_run(program, qtbot)
    for _ in range(2):
        go_on(page, qtbot)
        wait_for(program, RunPhase.RUNNING, qtbot)
        began = time.monotonic()
        click(page.pause_button, qtbot)
        wait_for(program, RunPhase.STOPPED, qtbot)
        assert time.monotonic() - began < STOP_SECONDS
        assert not processes_of(run.folder)


def test_missing_held_out_recordings_can_be_measured_when_they_are_back(
    make_program: MakeProgram, run: Run, clips: Sequence[Path], qtbot: QtBot
) -> None:
    program = make_program()
    go_on(open_pending_run(program, qtbot), qtbot)
    wizard = program.controller.wizard
    assert wizard is not None
    unplugged = Path(run.settings.held_out[0])
    unplugged.unlink()
    to_accept(program, wizard, qtbot)
    page = wizard.accept_page
    qtbot.waitUntil(lambda: unplugged.name in page.failure.text())
    assert "could be looked at" in page.alarms.text()
    unplugged.symlink_to(clips[0])
    click(page.again_button, qtbot)
    qtbot.waitUntil(lambda: "nobody can tell" in page.alarms.text())
    assert not page.failure.isVisible()
    assert not page.again_button.isVisible()


_WINDOW = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QApplication
from engine.video import open_video
from tests.vadgui.training.wizard import tiny_trainer
from vadgui.program import Program, open_predictor
from vadgui.errors import ErrorReporter
from vadgui.training.jobs.run_supervisor import RunSupervisor
from vadgui.training.jobs.training_client import TrainingClient
from vadgui.settings import Settings
from vadgui.training.controller import TrainingController

app = QApplication([])
settings, analyses = Settings.temporary(), Path(sys.argv[2])
controller = TrainingController(
    settings, analyses=analyses, video_opener=open_video, predictor_opener=open_predictor,
    supervisor=RunSupervisor(TrainingClient(tiny_trainer.command("slow"))),
)
program = Program(settings, ErrorReporter(), analyses=analyses, controller=controller)
program.window.show()
controller.open_run(Path(sys.argv[1]), program.window)
controller.state.run.start()
app.exec()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows itself ends the children of a killed job")
def test_the_run_of_a_killed_window_can_be_resumed(
    make_program: MakeProgram, run: Run, tmp_path: Path, qtbot: QtBot
) -> None:
    code = [sys.executable, "-c", _WINDOW, str(run.folder), str(tmp_path / "analyses")]
    window = subprocess.Popen(code, cwd=ROOT)
    qtbot.waitUntil(lambda: any(event for event in run.events()))
    window.kill()
    window.wait()
    killed = time.monotonic()
    qtbot.waitUntil(lambda: not processes_of(run.folder))
    assert time.monotonic() - killed < STOP_SECONDS

    again = make_program(trainer="tiny", faults="slow")
    page = open_pending_run(again, qtbot)
    assert "Nothing is lost" in page.message.text()
    go_on(page, qtbot)
    wait_for(again, RunPhase.RUNNING, qtbot)
