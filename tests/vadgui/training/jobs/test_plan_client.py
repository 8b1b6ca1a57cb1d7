"""PlanClient: the costs of a training, measured by a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.vadgui.training.wizard import fake_planner
from vadgui.training.jobs.plan_client import PlanClient
from vadgui.training.jobs.plan_process import plans_of

SETTINGS = {"name": "gate", "videos": ["a.mp4"], "motion_epochs": 3, "frame_epochs": 2}


def answers_of(behaviour: str, all_efforts: bool, qtbot: QtBot) -> list[dict[str, Any]]:
    client, answers = PlanClient(fake_planner.command(behaviour)), []
    client.answered.connect(answers.append)
    client.request_plans(SETTINGS, Path("run"), all_efforts)
    qtbot.waitUntil(lambda: bool(answers) and "share" not in answers[-1])
    client.close()
    return answers


def test_plans_arrive_with_all_their_fields(qtbot: QtBot) -> None:
    share, last = answers_of("fits", False, qtbot)
    assert share == {"share": 0.5}
    assert plans_of(last) == {"": fake_planner.plan(3, 2)}
    assert plans_of(last)[""].total_seconds == 30 + 5 * 60


def test_all_efforts_are_planned_at_once(qtbot: QtBot) -> None:
    assert set(plans_of(answers_of("fits", True, qtbot)[-1])) == {"quick", "standard", "thorough"}


@pytest.mark.parametrize(("behaviour", "text"), [("crashes", "ended unexpectedly"), ("fails", "No such device")])
def test_failures_are_reported_in_words(qtbot: QtBot, behaviour: str, text: str) -> None:
    assert text in answers_of(behaviour, False, qtbot)[-1]["failed"][0]


def test_a_missing_command_is_reported_in_words(qtbot: QtBot) -> None:
    client, answers = PlanClient(["no-such-program"]), []
    client.answered.connect(answers.append)
    client.request_plans(SETTINGS, Path("run"), False)
    qtbot.waitUntil(lambda: bool(answers))
    assert "could not be started" in answers[0]["failed"][0]


def test_the_latest_request_replaces_earlier_ones(qtbot: QtBot) -> None:
    client, answers = PlanClient(fake_planner.command("fits")), []
    client.answered.connect(answers.append)
    client.request_plans(SETTINGS, Path("run"), True)
    client.request_plans(SETTINGS, Path("run"), False)
    qtbot.waitUntil(lambda: any("plans" in answer for answer in answers))
    qtbot.wait(100)
    assert [set(answer["plans"]) for answer in answers if "plans" in answer] == [{""}]
    client.close()


def test_a_death_between_the_plans_of_two_efforts_is_reported(qtbot: QtBot) -> None:
    client, answers = PlanClient(fake_planner.command("dies")), []
    client.answered.connect(answers.append)
    client.request_plans(SETTINGS, Path("run"), True)
    qtbot.waitUntil(lambda: bool(answers) and "failed" in answers[-1])
    assert "ended unexpectedly" in answers[-1]["failed"][0]
    client.close()
