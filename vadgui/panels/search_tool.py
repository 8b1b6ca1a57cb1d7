"""Draws the rectangle of a search by place on the panel of the frame."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPainterPath, QPen

from engine.common.language import tr
from engine.scoring.zones import Points, rectangle_points
from vadgui.model.segment_places import SegmentPlaces
from vadgui.panels.picture import PicturePanel
from vadgui.panels.shape_tool import ShapeTool
from vadgui.panels.shapes import polygon

_LINE = QColor(255, 255, 255)
_DARKER = QColor(0, 0, 0, 110)


class SearchTool(ShapeTool):
    """Mouse and keys while a place is searched: a rectangle says where."""

    ended = Signal()
    """The person wants no search any more."""

    def __init__(self, places: SegmentPlaces, panel: PicturePanel, parent: QObject | None = None) -> None:
        super().__init__(panel, parent)
        self._places = places
        self._has_searched = False

    @property
    def hint(self) -> str:
        """What to do next, for people."""
        return tr("Drag over the place to search.")

    @property
    def is_waiting(self) -> bool:
        """Whether it is on, and no rectangle was drawn yet."""
        return self.is_on and not self._has_searched

    def turn_on(self, on: bool) -> None:
        """Draw rectangles, or leave the mouse to others again."""
        self._has_searched = False
        super().turn_on(on)

    def shapes(self) -> Sequence[Points]:
        """The rectangle that is searched."""
        rectangle = self._places.rectangle
        return [rectangle_points(*rectangle)] if rectangle else []

    def add(self, points: Points) -> None:
        """Search a rectangle."""
        self._has_searched = True
        self._places.search((points[0], points[2]))

    def paint(self, painter: QPainter, picture: QRect) -> None:
        """Paint the rectangle that is searched, or that is being drawn; what lies outside is darker."""
        for points in self.shapes():
            outside = QPainterPath()
            outside.addRect(QRectF(picture))
            outside.addPolygon(polygon(points, picture))
            painter.save()
            painter.fillPath(outside, _DARKER)
            for width, colour, style in ((3, QColor(0, 0, 0), Qt.PenStyle.SolidLine), (1, _LINE, Qt.PenStyle.DashLine)):
                painter.setPen(QPen(colour, width, style))
                painter.drawPolygon(polygon(points, picture))
            painter.restore()
        self.paint_drawn(painter, picture, _LINE)

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here."""
        return event.key() == Qt.Key.Key_Escape or super().takes(event)

    def key(self, event: QKeyEvent) -> None:
        """Draw, give up what is being drawn, or the search."""
        if super().takes(event):
            super().key(event)
        else:
            self.ended.emit()
