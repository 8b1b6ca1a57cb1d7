"""The goal page, and the wizard state, which outlives the page."""

from __future__ import annotations

import shutil
from pathlib import Path

import shiboken6
from pytestqt.qtbot import QtBot

from engine.detector_library import LibraryEntry
from resources import detector_path
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.goal_page import GoalPage


def test_a_detector_that_was_browsed_for_is_listed_once(tmp_path: Path, qtbot: QtBot) -> None:
    folder = Path(shutil.copytree(detector_path("plaza").parent, tmp_path / "detectors"))
    state = WizardState()
    state.detectors = [LibraryEntry(folder / "plaza.safetensors", "Plaza")]
    page = GoalPage(state)
    qtbot.addWidget(page)
    state.detectors_changed.emit()
    page._browsed(folder / "ped2.safetensors")
    page._browsed(folder / "plaza.safetensors")
    page._browsed(folder / "ped2.safetensors")
    state.detectors_changed.emit()
    listed = [page.base_box.itemData(row).name for row in range(page.base_box.count())]
    assert listed == ["plaza.safetensors", "ped2.safetensors"]
    assert page.base_box.currentData() == folder / "ped2.safetensors"


def test_a_deleted_page_receives_no_signals_of_the_state(qtbot: QtBot) -> None:
    state = WizardState()
    page = GoalPage(state)
    qtbot.addWidget(page)
    with qtbot.captureExceptions() as exceptions:
        shiboken6.delete(page)
        state.runs_changed.emit()
        state.detectors_changed.emit()
    assert not exceptions
