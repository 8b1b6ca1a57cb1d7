"""Runs on disk, and a supervisor with a trainer that learns nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from engine.training import Run, RunSettings
from resources import detector_path
from tests.vadgui.wizard import fake_trainer
from vadgui.jobs.run_supervisor import RunSupervisor
from vadgui.jobs.training_client import TrainingClient

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library and a runs folder of the test's own; processes find the tests."""
    monkeypatch.setenv("VADGUI_DETECTORS", str(tmp_path / "detectors"))
    monkeypatch.setenv("VADGUI_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("FAKE_DETECTOR", str(detector_path("plaza")))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Begins a run of a few epochs."""

    def make(name: str = "gate", motion_epochs: int = 3, frame_epochs: int = 2) -> Path:
        settings = RunSettings(
            name=name, videos=("a.mp4",), motion_epochs=motion_epochs, frame_epochs=frame_epochs, batch_size=2
        )
        return Run.create(tmp_path / "runs" / name, settings).folder

    return make


@pytest.fixture
def supervise(qtbot: QtBot) -> Iterator[Callable[[str], RunSupervisor]]:
    """Makes a supervisor whose trainer behaves as told; all are closed after the test."""
    del qtbot
    made: list[RunSupervisor] = []

    def make(behaviour: str) -> RunSupervisor:
        made.append(RunSupervisor(TrainingClient(fake_trainer.command(behaviour))))
        return made[-1]

    yield make
    for supervisor in made:
        supervisor.close()
