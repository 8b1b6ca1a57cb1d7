"""The banner above the timeline: what is wrong with a recording, and how it differs from the calibration's footage."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QWidget

from engine.common.language import tr, tr_noop
from engine.scoring.conditions import conditions_told
from engine.scoring.drift import OTHER_SCENE, drifts_in_words
from vadgui.model.session import ReviewSession
from vadgui.ui.widgets import IconLine

_TOOL_TIP = tr_noop(
    "Scores compare with normal life as it looked when the detector was calibrated.\n"
    "Where the picture differs for long, they may be too high or too low throughout:\n"
    "put the camera right, or teach a detector the new picture."
)


class DriftBanner(QWidget):
    """Shows the recording's condition, drifts and frame rate warning; once hidden, it waits for a new warning."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._hidden_warnings: set[str] = set()
        self._line = IconLine()
        self._line.setToolTip(tr(_TOOL_TIP))
        self.hide_button = QToolButton()
        self.hide_button.setText(tr("Hide"))
        self.hide_button.setAutoRaise(True)
        self.hide_button.setToolTip(tr("Hide this for the recording"))
        self.hide_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide_button.clicked.connect(self._hide)
        self.learn_button = QPushButton(tr("Get to know this camera …"))
        self.learn_button.setToolTip(tr("Make a detector of this camera out of recordings at hand, in minutes"))
        self.learn_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self.learn_button, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(tr("About this recording"))
        session.video_changed.connect(self._show_again)
        session.detector_changed.connect(self._show_again)
        session.scoring.drifts_changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """The warnings on screen; empty while there are none."""
        return self._line.text()

    def _warnings(self) -> set[str]:
        """Identifiers of the present warnings."""
        scoring = self._session.scoring
        told = [*self._session.integrity.in_words(), *filter(None, [scoring.other_rate])]
        warnings = {*(drift.kind for drift in scoring.drifts), *told}
        warnings |= {f"{each.kind} at {each.start_seconds:.0f}" for each in scoring.conditions}
        return warnings | {OTHER_SCENE} if scoring.is_other_scene else warnings

    def _hide(self) -> None:
        self._hidden_warnings = self._warnings()
        self._show()

    def _show_again(self) -> None:
        self._hidden_warnings = set()
        self._show()

    def _show(self) -> None:
        text = "" if self._warnings() <= self._hidden_warnings else "\n".join(self._lines())
        self._line.show_line("warning", text)
        self.learn_button.setVisible(self._session.scoring.is_other_scene)
        self.setVisible(bool(text))

    def _lines(self) -> Iterator[str]:
        scoring = self._session.scoring
        for sentence in self._session.integrity.in_words():
            yield f"{sentence}."
        if scoring.is_other_scene:
            yield tr("{difference} Nothing is flagged.").format(difference=tr(OTHER_SCENE))
            return
        if scoring.other_rate:
            yield tr("{difference}. Scores mean less.").format(difference=scoring.other_rate)
        for sentence in conditions_told(scoring.conditions):
            yield f"{sentence}."
        if differs := drifts_in_words(scoring.drifts):
            text = tr("Not the picture that the detector was calibrated on: {differences}. Scores mean less there.")
            yield text.format(differences=differs)
