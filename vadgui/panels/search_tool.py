"""Draws the rectangle of a search by place on the panel of the frame."""

from __future__ import annotations

from PySide6.QtCore import QObject, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPen

from engine.scoring.zones import Point
from vadgui.model.segment_places import SegmentPlaces
from vadgui.panels.picture import PicturePanel
from vadgui.panels.zones import corners, share_of

_MIN_DRAG_PX = 4
_LINE = QColor(255, 255, 255)


class SearchTool(QObject):
    """The mouse on one panel while a place is searched: a drag says where."""

    changed = Signal()
    """Another rectangle is being drawn."""
    ended = Signal()
    """The person wants no search any more."""

    def __init__(self, places: SegmentPlaces, panel: PicturePanel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._places = places
        self._panel = panel
        self._first: Point | None = None
        self._last: Point | None = None
        self._has_searched = False

    @property
    def is_on(self) -> bool:
        """Whether the mouse draws the rectangle."""
        return self._panel.tool is self

    @property
    def is_waiting(self) -> bool:
        """Whether it is on, and no rectangle was drawn yet."""
        return self.is_on and not self._has_searched

    def turn_on(self, on: bool) -> None:
        """Draw rectangles, or leave the mouse to others again."""
        if on != self.is_on:
            self._first = self._last = None
            self._has_searched = False
            self._panel.set_tool(self if on else None)
            self.changed.emit()

    def paint(self, painter: QPainter, picture: QRect) -> None:
        """Paint the rectangle that is searched, or that is being drawn; what lies outside is darker."""
        rectangle = (self._first, self._last) if self._first and self._last else self._places.rectangle
        if rectangle is None:
            return
        one, other = corners(rectangle, picture)
        inside = QRectF(one, other).normalized()
        painter.save()
        painter.setClipRect(picture)
        for side in (
            QRectF(picture.left(), picture.top(), picture.width(), inside.top() - picture.top()),
            QRectF(picture.left(), inside.bottom(), picture.width(), picture.bottom() + 1 - inside.bottom()),
            QRectF(picture.left(), inside.top(), inside.left() - picture.left(), inside.height()),
            QRectF(inside.right(), inside.top(), picture.right() + 1 - inside.right(), inside.height()),
        ):
            painter.fillRect(side, QColor(0, 0, 0, 110))
        for width, colour, style in ((3, QColor(0, 0, 0), Qt.PenStyle.SolidLine), (1, _LINE, Qt.PenStyle.DashLine)):
            painter.setPen(QPen(colour, width, style))
            painter.drawRect(inside)
        painter.restore()

    def press(self, event: QMouseEvent) -> None:
        """Begin a rectangle."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._first = self._last = share_of(event.position(), self._panel.picture_rect())

    def move(self, event: QMouseEvent) -> None:
        """Go on with it."""
        if self._first:
            self._last = share_of(event.position(), self._panel.picture_rect())
            self.changed.emit()

    def release(self, event: QMouseEvent) -> None:
        """Search it."""
        if event.button() != Qt.MouseButton.LeftButton or self._first is None:
            return
        first, last = self._first, share_of(event.position(), self._panel.picture_rect())
        self._first = self._last = None
        rect = self._panel.picture_rect()
        across, down = abs(first[0] - last[0]) * rect.width(), abs(first[1] - last[1]) * rect.height()
        if min(across, down) >= _MIN_DRAG_PX:
            self._has_searched = True
            self._places.search((first, last))
        self.changed.emit()

    def double_click(self, event: QMouseEvent) -> None:
        """Means nothing here."""

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here."""
        return event.key() == Qt.Key.Key_Escape

    def key(self, event: QKeyEvent) -> None:
        """End the search."""
        del event
        self.ended.emit()
