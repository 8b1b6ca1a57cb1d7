"""Paints what is drawn onto the picture by hand: borders, titles, corners, and the line that is being drawn."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF

from engine.scoring.zones import Point

_MIN_PLATES = 2
"""Heights of the name that a shape has to have for it."""
_PADDING_PX = 4
_CORNER_PX = 7
_CROSSHAIR_PX = 12


def corners(points: Sequence[Point], picture: QRect) -> list[QPointF]:
    """Points given as shares of the picture, in the widget's coordinates."""
    left, top, width, height = picture.left(), picture.top(), picture.width(), picture.height()
    return [QPointF(left + x * width, top + y * height) for x, y in points]


def polygon(points: Sequence[Point], picture: QRect) -> QPolygonF:
    """The polygon of these corners."""
    return QPolygonF(corners(points, picture))


def paint_draft(painter: QPainter, picture: QRect, points: Sequence[Point], colour: QColor) -> None:
    """Draw the line of what is being drawn."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = polygon(points, picture)
    for width, ink in ((4.0, QColor(0, 0, 0)), (2.0, colour)):
        painter.setPen(QPen(ink, width))
        painter.drawPolyline(line)
    painter.setPen(QPen(QColor(0, 0, 0), 1))
    painter.setBrush(QColor(255, 255, 255))
    for corner in corners(points, picture):
        painter.drawEllipse(corner, _CORNER_PX / 2, _CORNER_PX / 2)
    painter.restore()


def paint_crosshair(painter: QPainter, picture: QRect, point: Point, colour: QColor) -> None:
    """Mark the cursor that keys move, so that it is seen on any picture."""
    (at,) = corners([point], picture)
    painter.save()
    for width, ink in ((4.0, QColor(0, 0, 0)), (2.0, colour)):
        painter.setPen(QPen(ink, width))
        painter.drawLine(at - QPointF(_CROSSHAIR_PX, 0), at + QPointF(_CROSSHAIR_PX, 0))
        painter.drawLine(at - QPointF(0, _CROSSHAIR_PX), at + QPointF(0, _CROSSHAIR_PX))
    painter.restore()


def paint_border(painter: QPainter, line: QPolygonF, colour: QColor, style: Qt.PenStyle, *, thick: bool) -> None:
    """Draw a border that is seen on any picture; a thick one is that of what is selected."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = 3.0 if thick else 1.5
    painter.setPen(QPen(QColor(0, 0, 0, 200), width + 2))
    painter.drawPolygon(line)
    painter.setPen(QPen(colour, width, style))
    painter.drawPolygon(line)


def paint_corners(painter: QPainter, picture: QRect, points: Sequence[Point]) -> None:
    """Mark the corners, which can be dragged."""
    for corner in corners(points, picture):
        place = QRectF(0, 0, _CORNER_PX, _CORNER_PX)
        place.moveCenter(corner)
        painter.fillRect(place.adjusted(-1, -1, 1, 1), QColor(0, 0, 0))
        painter.fillRect(place, QColor(255, 255, 255))


def paint_title(painter: QPainter, picture: QRect, points: Sequence[Point], title: str) -> None:
    """Say what it is, in its upper left corner, where there is room."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    box = polygon(points, picture).boundingRect()
    text = metrics.elidedText(title, Qt.TextElideMode.ElideRight, round(box.width()) - 4 * _PADDING_PX)
    plate = QRectF(
        box.left() + _PADDING_PX,
        box.top() + _PADDING_PX,
        metrics.horizontalAdvance(text) + 2 * _PADDING_PX,
        metrics.height() + 2,
    )
    # In a low shape it would hide what is there: the clock that a zone leaves out is still to be read.
    if len(text) < 2 or _MIN_PLATES * plate.height() > box.height():
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)
