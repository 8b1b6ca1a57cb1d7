"""The wizard's window: the order of its pages, and closing it while a training runs."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget, QWizard

from engine.common.language import tr
from vadgui.training.model.acceptance import Acceptance
from vadgui.training.model.draft import Goal
from vadgui.training.model.training_run import RunPhase
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.accept_page import AcceptPage
from vadgui.training.wizard.check_page import CheckPage
from vadgui.training.wizard.effort_page import EffortPage
from vadgui.training.wizard.flow_page import FlowPage
from vadgui.training.wizard.footage_page import FootagePage
from vadgui.training.wizard.goal_page import GoalPage
from vadgui.training.wizard.run_page import RunPage
from vadgui.training.wizard.widgets import Page, StepList
from vadgui.ui.questions import ask

_SIZE_PX = (1120, 740)
_MIN_SIZE_PX = (880, 580)  # with wrapped texts, Qt's own minimum would be too small to read
_FRAME_PX = QSize(16, 60)  # what a window manager takes for its title and edges, at the most
GOAL, FOOTAGE, FLOW, EFFORT, CHECK, RUN, ACCEPT = range(7)


class TrainingWizard(QWizard):
    """Leads from recordings of normal life to a detector in use."""

    closed = Signal()

    def __init__(self, state: WizardState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.setWindowTitle(tr("Train a detector"))
        self.setWizardStyle(QWizard.WizardStyle.ModernStyle)
        self.setWindowModality(Qt.WindowModality.NonModal)
        options = QWizard.WizardOption
        self.setOptions(options.NoBackButtonOnStartPage | options.NoDefaultButton)
        self.goal_page = GoalPage(state)
        self.footage_page = FootagePage(state)
        self.flow_page = FlowPage(state)
        self.effort_page = EffortPage(state)
        self.check_page = CheckPage(state)
        self.run_page = RunPage(state)
        self.accept_page = AcceptPage(state)
        self._pages: list[Page] = [
            self.goal_page,
            self.footage_page,
            self.flow_page,
            self.effort_page,
            self.check_page,
            self.run_page,
            self.accept_page,
        ]
        for number, page in enumerate(self._pages):
            self.setPage(number, page)
        self.steps = StepList([page.short for page in self._pages])
        self.setSideWidget(self.steps)
        self.setButtonText(QWizard.WizardButton.CommitButton, tr("Start the training"))
        self.setButtonText(QWizard.WizardButton.FinishButton, tr("Keep this detector"))
        self.setButtonText(QWizard.WizardButton.CancelButton, tr("Close"))
        self.setMinimumSize(*_MIN_SIZE_PX)
        room = self.screen().availableSize() - _FRAME_PX
        self.resize(QSize(*_SIZE_PX).boundedTo(room))
        self.currentIdChanged.connect(self._page_changed)
        self.check_page.completeChanged.connect(self._offer_start)
        self.run_page.completeChanged.connect(self._offer_result)
        self._was_done = False
        self._followed: Acceptance | None = None
        state.run_changed.connect(self._follow_run)
        self._follow_run()  # the run may have been opened at the program's start, before this window

    def nextId(self) -> int:  # noqa: N802 - Qt's name
        """The page after the present one; a run to resume skips the pages that set it up."""
        page_id = self.currentId()
        if page_id == GOAL and self._state.draft.goal is Goal.RESUME:
            return RUN
        return page_id + 1 if page_id < ACCEPT else -1

    def validateCurrentPage(self) -> bool:  # noqa: N802 - Qt's name
        """Create or open a run before its page; returns False then, since `show_run` goes to the page later."""
        page_id = self.currentId()
        if page_id == CHECK:
            self._state.begin_requested.emit()
            return False
        if page_id == GOAL and self._state.draft.goal is Goal.RESUME:
            self._state.open_run_requested.emit(self._state.draft.run)
            return False
        draft = self._state.draft
        if page_id == GOAL and draft.goal is Goal.VERDICTS and draft.base:
            draft.footage.find_reviewed(draft.base)
        return super().validateCurrentPage()

    def show_run(self) -> None:
        """Go to the page of the current run, from which there is no way back."""
        run = self._state.run
        if run is None:
            return
        page_id = ACCEPT if run.phase is RunPhase.FINISHED else RUN
        if self.currentId() != page_id:
            self.setStartId(page_id)
            self.restart()

    def reject(self) -> None:
        """Close; if a training runs, ask first what to do with it."""
        run = self._state.run
        if run is None or not run.phase.is_active or run.detached:
            self.close_quietly()
            return
        ask(
            self,
            tr("The training is still at work."),
            tr("It can go on while this window is closed. When you close the program you are asked again."),
            {tr("Go on without this window"): self.close_quietly, tr("Pause, resume later"): self._pause_and_close},
            otherwise=tr("Stay here"),
        )

    def close_quietly(self) -> None:
        """Close without asking."""
        # Hide instead of reject: QWizard would forget the present page.
        self.hide()
        self.closed.emit()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """Do the same as the button Close."""
        event.ignore()
        self.reject()

    def _pause_and_close(self) -> None:
        if self._state.run:
            self._state.run.stop()
        self.close_quietly()

    def _page_changed(self, number: int) -> None:
        self.steps.show_step(number)
        if number == RUN:
            self.run_page.pause_button.setFocus()  # Qt takes a plot, which does nothing with keys
        waits = tr("It waits on the first page, among the trainings to go on with") if number == ACCEPT else ""
        self.button(QWizard.WizardButton.CancelButton).setToolTip(waits)

    def _offer_start(self) -> None:
        """Give the button that starts the focus where nothing has it: it can't take it until all is checked."""
        start = self.button(QWizard.WizardButton.CommitButton)
        if self.currentId() == CHECK and start.isEnabled() and self.focusWidget() in (None, self):
            start.setFocus()

    def _offer_result(self) -> None:
        """Give the button that goes on the focus once the training is done, where what had it does nothing any more."""
        onwards = self.button(QWizard.WizardButton.NextButton)
        is_done, was_done = onwards.isEnabled() and self.currentId() == RUN, self._was_done
        self._was_done = is_done
        # From a button that is disabled, Qt moves it to the one that closes.
        leaving = self.button(QWizard.WizardButton.CancelButton)
        if is_done and not was_done and self.focusWidget() in (None, self, leaving):
            onwards.setFocus()

    def _follow_run(self) -> None:
        acceptance = self._state.acceptance
        if acceptance is not None and acceptance is not self._followed:
            self._followed = acceptance
            acceptance.accepted.connect(lambda _: self.close_quietly(), Qt.ConnectionType.SingleShotConnection)
