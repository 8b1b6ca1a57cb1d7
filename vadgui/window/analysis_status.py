"""The analysis in the status bar: how far it is, how fast, how long it still takes; and its buttons."""

from __future__ import annotations

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from engine.common.durations import duration_in_words
from vadgui.model.session import AnalysisPhase, AnalysisState, ReviewSession

_BAR_WIDTH_PX = 140


def analysis_text(state: AnalysisState) -> str:
    """Where the analysis stands, in words; empty before there is one."""
    frames = f"{state.done:,} of {state.total:,} frames"
    match state.phase:
        case AnalysisPhase.IDLE:
            return ""
        case AnalysisPhase.RUNNING:
            speed = f" · {state.frames_per_second:.0f} fps" if state.frames_per_second >= 1 else ""
            left = f" · {duration_in_words(state.seconds_left)} left" if state.seconds_left is not None else ""
            return f"Analysing: {frames}{speed}{left}"
        case AnalysisPhase.PAUSED:
            return f"Analysis paused: {frames}"
        case AnalysisPhase.DONE:
            return f"Analysed: all {state.total:,} frames"
        case AnalysisPhase.CANCELLED:
            return f"Analysis cancelled: {frames}"
        case AnalysisPhase.FAILED:
            return f"Analysis failed: {frames} done"


class AnalysisStatus(QWidget):
    """Shows the session's analysis; its buttons are the window's actions."""

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
        """What it says."""
        return self._label.text()

    def _show(self) -> None:
        state = self._session.analysis
        self._label.setText(analysis_text(state))
        unfinished = state.phase in (AnalysisPhase.RUNNING, AnalysisPhase.PAUSED)
        self._bar.setVisible(unfinished)
        # Thousandths: Qt's bar counts in 32 bits only, and a day has two million frames.
        self._bar.setRange(0, 1000)
        self._bar.setValue(1000 * state.done // state.total if state.total else 0)


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setAutoRaise(True)
    button.setVisible(action.isEnabled())
    # What can't be done now would only be clutter here; the menu shows it.
    action.enabledChanged.connect(button.setVisible)
    return button
