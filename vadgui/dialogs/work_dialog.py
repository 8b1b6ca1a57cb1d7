"""A dialog that asks for long work, shows how far it is, and stops it when it is closed."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QProgressBar, QWidget

from engine.common.durations import duration_in_words
from engine.common.errors import VadError
from engine.common.events import Progress
from engine.common.language import tr
from vadgui.ui.failure import Failure
from vadgui.ui.questions import ask
from vadgui.ui.widgets import IconLine


class WorkDialog(QDialog):
    """Has a progress bar and a line, which a subclass lays out; both are hidden until there is something to say."""

    cancelled = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._is_working = False
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName(tr("Progress"))
        self.bar.hide()
        self.line = IconLine()
        self.line.hide()

    @property
    def is_working(self) -> bool:
        """Whether the work has begun, and not ended."""
        return self._is_working

    def show_progress(self, progress: Progress) -> None:
        """Say how far it is."""
        self.bar.setValue(round(1000 * progress.done / max(progress.total, 1)))
        said = tr(progress.phase)
        if progress.seconds_left:
            left = duration_in_words(progress.seconds_left)
            said = tr("{phase}, {duration} left of this step").format(phase=said, duration=left)
        self.line.show_line("waiting", said)

    def show_failure(self, error: Exception) -> None:
        """Say why it came to nothing; something else can be chosen."""
        self.set_working(False)
        parts = (error.what, str(error.subject or ""), error.advice) if isinstance(error, VadError) else (str(error),)
        self.line.show_failure(Failure(*parts))

    def finish(self) -> None:
        """Close: the work is done."""
        self._is_working = False
        self.accept()

    def reject(self) -> None:
        """Stop the work, and close."""
        if self._is_working:
            self.cancelled.emit()
        super().reject()

    def ask_to_give_up(self, question: str, explanation: str, give_up: Callable[[], object]) -> None:
        """The program is to be quit: ask whether the work may be lost, and if so stop it before `give_up` is called."""

        def stop() -> None:
            if self._is_working:  # else it has come to its end meanwhile
                self.reject()
            give_up()

        self.raise_()
        ask(self, question, explanation, {tr("Quit, begin anew next time"): stop}, otherwise=tr("Don't close"))

    def set_working(self, is_working: bool, text: str = "") -> None:
        """Show that work has begun, with a text until the first progress, or that it has ended."""
        self._is_working = is_working
        self.bar.setVisible(is_working)
        self.bar.setValue(0)
        self.line.show_line("waiting", text)
        self.enable()

    def enable(self) -> None:
        """Enable what can be done now."""
