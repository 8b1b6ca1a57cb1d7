"""The processes of a training say in the window's language what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from engine.common.events import Event, Failed
from engine.common.language import SOURCE_LANGUAGE, use_language
from vadgui.training.jobs.plan_client import PlanClient
from vadgui.training.jobs.training_client import TrainingClient


@pytest.fixture(autouse=True)
def _german() -> Iterator[None]:
    use_language("de")
    yield
    use_language(SOURCE_LANGUAGE)


def test_the_process_that_plans(tmp_path: Path, qtbot: QtBot) -> None:
    answers: list[dict[str, Any]] = []
    client = PlanClient()
    client.answered.connect(answers.append)
    settings = {"name": "gate", "videos": ["a.mp4"], "held_out": ["a.mp4"]}
    client.request_plans(settings, tmp_path / "run", False)
    qtbot.waitUntil(lambda: bool(answers) and "share" not in answers[-1])
    client.close()
    assert "Alle Videos sind zurückgehalten" in answers[-1]["plans"][""]["refusal"]


def test_the_process_that_trains(tmp_path: Path, qtbot: QtBot) -> None:
    events: list[Event] = []
    client = TrainingClient()
    client.event_arrived.connect(events.append)
    with qtbot.waitSignal(client.ended):
        client.start(tmp_path)
    failure = events[-1]
    assert isinstance(failure, Failed)
    assert failure.what == "Dieser Ordner enthält keinen Trainingslauf"
