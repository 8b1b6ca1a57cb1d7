"""Takes a panel by its title, and puts it in another one's place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QRubberBand, QWidget

from vadgui.panels.content import Panel
from vadgui.panels.picture import PicturePanel


class PanelDrag(QObject):
    """Watches the mouse on the titles of panels; a frame shows the place that the panel would take."""

    dropped = Signal(object, object)
    """The Panel that was dragged, and the Panel whose place it takes."""

    def __init__(self, panels: Mapping[Panel, PicturePanel], area: QWidget) -> None:
        super().__init__(area)
        self._panels = panels
        self._dragged: Panel | None = None
        self._pressed_at = QPoint()
        self._is_moving = False
        self._place = QRubberBand(QRubberBand.Shape.Rectangle, area)
        for widget in panels.values():
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take the mouse from a panel while its title is held."""
        panel = next((panel for panel, widget in self._panels.items() if widget is watched), None)
        if panel is None or not isinstance(event, QMouseEvent):
            return False
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                return self._press(panel, event.position().toPoint())
            case QEvent.Type.MouseMove if self._dragged:
                self._move(event.position().toPoint())
                return True
            case QEvent.Type.MouseButtonRelease if self._dragged:
                self._release()
                return True
        return False

    def _press(self, panel: Panel, at: QPoint) -> bool:
        if at.y() < self._panels[panel].title_height():
            self._dragged, self._pressed_at, self._is_moving = panel, at, False
        return self._dragged is not None

    def _move(self, at: QPoint) -> None:
        if self._dragged is None:
            return
        widget = self._panels[self._dragged]
        if not self._is_moving:
            if (at - self._pressed_at).manhattanLength() < QApplication.startDragDistance():
                return
            self._is_moving = True
            widget.setCursor(Qt.CursorShape.ClosedHandCursor)
        target = self._panel_at(widget.mapToParent(at))
        self._place.setVisible(target not in (None, self._dragged))
        if target:
            self._place.setGeometry(self._panels[target].geometry())
            self._place.raise_()

    def _release(self) -> None:
        dragged, self._dragged = self._dragged, None
        if dragged is None or not self._is_moving:
            return
        widget = self._panels[dragged]
        widget.setCursor(Qt.CursorShape.CrossCursor) if widget.tool else widget.unsetCursor()
        target = self._panel_at(self._place.geometry().center()) if self._place.isVisible() else None
        self._place.hide()
        if target:
            self.dropped.emit(dragged, target)

    def _panel_at(self, at: QPoint) -> Panel | None:
        shown = (each for each, widget in self._panels.items() if widget.isVisible() and widget.geometry().contains(at))
        return next(shown, None)
