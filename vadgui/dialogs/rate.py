"""Asks for the frame rate of a recording that does not store one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QWidget

from engine.common.language import tr
from engine.video.given_rates import HIGHEST_FPS, LOWEST_FPS

_DECIMALS = 3


def ask_for_rate(parent: QWidget, current_fps: float, chosen: Callable[[float], object]) -> QInputDialog:
    """Open the dialog; `chosen` is called with frames a second, unless the dialog is cancelled."""
    dialog = QInputDialog(parent)
    dialog.setWindowTitle(tr("Set frame rate"))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setInputMode(QInputDialog.InputMode.DoubleInput)
    dialog.setLabelText(
        tr(
            "This recording does not store when its frames were taken.\n"
            "Times and speeds follow from how many there are a second:"
        )
    )
    dialog.setDoubleDecimals(_DECIMALS)
    dialog.setDoubleRange(LOWEST_FPS, HIGHEST_FPS)
    dialog.setDoubleValue(current_fps)
    dialog.doubleValueSelected.connect(chosen)
    dialog.open()
    return dialog
