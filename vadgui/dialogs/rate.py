"""Asks for the frame rate of a recording that does not store one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from engine.common.language import tr
from engine.video.given_rates import HIGHEST_FPS, LOWEST_FPS
from vadgui.ui.number_boxes import NumberBox
from vadgui.ui.widgets import text_label

_DECIMALS = 3
_WIDTH_PX = 400


class RateDialog(QDialog):
    """A field for frames a second."""

    def __init__(self, current_fps: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Set frame rate"))
        self.box = NumberBox()
        self.box.setDecimals(_DECIMALS)
        self.box.setRange(LOWEST_FPS, HIGHEST_FPS)
        self.box.setValue(current_fps)
        self.box.selectAll()
        label = text_label(
            tr(
                "This recording does not store when its frames were taken.\n"
                "Times and speeds follow from how many there are a second:"
            )
        )
        label.setBuddy(self.box)
        self.box.setAccessibleName(self.windowTitle())
        standard = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(standard.Ok | standard.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        ok_button = buttons.button(standard.Ok)
        self.box.lineEdit().textChanged.connect(lambda: ok_button.setEnabled(self.box.hasAcceptableInput()))
        layout = QVBoxLayout(self)
        for widget in (label, self.box, buttons):
            layout.addWidget(widget)
        self.setMinimumWidth(_WIDTH_PX)


def ask_for_rate(parent: QWidget, current_fps: float, chosen: Callable[[float], object]) -> RateDialog:
    """Open the dialog; `chosen` is called with frames a second, unless the dialog is cancelled."""
    dialog = RateDialog(current_fps, parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.accepted.connect(lambda: chosen(dialog.box.value()))
    dialog.open()
    return dialog
