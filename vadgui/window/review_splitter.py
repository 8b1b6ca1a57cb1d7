"""The splitter of panels and timeline: neither is given height that it can't use while the other lacks it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

from vadgui.panels.grid import PanelGrid

_LOWER_SHARE = 0.3
"""Of the height, for what is below the panels, where those could use more."""


class ReviewSplitter(QSplitter):
    """Panels above, all else below; divides the height anew with every change until a person moves the handle."""

    def __init__(self, panels: PanelGrid, below: QWidget) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._panels, self._below = panels, below
        self._is_moved = False
        self.addWidget(panels)
        self.addWidget(below)
        self.setChildrenCollapsible(False)
        self.splitterMoved.connect(self._on_moved)
        panels.arrangement_changed.connect(self.divide)
        below.installEventFilter(self)

    def divide(self) -> None:
        """Give the panels what they can use, as far as the timeline keeps what it needs; the rest is the timeline's."""
        height = self.height() - self.handleWidth()
        if self._is_moved or height <= 0:
            return
        lower = max(self._below.minimumSizeHint().height(), round(_LOWER_SHARE * height))
        upper = self._panels.needed_height(self.width(), max(height - lower, 1))
        self.setSizes([upper, height - upper])

    def grow_timeline(self, pixels: int) -> None:
        """Move the handle, as the mouse would; down where negative."""
        upper, lower = self.sizes()
        self._is_moved = True
        self.setSizes([upper - pixels, lower + pixels])

    def _on_moved(self) -> None:
        self._is_moved = True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """A banner that comes or goes changes what is needed below."""
        if event.type() == QEvent.Type.LayoutRequest:
            self.divide()
        return bool(super().eventFilter(watched, event))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """Divide the new height."""
        super().resizeEvent(event)
        self.divide()
