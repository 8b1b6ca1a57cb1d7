"""The list of exports since the program's start, with their progress and buttons to open what was made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.common.durations import duration_in_words
from engine.common.in_time import is_file_in_time
from engine.common.language import tr
from engine.common.names import displayable
from engine.hand_over.unfinished import UnfinishedExport
from vadgui.jobs.export_queue import ExportPhase, ExportState
from vadgui.ui.widgets import ElidedLabel, set_role, text_label

_MARGIN_PX = 4
_SMALLEST_PX = 120  # a row with its reason; docks above take what is left
_UNFINISHED = (ExportPhase.WAITING, ExportPhase.RUNNING)
_MOST_ENDED = 50
"""Rows of exports that have ended, each of some 140 KB: the oldest beyond these go."""


class ExportsView(QScrollArea):
    """Shows a row for every export that has not ended, and for the latest that have, the newest on top."""

    cancel_requested = Signal(int)
    """The export's number."""
    again_requested = Signal(int)
    """An unfinished export is to be done after all."""
    forgotten = Signal(int)
    """An unfinished export is not wanted any more."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Exports"))
        self._rows: dict[int, ExportRow] = {}
        self._unfinished_rows: dict[int, UnfinishedRow] = {}
        inside = QWidget()
        self._layout = QVBoxLayout(inside)
        self._layout.setContentsMargins(6, 6, 6, 6)
        self._empty = text_label(tr("What is exported appears here."), role="muted")
        self._layout.addWidget(self._empty)
        self._layout.addStretch(1)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setMinimumHeight(_SMALLEST_PX)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def show_export(self, state: ExportState) -> None:
        """Add or update the row of an export."""
        row = self._rows.get(state.number)
        if row is None:
            row = self._rows[state.number] = ExportRow(state.number)
            row.cancel_requested.connect(self.cancel_requested)
            self._layout.insertWidget(0, row)
            self._empty.hide()
        row.show_export(state)
        if row.has_ended:
            self._remove_oldest()

    def _remove_oldest(self) -> None:
        ended = [number for number, row in self._rows.items() if row.has_ended]
        for number in ended[:-_MOST_ENDED]:
            row = self._rows.pop(number)
            row.hide()
            row.deleteLater()

    def show_unfinished(self, number: int, export: UnfinishedExport) -> None:
        """Add a row for what was not finished when the program ended; `number` identifies it, see `again_requested`."""
        row = self._unfinished_rows[number] = UnfinishedRow(export)
        row.again_button.clicked.connect(lambda: self.again_requested.emit(number))
        row.forget_button.clicked.connect(lambda: self.forgotten.emit(number))
        self._layout.insertWidget(0, row)
        self._empty.hide()

    def remove_unfinished(self, number: int) -> None:
        """Offer it no more."""
        row = self._unfinished_rows.pop(number)
        row.hide()
        row.deleteLater()
        self._empty.setVisible(not self._rows and not self._unfinished_rows)

    def row(self, number: int) -> ExportRow:
        """The row of an export."""
        return self._rows[number]


class ExportRow(QFrame):
    """Shows one export."""

    cancel_requested = Signal(int)

    def __init__(self, number: int) -> None:
        super().__init__()
        self._path = Path()
        self.has_ended = False
        """Whether nothing more will come of it."""
        self._name = _name()
        self._state = text_label(role="muted")
        self._why = text_label(role="alert")
        _keep_within(self._why)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        self.cancel_button = _button(tr("Cancel"), tr("Give this export up; nothing of it stays"))
        self.cancel_button.clicked.connect(lambda: self.cancel_requested.emit(number))
        self.show_button = _button(tr("Show in folder"), tr("Open the folder that it lies in"))
        self.show_button.clicked.connect(lambda: show_in_folder(self._path))
        self.open_button = _button(tr("Open"), tr("Open it in this system's program"))
        self.open_button.clicked.connect(lambda: open_file(self._path))

        below = QHBoxLayout()
        below.addWidget(self._state, stretch=1)
        for button in (self.cancel_button, self.open_button, self.show_button):
            below.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, _MARGIN_PX)
        layout.setSpacing(3)
        layout.addWidget(self._name)
        layout.addWidget(self._bar)
        layout.addWidget(self._why)
        layout.addLayout(below)

    def text(self) -> str:
        """The export's state, as shown."""
        return self._state.text()

    def why(self) -> str:
        """Why it failed, as shown; empty where it did not."""
        return self._why.text()

    def show_export(self, state: ExportState) -> None:
        """Update the row."""
        self._path = state.path
        self.has_ended = state.phase not in _UNFINISHED
        self._name.setText(displayable(state.title))
        self._name.setToolTip(displayable(state.path))
        self._state.setText(_state_text(state))
        self._why.setText(state.failure or state.note)
        self._why.setToolTip(self._why.text())
        set_role(self._why, "alert" if state.failure else "muted")
        self._why.setVisible(bool(self._why.text()))
        self._bar.setVisible(state.phase in _UNFINISHED)
        self._bar.setRange(0, state.total)
        self._bar.setValue(state.done)
        self.cancel_button.setVisible(state.phase in _UNFINISHED)
        self.show_button.setVisible(state.phase is ExportPhase.DONE)
        self.open_button.setVisible(
            state.phase is ExportPhase.DONE and bool(state.path.suffix) and is_file_in_time(state.path)
        )


