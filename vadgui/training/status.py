"""The status bar's button for a training: it shows the progress, and opens the wizard."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QToolButton

from engine.common.durations import duration_in_words
from vadgui.training.model.training_run import RunPhase, TrainingRun
from vadgui.ui.icons import set_icon

_MAX_NAME = 28


class TrainingStatus(QToolButton):
    """Shows the state of the current run; a click emits `open_requested`."""

    open_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAutoRaise(True)
        self.setToolTip("Open this training")
        self.clicked.connect(self.open_requested)
        self.hide()

    def show_run(self, run: TrainingRun | None) -> None:
        """Show a run's state; without a run the button is hidden."""
        text = status_text(run) if run else ""
        self.setVisible(bool(text))
        self.setText(text)
        if run and text:
            set_icon(self, "check" if run.phase is RunPhase.FINISHED else "teach")


def status_text(run: TrainingRun) -> str:
    """Name and state of a run in a few words; empty before its start."""
    name = run.name if len(run.name) <= _MAX_NAME else f"{run.name[: _MAX_NAME - 1]}…"
    match run.phase:
        case RunPhase.FINISHED:
            return f"{name}: trained, look at it"
        case RunPhase.FAILED:
            return f"{name}: training interrupted"
        case RunPhase.STOPPED:
            return f"{name}: training paused"
        case RunPhase.IDLE:
            return ""
    progress = run.progress
    if progress is None or not progress.total:
        return f"{name}: training starts"
    left = f", {duration_in_words(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{name}: {progress.phase.lower()}, {progress.done / progress.total:.0%}{left}"
