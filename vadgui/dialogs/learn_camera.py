"""The dialog in which a person chooses the recordings that a camera is to be known by, and waits for it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from engine.common.durations import duration_in_words
from engine.common.errors import VadError
from engine.common.events import Progress
from vadgui.dialogs.files import VIDEO_FILTER, ask_for_files
from vadgui.ui.failure import Failure
from vadgui.ui.widgets import IconLine, text_label

_EXPLANATION = (
    "The detector learns how things usually move and look before this camera. Nobody has to look through the "
    "recordings first: what is rare in them does not count as usual. Some minutes will do for a first answer, "
    "an hour is better."
)


class LearnCameraDialog(QDialog):
    """Shows the recordings and how far it is; asks for the work by signals."""

    requested = Signal(object)
    """Paths of the recordings."""
    cancelled = Signal()

    def __init__(self, video: Path, parent: QWidget | None = None) -> None:
        """`video` is the recording under review."""
        super().__init__(parent)
        self.setWindowTitle("Get to know this camera")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._folder = str(video.parent)
        self._is_working = False
        self.list = QListWidget()
        self.list.setAccessibleName("Recordings of this camera")
        self.list.itemChanged.connect(self._enable)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setAccessibleName("Progress")
        self.line = IconLine()
        buttons = QDialogButtonBox()
        self.start_button = buttons.addButton("Get to know it", QDialogButtonBox.ButtonRole.AcceptRole)
        self.add_button = buttons.addButton("Add recordings …", QDialogButtonBox.ButtonRole.ActionRole)
        self.cancel_button = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.start_button.clicked.connect(self._start)
        self.add_button.clicked.connect(self._add)
        self.cancel_button.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text_label(_EXPLANATION, "muted"))
        layout.addWidget(self.list)
        layout.addWidget(self.bar)
        layout.addWidget(self.line)
        layout.addWidget(buttons)
        self.resize(520, 340)
        self.bar.hide()
        self.line.hide()
        self.add_videos([video])

    def videos(self) -> list[Path]:
        """The recordings that are ticked."""
        items = [self.list.item(row) for row in range(self.list.count())]
        return [item.data(Qt.ItemDataRole.UserRole) for item in items if item.checkState() is Qt.CheckState.Checked]

    def add_videos(self, videos: list[Path]) -> None:
        """Offer more recordings, ticked."""
        known = [self.list.item(row).data(Qt.ItemDataRole.UserRole) for row in range(self.list.count())]
        for video in videos:
            if video not in known:
                item = QListWidgetItem(video.name)
                item.setData(Qt.ItemDataRole.UserRole, video)
                item.setToolTip(str(video))
                item.setCheckState(Qt.CheckState.Checked)
                self.list.addItem(item)
        self._enable()

    def show_progress(self, progress: Progress) -> None:
        """Say how far it is."""
        self.bar.setValue(round(1000 * progress.done / max(progress.total, 1)))
        left = f", {duration_in_words(progress.seconds_left)} left of this step" if progress.seconds_left else ""
        self.line.show_line("waiting", f"{progress.phase}{left}")

    def show_failure(self, error: Exception) -> None:
        """Say why it came to nothing; other recordings can be chosen."""
        self._set_working(False)
        parts = (error.what, str(error.subject or ""), error.advice) if isinstance(error, VadError) else (str(error),)
        self.line.show_failure(Failure(*parts))

    def finish(self) -> None:
        """Close: the camera is known."""
        self._is_working = False
        self.accept()

    def reject(self) -> None:
        """Stop the work, and close."""
        if self._is_working:
            self.cancelled.emit()
        super().reject()

    def _start(self) -> None:
        self._set_working(True)
        self.line.show_line("waiting", "Loading the detector")
        self.requested.emit(self.videos())

    def _set_working(self, is_working: bool) -> None:
        self._is_working = is_working
        self.bar.setVisible(is_working)
        self.bar.setValue(0)
        self._enable()

    def _enable(self) -> None:
        self.list.setEnabled(not self._is_working)
        self.add_button.setEnabled(not self._is_working)
        self.start_button.setEnabled(not self._is_working and bool(self.videos()))

    def _add(self) -> None:
        ask_for_files(self, "Add recordings of this camera", self._folder, VIDEO_FILTER, self.add_videos)
