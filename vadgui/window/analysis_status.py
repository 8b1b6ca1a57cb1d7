"""The status bar's widget for the analysis: progress, speed, remaining time, and buttons."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from engine.common.durations import duration_in_words
from vadgui.model.session import FRAMES, AnalysisPhase, AnalysisState, ReviewSession

_BAR_WIDTH_PX = 140


def analysis_text(state: AnalysisState) -> str:
    """State and progress of the analysis in words; empty before it starts."""
    frames = f"{state.done:,} of {state.total:,} {state.unit}"
    match state.phase:
        case AnalysisPhase.IDLE:
            return ""
        case AnalysisPhase.RUNNING:
            per_second = f"{state.frames_per_second:.0f} {'fps' if state.unit == FRAMES else 'a second'}"
            speed = f" · {per_second}" if state.frames_per_second >= 1 else ""
            left = f" · {duration_in_words(state.seconds_left)} left" if state.seconds_left is not None else ""
            return f"Analysing: {frames}{speed}{left}"
        case AnalysisPhase.PAUSED:
            return f"Analysis paused: {frames}"
        case AnalysisPhase.DONE:
            return f"Analysed: all {state.total:,} {state.unit}"
        case AnalysisPhase.CANCELLED:
            return f"Analysis cancelled: {frames}"
        case AnalysisPhase.FAILED:
            return f"Analysis failed: {frames} done"


class AnalysisStatus(QWidget):
    """Shows the session's analysis, with buttons for the window's actions."""

    def __init__(self, session: ReviewSession, run: QAction, pause: QAction, cancel: QAction) -> None:
        super().__init__()
        self._session = session
        self._label = QLabel()
        self._bar = QProgressBar()
        self._bar.setFixedWidth(_BAR_WIDTH_PX)
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(10)
        self._bar.setAccessibleName("Progress of the analysis")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 0, 4, 0)
        layout.addWidget(self._label)
        layout.addWidget(self._bar)
        for action in (run, pause, cancel):
            layout.addWidget(_button(action))
        session.analysis_changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """The text on screen."""
        return self._label.text()

    def _show(self) -> None:
        state = self._session.analysis
        self._label.setText(analysis_text(state))
        unfinished = state.phase in (AnalysisPhase.RUNNING, AnalysisPhase.PAUSED)
        self._bar.setVisible(unfinished)
        # Count in thousandths: QProgressBar's integers have 32 bits.
        self._bar.setRange(0, 1000)
        self._bar.setValue(1000 * state.done // state.total if state.total else 0)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAutoRaise(True)
    button.setVisible(action.isEnabled())
    # Show only the actions that are possible now; the menu shows all.
    action.enabledChanged.connect(button.setVisible)
    return button
