"""The status bar's button for a training: it shows the progress, and opens the wizard."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QToolButton

from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_noop
from vadgui.training.model.training_run import RunPhase, TrainingRun
from vadgui.ui.icons import set_icon

_MAX_NAME = 28
_PHASE_TEXTS = {
    "Reading footage": tr_noop("reading footage"),
    "Learning motion": tr_noop("learning motion"),
    "Learning the next frame": tr_noop("learning the next frame"),
    "Counting normal motion": tr_noop("counting normal motion"),
    "Judging held-out footage": tr_noop("judging held-out footage"),
}
"""The phases of a run as events name them, and as they stand within a sentence."""


class TrainingStatus(QToolButton):
    """Shows the state of the current run; a click emits `open_requested`."""

    open_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAutoRaise(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)  # Qt shows the icon alone otherwise
        self.setToolTip(tr("Open this training"))
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
            return tr("{name}: trained, look at it").format(name=name)
        case RunPhase.FAILED:
            return tr("{name}: training interrupted").format(name=name)
        case RunPhase.STOPPED:
            return tr("{name}: training paused").format(name=name)
        case RunPhase.IDLE:
            return ""
    progress = run.progress
    if progress is None or not progress.total:
        return tr("{name}: training starts").format(name=name)
    step = tr(_PHASE_TEXTS.get(progress.phase, progress.phase))
    share = progress.done / progress.total
    if progress.seconds_left is None:
        return f"{name}: {step}, {share:.0%}"
    left = duration_in_words(progress.seconds_left)
    return tr("{name}: {step}, {share:.0%}, {duration} left").format(name=name, step=step, share=share, duration=left)
