"""Functions that lead the wizard through its pages by mouse and keys."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget, QWizard
from pytestqt.qtbot import QtBot

from vadgui.program import Program
from vadgui.training.model.training_run import RunPhase
from vadgui.training.wizard.window import ACCEPT, CHECK, EFFORT, FLOW, FOOTAGE, RUN, TrainingWizard


def click(widget: QWidget, qtbot: QtBot) -> None:
    assert widget.isVisible()
    assert widget.isEnabled()
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)


def button_of(wizard: TrainingWizard, which: QWizard.WizardButton) -> QAbstractButton:
    return wizard.button(which)


def press(wizard: TrainingWizard, which: QWizard.WizardButton, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: wizard.button(which).isEnabled())
    click(wizard.button(which), qtbot)


def go_next(wizard: TrainingWizard, qtbot: QtBot) -> None:
    press(wizard, QWizard.WizardButton.NextButton, qtbot)


def open_wizard(program: Program, qtbot: QtBot) -> TrainingWizard:
    program.window.activateWindow()
    qtbot.waitUntil(program.window.isActiveWindow)
    qtbot.keyClick(program.window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    wizard = program.controller.wizard
    assert wizard is not None
    qtbot.waitExposed(wizard)
    qtbot.waitUntil(lambda: bool(program.controller.state.detectors))
    return wizard


def drop(widget: QWidget, paths: Sequence[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    widget.dropEvent(event)  # type: ignore[attr-defined]


def to_footage(wizard: TrainingWizard, qtbot: QtBot, name: str = "North gate") -> None:
    qtbot.keyClicks(wizard.goal_page.name_edit, name)
    go_next(wizard, qtbot)
    assert wizard.currentId() == FOOTAGE


def to_effort(wizard: TrainingWizard, clips: Sequence[Path], qtbot: QtBot) -> None:
    to_footage(wizard, qtbot)
    drop(wizard.footage_page, clips)
    qtbot.waitUntil(wizard.footage_page.isComplete)
    go_next(wizard, qtbot)
    assert wizard.currentId() == FLOW
    go_next(wizard, qtbot)
    assert wizard.currentId() == EFFORT


def to_check(wizard: TrainingWizard, clips: Sequence[Path], qtbot: QtBot, epochs: int = 1) -> None:
    to_effort(wizard, clips, qtbot)
    page = wizard.effort_page
    click(page.cards["quick"].radio, qtbot)
    click(page.advanced_button, qtbot)
    for box in (page.form.motion_epochs_box, page.form.frame_epochs_box):
        box.setFocus()
        box.selectAll()
        qtbot.keyClicks(box, str(epochs))
        qtbot.keyClick(box, Qt.Key.Key_Tab)
    go_next(wizard, qtbot)
    assert wizard.currentId() == CHECK


def start(wizard: TrainingWizard, qtbot: QtBot) -> None:
    press(wizard, QWizard.WizardButton.CommitButton, qtbot)
    qtbot.waitUntil(lambda: wizard.currentId() == RUN)


def to_accept(program: Program, wizard: TrainingWizard, qtbot: QtBot) -> None:
    wait_for(program, RunPhase.FINISHED, qtbot)
    go_next(wizard, qtbot)
    assert wizard.currentId() == ACCEPT


def wait_for(program: Program, phase: RunPhase, qtbot: QtBot) -> None:
    def reached() -> bool:
        run = program.controller.state.run
        return run is not None and run.phase is phase

    qtbot.waitUntil(reached)


def answer(parent: QWidget, text: str, qtbot: QtBot) -> None:
    """Click the button with this text in the open message box."""

    def find_button() -> QAbstractButton | None:
        boxes = [box for box in parent.findChildren(QMessageBox) if box.isVisible()]
        return next((button for box in boxes for button in box.buttons() if button.text() == text), None)

    qtbot.waitUntil(lambda: find_button() is not None)
    button = find_button()
    assert button is not None
    click(button, qtbot)
