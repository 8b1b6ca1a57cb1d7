"""Chooses of which hours of the day segments are listed."""

from __future__ import annotations

from datetime import time

from PySide6.QtCore import QTime, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QTimeEdit, QToolButton, QWidget

from engine.common.language import tr
from vadgui.model.session import ReviewSession
from vadgui.segments.model import Hours


class HoursBar(QWidget):
    """Two times of day; hidden until its button is pressed, which is there where the time of day is known."""

    hours_chosen = Signal(object)
    """Hours, or None for all of the day."""

    def __init__(self, session: ReviewSession) -> None:
        super().__init__()
        self._session = session
        self.button = QToolButton(self)
        self.button.setCheckable(True)
        self.button.setText(tr("Hours"))
        self.button.setAutoRaise(True)
        self.button.setToolTip(tr("List the segments of some hours of the day alone"))
        self.begin_box, self.stop_box = QTimeEdit(QTime(22, 0)), QTimeEdit(QTime(6, 0))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 3)
        for words, box in ((tr("&From"), self.begin_box), (tr("&to"), self.stop_box)):
            box.setDisplayFormat("HH:mm")
            box.setToolTip(tr("Of every day; over midnight where the second time is the earlier one"))
            label = QLabel(words)
            label.setBuddy(box)
            layout.addWidget(label)
            layout.addWidget(box)
            box.timeChanged.connect(lambda _: self._tell())
        self.begin_box.setAccessibleName(tr("From this time of day"))
        self.stop_box.setAccessibleName(tr("Up to this time of day"))
        layout.addStretch(1)
        self.button.toggled.connect(self._toggle)
        session.clock_changed.connect(self._follow_clock)
        self.hide()
        self._follow_clock()

    def _follow_clock(self) -> None:
        is_known = self._session.start is not None
        self.button.setVisible(is_known)
        if not is_known:
            self.button.setChecked(False)

    def _toggle(self, on: bool) -> None:
        self.setVisible(on)
        self._tell()

    def _tell(self) -> None:
        chosen = Hours(_time(self.begin_box.time()), _time(self.stop_box.time())) if self.button.isChecked() else None
        self.hours_chosen.emit(chosen)


def _time(shown: QTime) -> time:
    return time(shown.hour(), shown.minute())
