"""The form of the advanced settings, for people who know the paper; the defaults are its values."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from engine.common.language import tr, tr_noop
from vadgui.training.model.choices import Advanced
from vadgui.training.model.draft import TrainingDraft
from vadgui.ui.devices import DEVICES
from vadgui.ui.number_boxes import ScientificBox, WholeNumberBox
from vadgui.ui.widgets import button

_PRESETS = {
    "": tr_noop("From the effort"),
    "fast": tr_noop("fast: for any machine"),
    "paper": tr_noop("paper: large, for a GPU"),
}
_RATES = 1e-6, 1e-2
_BATCHES = (4, 8, 16, 32)


class AdvancedForm(QWidget):
    """Shows and changes the draft's advanced settings."""

    def __init__(self, draft: TrainingDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._draft = draft
        self._showing = False
        self.preset_box = _choice(_PRESETS)
        self.motion_epochs_box, self.frame_epochs_box = _epochs(), _epochs()
        self.motion_rate_box, self.frame_rate_box = ScientificBox(*_RATES), ScientificBox(*_RATES)
        self.batch_box = _choice({size: str(size) for size in _BATCHES})
        self.seed_box = WholeNumberBox()
        self.seed_box.setRange(0, 2**31 - 1)
        self.device_box = _choice(DEVICES)
        self.margin_box = QCheckBox(tr("Push predictions away from the present frame (margin, Eq. 4)"))
        self.guidance_box = QCheckBox(tr("Let the predicted movement guide the predicted frame"))
        self.reset_button = button(tr("The paper's values"))
        self.reset_button.clicked.connect(lambda: draft.set_advanced(Advanced()))
        self._lay_out()
        for spin in (self.motion_epochs_box, self.frame_epochs_box, self.motion_rate_box, self.frame_rate_box):
            spin.valueChanged.connect(self._read)
        self.seed_box.valueChanged.connect(self._read)
        for box in (self.preset_box, self.batch_box, self.device_box):
            box.activated.connect(self._read)
        for check in (self.margin_box, self.guidance_box):
            check.toggled.connect(self._read)
        draft.settings_changed.connect(self._show)
        draft.goal_changed.connect(self._show)
        self._show()

    def _lay_out(self) -> None:
        # One grid in place of two forms, so that the rows of both columns are level.
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setColumnMinimumWidth(2, 14)
        for column in (1, 4):
            grid.setColumnStretch(column, 1)
        rows: tuple[tuple[str, QWidget, str, QWidget], ...] = (
            (tr("Models"), self.preset_box, tr("Learning rate, movement"), self.motion_rate_box),
            (tr("Passes for movement"), self.motion_epochs_box, tr("Learning rate, next frame"), self.frame_rate_box),
            (tr("Passes for the next frame"), self.frame_epochs_box, tr("Seed"), self.seed_box),
            (tr("Batch size, at most"), self.batch_box, tr("Runs on"), self.device_box),
        )
        for row, (left_text, left, right_text, right) in enumerate(rows):
            for column, text, field in ((0, left_text, left), (3, right_text, right)):
                label = QLabel(text)
                label.setBuddy(field)
                grid.addWidget(label, row, column)
                grid.addWidget(field, row, column + 1)
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.reset_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 0, 0, 0)
        layout.addLayout(grid)
        layout.addSpacing(6)
        layout.addWidget(self.margin_box)
        layout.addWidget(self.guidance_box)
        layout.addLayout(below)
        # Tab moves the focus down the left column, then down the right one.
        for before, after in pairwise([*(row[1] for row in rows), *(row[3] for row in rows)]):
            self.setTabOrder(before, after)

    def _show(self) -> None:
        advanced, effort = self._draft.advanced, self._draft.chosen_effort()
        self._showing = True
        self.preset_box.setCurrentIndex(self.preset_box.findData(advanced.preset))
        self.preset_box.setEnabled(self._draft.base is None)  # a detector to improve has a preset already
        self.motion_epochs_box.setValue(effort.motion_epochs)
        self.frame_epochs_box.setValue(effort.frame_epochs)
        self.motion_rate_box.setValue(advanced.motion_learning_rate)
        self.frame_rate_box.setValue(advanced.frame_learning_rate)
        self.batch_box.setCurrentIndex(self.batch_box.findData(advanced.batch_size))
        self.seed_box.setValue(advanced.seed)
        self.device_box.setCurrentIndex(max(self.device_box.findData(advanced.device), 0))
        self.margin_box.setChecked(advanced.margin)
        self.guidance_box.setChecked(advanced.flow_guidance)
        self._showing = False

    def _read(self) -> None:
        if self._showing:
            return
        advanced, effort = self._draft.advanced, self._draft.chosen_effort()
        motion, frame = self.motion_epochs_box.value(), self.frame_epochs_box.value()
        self._draft.set_advanced(
            replace(
                advanced,
                preset=self.preset_box.currentData(),
                # Epochs equal to the effort's are not stored, so that they follow another effort.
                motion_epochs=advanced.motion_epochs if motion == effort.motion_epochs else motion,
                frame_epochs=advanced.frame_epochs if frame == effort.frame_epochs else frame,
                motion_learning_rate=self.motion_rate_box.value(),
                frame_learning_rate=self.frame_rate_box.value(),
                batch_size=self.batch_box.currentData(),
                seed=self.seed_box.value(),
                device=self.device_box.currentData(),
                margin=self.margin_box.isChecked(),
                flow_guidance=self.guidance_box.isChecked(),
            )
        )


def _choice(texts: dict[Any, str]) -> QComboBox:
    box = QComboBox()
    # Allow the box to be narrower than its widest text: the page has to fit a small screen.
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(8)
    for value, text in texts.items():
        box.addItem(tr(text), value)
    return box


def _epochs() -> WholeNumberBox:
    box = WholeNumberBox()
    box.setRange(1, 1000)
    return box
