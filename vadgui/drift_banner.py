"""Says above the timeline that a recording does not look like the footage its detector was calibrated on."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from engine.scoring.drift import DriftKind, drifts_in_words
from vadgui.session import ReviewSession
from vadgui.widgets import IconLine

_WHY = (
    "Scores compare with normal life as it looked when the detector was calibrated.\n"
    "Where the picture differs for long, they may be too high or too low throughout:\n"
    "put the camera right, or teach a detector the new picture."
)


class DriftBanner(QWidget):
    """A line that is there while there is something to say, until it is hidden or there is something else to say."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._hidden_kinds: set[DriftKind] = set()
        self._line = IconLine()
        self._line.setToolTip(_WHY)
        self.hide_button = QToolButton()
        self.hide_button.setText("Hide")
        self.hide_button.setAutoRaise(True)
        self.hide_button.setToolTip("Hide this for the recording")
        self.hide_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide_button.clicked.connect(self._hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName("The picture differs")
        session.video_changed.connect(self._show_again)
        session.detector_changed.connect(self._show_again)
        session.scoring.drifts_changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """What it says; empty while it says nothing."""
        return self._line.text()

    def _kinds(self) -> set[DriftKind]:
        return {drift.kind for drift in self._session.scoring.drifts}

    def _hide(self) -> None:
        self._hidden_kinds = self._kinds()
        self._show()

    def _show_again(self) -> None:
        self._hidden_kinds = set()
        self._show()

    def _show(self) -> None:
        is_news = not self._kinds() <= self._hidden_kinds
        differs = drifts_in_words(self._session.scoring.drifts) if is_news else ""
        text = f"Not the picture that the detector was calibrated on: {differs}. Scores mean less there."
        self._line.show_line("warning", text if differs else "")
        self.setVisible(bool(differs))
