"""The dialog by which a person says which archive is to be opened: one opened lately, a file, or a server's URL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QLineEdit, QListWidget, QVBoxLayout, QWidget

from engine.common.language import tr
from engine.common.names import displayable
from vadgui.dialogs.files import ARCHIVE_FILTER, ask_for_file
from vadgui.ui.widgets import button, text_label

_RECENT_HEIGHT_PX = 130
_PLACE_ROLE = Qt.ItemDataRole.UserRole


class ArchiveChooser(QDialog):
    """Emits the place that was chosen."""

    place_chosen = Signal(str)
    """A file's path or a URL."""

    def __init__(self, recent: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Open archive"))
        self.setMinimumWidth(520)
        self.recent = QListWidget()
        self.recent.setAccessibleName(tr("Archives opened lately"))
        for place in recent:
            self.recent.addItem(displayable(place))
            self.recent.item(self.recent.count() - 1).setData(_PLACE_ROLE, place)
        self.field = QLineEdit()
        self.field.setAccessibleName(tr("File or URL of the archive"))
        self.field.setPlaceholderText(tr("A file, or postgresql://USER@HOST/NAME"))
        self.browse_button = button(tr("Choose file …"))
        self.buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel, Qt.Orientation.Horizontal
        )
        self._lay_out(bool(recent))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: self.place_chosen.emit(self._place()))
        self.field.textChanged.connect(lambda _: self._enable())
        self.recent.currentItemChanged.connect(lambda *_: self._enable())
        self.recent.itemActivated.connect(lambda _: self.accept())
        self.browse_button.clicked.connect(self._browse)
        if recent:
            self.recent.setCurrentRow(0)
            self.recent.setFocus()
        else:
            self.field.setFocus()
        self._enable()

    def _place(self) -> str:
        """What is typed, else the recent one that is chosen."""
        item = self.recent.currentItem()
        return self.field.text().strip() or (str(item.data(_PLACE_ROLE)) if item else "")

    def _enable(self) -> None:
        self.buttons.button(QDialogButtonBox.StandardButton.Open).setEnabled(bool(self._place()))

    def _browse(self) -> None:
        def take(path: Path) -> None:
            self.field.setText(str(path))
            self.accept()

        ask_for_file(self, tr("Open archive"), str(Path.home()), ARCHIVE_FILTER, take)

    def _lay_out(self, has_recent: bool) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addWidget(
            text_label(tr("An archive is made by `vad archive scan`: recordings of any number of cameras."), "muted")
        )
        if has_recent:
            column.addWidget(text_label(tr("Opened lately")))
            self.recent.setMaximumHeight(_RECENT_HEIGHT_PX)
            column.addWidget(self.recent)
        row = QHBoxLayout()
        row.addWidget(self.field, stretch=1)
        row.addWidget(self.browse_button)
        column.addLayout(row)
        column.addWidget(self.buttons)
