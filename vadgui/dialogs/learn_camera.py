"""The dialog in which a person chooses the recordings that a camera is to be known by, and waits for it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from engine.common.language import tr, tr_noop
from vadgui.dialogs.files import VIDEO_FILTER, ask_for_files
from vadgui.dialogs.work_dialog import WorkDialog
from vadgui.ui.widgets import text_label

_NEXT_STEP = tr_noop(
    "The detector knows this camera now, and is in use. A training of its own may tell more apart, with an hour or "
    "more of normal footage; at its end it says what that added."
)
_EXPLANATION = tr_noop(
    "The detector learns how things usually move and look before this camera. Nobody has to look through the "
    "recordings first: what is rare in them does not count as usual. Some minutes will do for a first answer, "
    "an hour is better."
)


class LearnCameraDialog(WorkDialog):
    """Shows the recordings and how far it is; asks for the work by signals."""

    requested = Signal(object)
    """Paths of the recordings."""
    training_requested = Signal()
    """The person wants to go on with a training."""

    def __init__(self, video: Path, parent: QWidget | None = None) -> None:
        """`video` is the recording under review."""
        super().__init__(tr("Get to know this camera"), parent)
        self._folder = str(video.parent)
        self._is_done = False
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Recordings of this camera"))
        self.list.itemChanged.connect(self.enable)
        buttons = QDialogButtonBox()
        self.start_button = buttons.addButton(tr("Get to know it"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.add_button = buttons.addButton(tr("Add recordings …"), QDialogButtonBox.ButtonRole.ActionRole)
        self.train_button = buttons.addButton(tr("Train a detector …"), QDialogButtonBox.ButtonRole.ActionRole)
        self.train_button.hide()
        self.cancel_button = buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.start_button.clicked.connect(self._start)
        self.add_button.clicked.connect(self._add)
        self.train_button.clicked.connect(self._train)
        self.cancel_button.clicked.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(text_label(tr(_EXPLANATION), "muted"))
        layout.addWidget(self.list)
        layout.addWidget(self.bar)
        layout.addWidget(self.line)
        layout.addWidget(buttons)
        self.resize(520, 340)
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
        self.enable()

    def _start(self) -> None:
        self.set_working(True, tr("Loading the detector"))
        self.requested.emit(self.videos())

    def finish(self) -> None:
        """Say that the camera is known, and offer the next step."""
        self.set_working(False)
        self.line.show_line("check", tr(_NEXT_STEP))
        self.add_button.hide()
        self.start_button.hide()
        self.train_button.show()
        self.train_button.setDefault(True)
        self.train_button.setFocus()
        self.cancel_button.setText(tr("Close"))
        self._is_done = True
        self.enable()

    def _train(self) -> None:
        self.accept()
        self.training_requested.emit()

    def enable(self) -> None:
        """Enable what can be done now."""
        self.list.setEnabled(not self._is_working and not self._is_done)
        self.add_button.setEnabled(not self._is_working)
        self.start_button.setEnabled(not self._is_working and bool(self.videos()))

    def _add(self) -> None:
        ask_for_files(self, tr("Add recordings of this camera"), self._folder, VIDEO_FILTER, self.add_videos)
