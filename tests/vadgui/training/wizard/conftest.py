"""Fixtures of the wizard's tests: runs on disk, short clips, and programs with a fake or a tiny trainer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from pytestqt.qtbot import QtBot

from engine.training import Run, RunSettings
from engine.video import open_video
from engine.video.frame import Pixels
from resources import demo_video, detector_path
from tests.vadgui.fakes import StillPredictor
from tests.vadgui.training.wizard import fake_planner, fake_trainer, tiny_trainer
from vadgui.errors import ErrorReporter
from vadgui.program import Program, open_predictor
from vadgui.settings import Settings
from vadgui.training.controller import TrainingController
from vadgui.training.jobs.plan_client import PlanClient
from vadgui.training.jobs.run_supervisor import RunSupervisor
from vadgui.training.jobs.training_client import TrainingClient, train_command

ROOT = Path(__file__).parents[4]
CLIP_FRAMES = 30
FPS = 25


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put the detector library and the runs into the test's folder, and let child processes import the tests."""
    monkeypatch.setenv("VADGUI_DETECTORS", str(tmp_path / "detectors"))
    monkeypatch.setenv("VADGUI_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("FAKE_DETECTOR", str(detector_path("plaza")))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Creates a run of a few epochs on disk; it is not started."""

    def make(name: str = "gate", motion_epochs: int = 3, frame_epochs: int = 2) -> Path:
        settings = RunSettings(
            name=name, videos=("a.mp4",), motion_epochs=motion_epochs, frame_epochs=frame_epochs, batch_size=2
        )
        return Run.create(tmp_path / "runs" / name, settings).folder

    return make


@pytest.fixture
def supervise(qtbot: QtBot) -> Iterator[Callable[[str], RunSupervisor]]:
    """Makes a supervisor whose fake trainer has a given behaviour; all are closed after the test."""
    del qtbot
    supervisors: list[RunSupervisor] = []

    def make(behaviour: str) -> RunSupervisor:
        supervisors.append(RunSupervisor(TrainingClient(fake_trainer.command(behaviour))))
        return supervisors[-1]

    yield make
    for supervisor in supervisors:
        supervisor.close()


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four clips of CLIP_FRAMES frames from the normal beginning of the demo video."""
    folder = tmp_path_factory.mktemp("clips")
    paths = []
    with open_video(demo_video()) as source:
        for number in range(4):
            frames = source.frames(start=CLIP_FRAMES * number, stop=CLIP_FRAMES * (number + 1))
            paths.append(_write([frame.pixels for frame in frames], folder / f"gate-{number}.mp4"))
    return paths


def _write(pictures: list[Pixels], path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def open_still_predictor(path: Path, device: str) -> Any:
    """Open a StillPredictor, whatever the file is."""
    del device
    return StillPredictor(str(path))


@pytest.fixture
def make_program(
    settings: Settings, styled: None, tmp_path: Path, qtbot: QtBot
) -> Iterator[Callable[[str, str], Program]]:
    """Makes the whole program; `trainer` and `planner` name a behaviour of the fakes, or "real" for the program's own.

    The trainer "tiny" is the program's own with models of a few weights and the given `faults`.
    """
    del styled
    programs: list[tuple[Program, ErrorReporter]] = []

    def make(trainer: str = "learn", planner: str = "fits", faults: str = "") -> Program:
        analyses = tmp_path / "analyses"
        reporter = ErrorReporter()
        opener = open_predictor if trainer in ("real", "tiny") else open_still_predictor
        commands = {"real": train_command, "tiny": tiny_trainer.command(faults)}
        client = TrainingClient(commands.get(trainer) or fake_trainer.command(trainer))
        controller = TrainingController(
            settings,
            analyses=analyses,
            video_opener=open_video,
            predictor_opener=opener,
            supervisor=RunSupervisor(client),
            planner=PlanClient() if planner == "real" else PlanClient(fake_planner.command(planner)),
        )
        program = Program(settings, reporter, analyses=analyses, predictor_opener=opener, controller=controller)
        reporter.set_parent_window(program.window)
        qtbot.addWidget(program.window)
        program.window.show()
        qtbot.waitExposed(program.window)
        programs.append((program, reporter))
        return program

    yield make
    for program, reporter in programs:
        program.close()
        reporter.close()