class UnfinishedRow(QFrame):
    """Offers what was not finished when the program ended."""

    def __init__(self, export: UnfinishedExport) -> None:
        super().__init__()
        self.again_button = _button(tr("Export again …"), tr("Open the recording, and choose the same again"))
        self.forget_button = _button(tr("Forget"), tr("Don't offer it any more"))
        below = QHBoxLayout()
        below.addStretch(1)
        below.addWidget(self.again_button)
        below.addWidget(self.forget_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN_PX, _MARGIN_PX, _MARGIN_PX, _MARGIN_PX)
        layout.setSpacing(3)
        name = _name()
        name.setText(displayable(export.words))
        name.setToolTip(displayable(export.folder))
        layout.addWidget(name)
        told = tr("Not finished when the program ended. What was half-written is removed.")
        layout.addWidget(text_label(told, "muted"))
        layout.addLayout(below)


def _state_text(state: ExportState) -> str:
    match state.phase:
        case ExportPhase.WAITING:
            return tr("Waiting")
        case ExportPhase.RUNNING:
            return _progress_text(state)
        case ExportPhase.DONE:
            return tr("Done")
        case ExportPhase.CANCELLED:
            return tr("Cancelled")
        case ExportPhase.FAILED:
            return tr("Failed")


def _progress_text(state: ExportState) -> str:
    left, counted, doing = "", _share(state), state.doing
    if state.seconds_left is not None:
        left = tr("{duration} left").format(duration=duration_in_words(state.seconds_left))
    if state.unit:
        text = tr("{done:,} of {total:,} {unit}")
        counted, doing = text.format(done=state.done, total=state.total, unit=tr(state.unit)), ""
    return " · ".join(filter(None, (tr(doing), counted, left)))


def _share(state: ExportState) -> str:
    return f"{state.done / state.total:.0%}" if state.total else ""


def _name() -> ElidedLabel:
    """What an export is called: the beginning and the end of a file's name identify it."""
    return ElidedLabel(QSizePolicy.Policy.Ignored, mode=Qt.TextElideMode.ElideMiddle)


def _keep_within(label: QLabel) -> None:
    """Have a text not widen its row, which would move the buttons out of sight: paths have no places to break."""
    policy = label.sizePolicy()
    policy.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
    label.setSizePolicy(policy)


def _button(text: str, tip: str) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setToolTip(tip)
    return button


def open_file(path: Path) -> None:
    """Open a file in the program that this system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def show_in_folder(path: Path) -> None:
    """Open the system's file manager at a file, which is selected where the system supports that."""
    if sys.platform == "win32":
        subprocess.Popen(["explorer", "/select,", os.fspath(path)])
    elif sys.platform == "darwin":
        subprocess.Popen(["open", "-R", os.fspath(path)])
    else:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path.parent)))
