"""The goal page, and the wizard state, which outlives the page."""

from __future__ import annotations

import shiboken6
from pytestqt.qtbot import QtBot

from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.goal_page import GoalPage


def test_a_deleted_page_receives_no_signals_of_the_state(qtbot: QtBot) -> None:
    state = WizardState()
    page = GoalPage(state)
    qtbot.addWidget(page)
    with qtbot.captureExceptions() as exceptions:
        shiboken6.delete(page)
        state.runs_changed.emit()
        state.detectors_changed.emit()
    assert not exceptions
