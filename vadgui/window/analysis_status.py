"""The status bar's widget for the analysis: progress, speed, remaining time, and buttons."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from engine.common.durations import duration_in_words
from engine.common.language import tr
from vadgui.model.engine_state import FRAMES, SEGMENT_FRAMES, AnalysisPhase, AnalysisState
from vadgui.model.session import ReviewSession

_BAR_WIDTH_PX = 140


def analysis_text(state: AnalysisState) -> str:
    """State and progress of the analysis in words; empty before it starts."""
    counted = _counted(state)
    match state.phase:
        case AnalysisPhase.IDLE:
            return ""
        case AnalysisPhase.RUNNING:
            return tr("Analysing: {progress}").format(progress=" · ".join([counted, *_speed(state), *_left(state)]))
        case AnalysisPhase.PAUSED:
            return tr("Analysis paused: {progress}").format(progress=counted)
        case AnalysisPhase.DONE:
            return _all_counted(state)
        case AnalysisPhase.CANCELLED:
            return tr("Analysis cancelled: {progress}").format(progress=counted)
        case AnalysisPhase.FAILED:
            return tr("Analysis failed: {progress} done").format(progress=counted)


def _counted(state: AnalysisState) -> str:
    if state.unit == SEGMENT_FRAMES:
        return tr("segments, frame by frame")
    text = tr("{done:,} of {total:,} frames") if state.unit == FRAMES else tr("{done:,} of {total:,} samples")
    return text.format(done=state.done, total=state.total)


def _all_counted(state: AnalysisState) -> str:
    text = tr("Analysed: all {total:,} frames") if state.unit == FRAMES else tr("Analysed: all {total:,} samples")
    return text.format(total=state.total)


def _speed(state: AnalysisState) -> Iterator[str]:
    if state.frames_per_second >= 1:
        text = tr("{speed:.0f} fps") if state.unit == FRAMES else tr("{speed:.0f} a second")
        yield text.format(speed=state.frames_per_second)


def _left(state: AnalysisState) -> Iterator[str]:
    if state.seconds_left is not None:
        yield tr("{duration} left").format(duration=duration_in_words(state.seconds_left))


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
        self._bar.setAccessibleName(tr("Progress of the analysis"))
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
