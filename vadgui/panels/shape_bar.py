"""The line under the panels' header while shapes are drawn: what the next is for, what the mouse does, a hint."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from engine.common.language import tr
from vadgui.panels.mode_buttons import ModeButtons
from vadgui.panels.shape_tool import ShapeTool
from vadgui.ui.widgets import ElidedLabel, tool_button

_Choice = TypeVar("_Choice", bound=Enum)


class ShapeBar(QWidget):
    """Controls that every `ShapeTool` has; a subclass adds its own. Hidden while the tool is off."""

    done = Signal()

    def __init__(self, tool: ShapeTool, choices: Mapping[_Choice, tuple[str, str]], purpose: str) -> None:
        """`choices` have a text and a tip each, not translated; `purpose` says what is chosen among them."""
        super().__init__()
        self.choice_box = QComboBox()
        for number, (choice, (text, tip)) in enumerate(choices.items()):
            self.choice_box.addItem(tr(text), choice)
            self.choice_box.setItemData(number, tr(tip), Qt.ItemDataRole.ToolTipRole)
        self.choice_box.setAccessibleName(purpose)
        self.choice_box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.modes = ModeButtons(tool)
        self._hint = ElidedLabel(QSizePolicy.Policy.Ignored)
        self._hint.setProperty("role", "muted")
        self._hint.setMinimumWidth(60)
        self.remove_button = tool_button(tr("Remove"))
        self.remove_button.clicked.connect(tool.delete_selected)
        self.done_button = tool_button(tr("Done"))
        self.done_button.clicked.connect(self.done)

    def hint(self) -> str:
        """What the person is told."""
        return self._hint.text()

    def _tell(self, hint: str) -> None:
        self._hint.setText(hint)
        self._hint.setToolTip(hint)

    def _menu_button(self, text: str, *actions: QAction) -> QToolButton:
        button = tool_button(text)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        menu.addActions(actions)
        button.setMenu(menu)
        return button

    def _lay_out(self, *last: QWidget) -> None:
        """Put `last` behind the hint."""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 2, 8, 3)
        layout.addWidget(self.choice_box)
        layout.addWidget(self.modes)
        layout.addWidget(self._hint, stretch=1)
        for widget in last:
            layout.addWidget(widget)
