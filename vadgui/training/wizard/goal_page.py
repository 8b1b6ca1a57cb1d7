"""The page that asks for the goal: a new camera, a better detector, one retrained with verdicts, or a run to resume."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QFormLayout, QHBoxLayout, QLineEdit, QTreeWidget, QTreeWidgetItem, QWidget

from engine.common.language import tr
from vadgui.dialogs.files import DETECTOR_FILTER, ask_for_file
from vadgui.training.model.draft import IMPROVING, Goal
from vadgui.training.model.wizard_state import WizardState
from vadgui.training.wizard.widgets import OptionCard, Page, group_cards
from vadgui.ui.detector_card import detector_card
from vadgui.ui.widgets import button, row_of_data

_MAX_NAME = 60
_RUNS_SHOWN_PX = 160


class GoalPage(Page):
    """Shows a card for each goal."""

    def __init__(self, state: WizardState) -> None:
        super().__init__(
            tr("Goal"), tr("What do you want to do?"), tr("A detector knows what is normal in front of one camera.")
        )
        self._state = state
        self._draft = state.draft
        self.name_edit = QLineEdit()
        self.name_edit.setMaxLength(_MAX_NAME)
        self.name_edit.setPlaceholderText(tr("for example: North gate"))
        self.name_edit.setAccessibleName(tr("Name of the camera"))
        self.name_edit.textChanged.connect(self._draft.set_camera)
        self.base_box = QComboBox()
        self.base_box.setAccessibleName(tr("Detector to improve"))
        self.base_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.base_box.setMinimumContentsLength(24)
        self.base_box.activated.connect(self._choose_base)
        self.browse_button = button(tr("Browse …"), tr("A detector file from elsewhere"))
        self.browse_button.clicked.connect(self._browse)
        self.base_row = QWidget()
        """The choice of the detector to improve, in the card of the goal that asks for one."""
        self.run_list = QTreeWidget()
        self.run_list.setRootIsDecorated(False)
        self.run_list.setHeaderLabels([tr("Camera"), tr("State"), tr("Begun")])
        self.run_list.setMaximumHeight(_RUNS_SHOWN_PX)
        self.run_list.setAccessibleName(tr("Training runs"))
        self.run_list.currentItemChanged.connect(self._choose_run)
        self.cards = {
            Goal.NEW_CAMERA: OptionCard(
                tr("Teach a new camera"),
                tr("Learn from scratch what is normal in front of a camera that no detector knows."),
            ),
            Goal.IMPROVE: OptionCard(
                tr("Improve a detector"),
                tr(
                    "Go on from what a detector has learnt, with more normal footage of the same camera: another "
                    "season, other light, what it wrongly flagged."
                ),
            ),
            Goal.VERDICTS: OptionCard(
                tr("Retrain with verdicts"),
                tr(
                    "Go on from what a detector has learnt, with the recordings that were reviewed with it. What was "
                    "dismissed as normal is learnt, all else that was judged is left out. Review them to the end "
                    "first: what has no verdict is taken as normal."
                ),
            ),
            Goal.RESUME: OptionCard(tr("Go on with a training"), ""),
        }
        self._lay_out()
        for goal, card in self.cards.items():
            card.chosen.connect(lambda goal=goal: self._draft.set_goal(goal))
        group_cards(list(self.cards.values()), self)
        self._draft.goal_changed.connect(self._show)
        # Methods, not lambdas: Qt disconnects them when the page is deleted, and the state outlives the page.
        state.runs_changed.connect(self._show_runs)
        state.detectors_changed.connect(self._show_detectors)
        self._show_runs()
        self._show_detectors()
        self._show()

    def isComplete(self) -> bool:  # noqa: N802 - Qt's name
        """Whether all that the goal needs is chosen."""
        return self._draft.goal_is_complete()

    def _lay_out(self) -> None:
        base = QHBoxLayout(self.base_row)
        base.setContentsMargins(0, 0, 0, 0)
        base.addWidget(self.base_box, 1)
        base.addWidget(self.browse_button)
        self.cards[Goal.RESUME].body.addWidget(self.run_list)
        self.name_row = QWidget()
        name = QFormLayout(self.name_row)
        name.setContentsMargins(0, 6, 0, 0)
        name.addRow(tr("Name of the camera"), self.name_edit)
        layout = self.body
        layout.setSpacing(10)
        for card in self.cards.values():
            layout.addWidget(card)
        layout.addWidget(self.name_row)
        layout.addStretch(1)

    def _show(self) -> None:
        goal = self._draft.goal
        self.cards[goal].radio.setChecked(True)
        if goal in IMPROVING:
            self.cards[goal].body.addWidget(self.base_row)
            # It moves from card to card, and would come after all else.
            for before, after in pairwise((self.cards[goal].radio, self.base_box, self.browse_button)):
                self.setTabOrder(before, after)
        for each, card in self.cards.items():
            card.details.setVisible(each is goal and each is not Goal.NEW_CAMERA)
        self.name_row.setVisible(goal is not Goal.RESUME)
        if self.name_edit.text().strip() != self._draft.camera:
            self.name_edit.setText(self._draft.camera)
        self.completeChanged.emit()

    # Detectors to improve

    def _show_detectors(self) -> None:
        chosen = self._draft.base_choice
        self.base_box.clear()
        for entry in self._state.detectors:
            if not entry.problem:
                self._add_detector(entry.path, entry.name, entry.created)
        if chosen and row_of_data(self.base_box, chosen) < 0:
            self._add_file(chosen)
        self.base_box.setCurrentIndex(row_of_data(self.base_box, chosen) if chosen else 0)
        self._choose_base()

    def _add_file(self, path: Path) -> None:
        card = detector_card(path)
        self._add_detector(path, card.name, card.created)

    def _add_detector(self, path: Path, name: str, created: str) -> None:
        text = tr("{name}  ·  taught {date}").format(name=name, date=created[:10]) if created else name
        self.base_box.addItem(text, path)
        self.base_box.setItemData(self.base_box.count() - 1, str(path), Qt.ItemDataRole.ToolTipRole)

    def _choose_base(self) -> None:
        path: Path | None = self.base_box.currentData()
        if path != self._draft.base_choice:
            self._draft.set_base(path, detector_card(path).preset if path else "")

    def _browse(self) -> None:
        ask_for_file(self, tr("Detector to improve"), "", DETECTOR_FILTER, self._browsed)

    def _browsed(self, path: Path) -> None:
        if row_of_data(self.base_box, path) < 0:
            self._add_file(path)
        self.base_box.setCurrentIndex(row_of_data(self.base_box, path))
        self._choose_base()

    # Runs to resume

    def _show_runs(self) -> None:
        chosen = self._draft.run_choice
        self.run_list.clear()
        for run in self._state.runs:
            item = QTreeWidgetItem([run.name, run.state_text, run.begun_text])
            item.setData(0, Qt.ItemDataRole.UserRole, run.folder)
            item.setToolTip(0, str(run.folder))
            self.run_list.addTopLevelItem(item)
            if run.folder == chosen:
                self.run_list.setCurrentItem(item)
        first = self.run_list.topLevelItem(0)
        if first and self.run_list.currentItem() is None:
            self.run_list.setCurrentItem(first)
        for column, width in enumerate((230, 240)):
            self.run_list.setColumnWidth(column, width)
        card = self.cards[Goal.RESUME]
        card.radio.setEnabled(bool(self._state.runs))
        self.run_list.setVisible(bool(self._state.runs))
        card.set_sentence(
            tr("Take a run up where it was stopped, or look at one that is done.")
            if self._state.runs
            else tr("There is none: a training that you stop or that is interrupted will wait here.")
        )

    def _choose_run(self, item: QTreeWidgetItem | None) -> None:
        self._draft.set_run(item.data(0, Qt.ItemDataRole.UserRole) if item else None)
