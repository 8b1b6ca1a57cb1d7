"""The dialog in which a person chooses the recordings that a camera is to be known by, and waits for it."""

from __future__ import annotations

import math
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialogButtonBox, QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from engine.calibrating.length import LEAST_SECONDS, LEAST_UNREVIEWED_SECONDS, NO_FOOTAGE, FootageLength
from engine.common.durations import duration_in_words
from engine.common.language import tr, tr_n, tr_noop
from engine.common.names import displayable
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
_USABLE = tr_noop(
    "Seconds of which there are pictures, without the 15 % that are least like the others:\n"
    "nobody knows whether these are normal."
)
_PROMISE = tr_noop(
    "That ranks moments, the most suspicious first. A number of false alarms can't be promised, as nobody reviewed "
    "it; even if all of it is normal, not less than {count} an hour."
)
_NAME, _LENGTH, _USABLE_LENGTH = range(3)
_VIDEO_ROLE = Qt.ItemDataRole.UserRole


class LearnCameraDialog(WorkDialog):
    """Shows the recordings, what they can promise, and how far it is; asks for the work by signals."""

    requested = Signal(object)
    """Paths of the recordings."""
    lengths_wanted = Signal(object)
    """Paths of recordings whose length is not known yet; `show_length` takes it."""
    training_requested = Signal()
    """The person wants to go on with a training."""

    def __init__(self, video: Path, parent: QWidget | None = None) -> None:
        """Others are looked for beside `video`, the recording under review."""
        super().__init__(tr("Get to know this camera"), parent)
        self._folder = str(video.parent)
        self._is_done = False
        self._lengths: dict[Path, FootageLength] = {}
        self.list = QTreeWidget()
        self.list.setRootIsDecorated(False)
        self.list.setHeaderLabels([tr("Recording"), tr("Length"), tr("Usable")])
        self.list.headerItem().setToolTip(_USABLE_LENGTH, tr(_USABLE))
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        self.list.setAccessibleName(tr("Recordings of this camera"))
        self.list.itemChanged.connect(self.enable)
        self.sum_label = text_label()
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
        for widget in (self.sum_label, self.bar, self.line, buttons):
            layout.addWidget(widget)
        self.resize(560, 400)

    def _items(self) -> list[QTreeWidgetItem]:
        rows = range(self.list.topLevelItemCount())
        return [item for row in rows if (item := self.list.topLevelItem(row))]

    def videos(self) -> list[Path]:
        """The recordings that are ticked."""
        ticked = Qt.CheckState.Checked
        return [item.data(_NAME, _VIDEO_ROLE) for item in self._items() if item.checkState(_NAME) is ticked]

    def add_videos(self, videos: list[Path]) -> None:
        """Offer more recordings, ticked."""
        known = {item.data(_NAME, _VIDEO_ROLE) for item in self._items()}
        for video in videos:
            if video not in known:
                item = QTreeWidgetItem([displayable(video.name), "…", ""])
                item.setData(_NAME, _VIDEO_ROLE, video)
                item.setToolTip(_NAME, displayable(video))
                item.setCheckState(_NAME, Qt.CheckState.Checked)
                for column in (_LENGTH, _USABLE_LENGTH):
                    item.setTextAlignment(column, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                self.list.addTopLevelItem(item)
                known.add(video)
        self.enable()
        if missing := [item.data(_NAME, _VIDEO_ROLE) for item in self._items() if not self._is_measured(item)]:
            self.lengths_wanted.emit(missing)

    def _is_measured(self, item: QTreeWidgetItem) -> bool:
        return item.data(_NAME, _VIDEO_ROLE) in self._lengths

    def show_length(self, video: Path, length: FootageLength, failure: str = "") -> None:
        """Say how long a recording is, or why it can't be used."""
        self._lengths[video] = length
        for item in self._items():
            if item.data(_NAME, _VIDEO_ROLE) == video:
                item.setText(_LENGTH, tr("can't be opened") if failure else duration_in_words(length.seconds))
                item.setToolTip(_LENGTH, failure)
                item.setText(_USABLE_LENGTH, "" if failure else duration_in_words(length.usable_seconds))
                if failure:
                    item.setCheckState(_NAME, Qt.CheckState.Unchecked)
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
        """Enable what can be done now, and say what the ticked recordings can promise."""
        ticked = self.videos()
        lengths = [self._lengths[video] for video in ticked if video in self._lengths]
        total = sum(lengths, NO_FOOTAGE)
        are_known = len(lengths) == len(ticked)
        is_enough = bool(ticked) and not (are_known and total.usable_seconds < LEAST_SECONDS)
        self.list.setEnabled(not self._is_working and not self._is_done)
        self.add_button.setEnabled(not self._is_working)
        self.start_button.setEnabled(not self._is_working and is_enough)
        self.sum_label.setText(_sum_in_words(len(ticked), total) if ticked and are_known else "")
        self.sum_label.setVisible(not self._is_done)

    def _add(self) -> None:
        ask_for_files(self, tr("Add recordings of this camera"), self._folder, VIDEO_FILTER, self.add_videos)


def _sum_in_words(count: int, total: FootageLength) -> str:
    """How much so many recordings are together, and what that can promise."""
    told = tr_n("{count} recording, {usable} of it usable.", "{count} recordings, {usable} of them usable.", count)
    told = told.format(count=count, usable=duration_in_words(total.usable_seconds))
    if total.usable_seconds < LEAST_SECONDS:
        needed = duration_in_words(LEAST_UNREVIEWED_SECONDS)
        return " ".join([told, tr("That is too short: add some, at least {length} in all.").format(length=needed)])
    return " ".join([told, tr(_PROMISE).format(count=math.ceil(total.least_false_alarms))])
