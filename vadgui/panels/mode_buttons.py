"""The buttons that say what the mouse does while polygons are drawn."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QToolButton, QWidget

from engine.common.language import tr
from vadgui.panels.shape_tool import MouseMode, ShapeTool
from vadgui.ui.widgets import tool_button


class ModeButtons(QWidget):
    """One of them is pressed: the mode of the tool."""

    def __init__(self, tool: ShapeTool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tool = tool
        self.buttons: dict[MouseMode, QToolButton] = {}
        self._group = QButtonGroup(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for mode in MouseMode:
            self.buttons[mode] = tool_button(tr(mode.value), checkable=True)
            self._group.addButton(self.buttons[mode])
            self.buttons[mode].clicked.connect(lambda _, mode=mode: tool.use_mode(mode))
            layout.addWidget(self.buttons[mode])
        tool.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        self.buttons[self._tool.mode].setChecked(True)
