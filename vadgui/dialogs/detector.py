"""The dialog in which a person chooses a detector and the device it runs on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vadgui.dialogs.files import DETECTOR_FILTER, ask_for_file
from vadgui.ui.detector_card import DetectorCard, detector_card

DEVICES = {
    "auto": "Fastest of this machine",
    "cuda": "NVIDIA GPU (CUDA)",
    "mps": "Apple GPU (MPS)",
    "cpu": "CPU",
}


class DetectorDialog(QDialog):
    """Lists detectors with the facts of their file headers; "Browse" adds any other detector file."""

    detector_chosen = Signal(object, str)
    """Path of the detector and name of the device."""

    def __init__(self, paths: Sequence[Path], current: Path | None, device: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose detector")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.list = QListWidget()
        self.list.setAlternatingRowColors(True)
        self.list.setAccessibleName("Detectors")
        self.list.itemDoubleClicked.connect(self.accept)
        self.device_box = QComboBox()
        for name, text in DEVICES.items():
            self.device_box.addItem(text, name)
        self.device_box.setCurrentIndex(max(self.device_box.findData(device), 0))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        browse = QPushButton("Browse …")
        browse.clicked.connect(self._browse)
        self._buttons.addButton(browse, QDialogButtonBox.ButtonRole.ActionRole)

        explanation = QLabel(
            "A detector knows what is normal for one camera. Choose the one trained on footage like this recording's."
        )
        explanation.setWordWrap(True)
        explanation.setProperty("role", "muted")
        form = QFormLayout()
        form.addRow("Runs on", self.device_box)
        layout = QVBoxLayout(self)
        layout.addWidget(explanation)
        layout.addWidget(self.list)
        layout.addLayout(form)
        layout.addWidget(self._buttons)
        self.resize(480, 360)
        for path in dict.fromkeys([*paths, *([current] if current else [])]):
            self._add(path, chosen=path == current)
        if self.list.currentRow() < 0:
            self.list.setCurrentRow(0)
        self._enable()
        self.list.currentRowChanged.connect(self._enable)

    def accept(self) -> None:
        """Emit `detector_chosen` and close."""
        item = self.list.currentItem()
        if item:
            self.detector_chosen.emit(item.data(Qt.ItemDataRole.UserRole), self.device_box.currentData())
            super().accept()

    def _add(self, path: Path, chosen: bool) -> None:
        item = QListWidgetItem(_card_text(detector_card(path)))
        item.setData(Qt.ItemDataRole.UserRole, path)
        item.setToolTip(str(path))
        self.list.addItem(item)
        if chosen:
            self.list.setCurrentItem(item)

    def _browse(self) -> None:
        ask_for_file(self, "Choose detector", "", DETECTOR_FILTER, lambda path: self._add(path, chosen=True))

    def _enable(self) -> None:
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(self.list.currentItem() is not None)


def _card_text(card: DetectorCard) -> str:
    facts = [
        f"preset {card.preset}" if card.preset else "",
        f"teacher {card.teacher}" if card.teacher else "",
        f"trained {card.created}" if card.created else "",
    ]
    return "\n".join([card.name, " · ".join(fact for fact in facts if fact) or card.path.name])
