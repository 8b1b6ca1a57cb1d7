"""Paints zones of the picture: what does not count is darkened and hatched, so that nobody takes it for calm."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPainterPath, QPen, QPixmap, QPolygonF

from engine.export.drawing import BLIND_HATCH, BLIND_SHADE, IGNORED_LINE, WATCHED_LINE
from engine.scoring.zones import Point, Zone, ZoneKind

_TILE_PX = 12
_PADDING_PX = 4
_CORNER_PX = 7
LINES = {ZoneKind.IGNORED: QColor(*IGNORED_LINE), ZoneKind.WATCHED: QColor(*WATCHED_LINE)}
"""Colours of the borders; kinds differ in their dashes too."""
_STYLES = {ZoneKind.IGNORED: Qt.PenStyle.DashLine, ZoneKind.WATCHED: Qt.PenStyle.SolidLine}


def paint_zones(painter: QPainter, picture: QRect, zones: Sequence[Zone], selected: int | None = None) -> None:
    """Hatch what does not count, and draw each zone's border and name; corners of the one that is `selected`."""
    if not zones:
        return
    painter.save()
    painter.setClipRect(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    blind = _blind(picture, zones)
    painter.setBrushOrigin(picture.topLeft())
    painter.fillPath(blind, QColor(0, 0, 0, round(255 * BLIND_SHADE)))
    painter.fillPath(blind, QBrush(_hatched_tile()))
    for number, zone in enumerate(zones):
        _paint_border(painter, polygon(zone.points, picture), zone.kind, thick=number == selected)
    for number, zone in enumerate(zones):
        _paint_name(painter, picture, zone)
        if number == selected:
            for corner in corners(zone.points, picture):
                place = QRectF(0, 0, _CORNER_PX, _CORNER_PX)
                place.moveCenter(corner)
                painter.fillRect(place.adjusted(-1, -1, 1, 1), QColor(0, 0, 0))
                painter.fillRect(place, QColor(255, 255, 255))
    painter.restore()


def paint_draft(painter: QPainter, picture: QRect, points: Sequence[Point], kind: ZoneKind) -> None:
    """Draw the line of a zone that is being drawn."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = polygon(points, picture)
    for width, colour in ((4.0, QColor(0, 0, 0)), (2.0, LINES[kind])):
        painter.setPen(QPen(colour, width))
        painter.drawPolyline(line)
    painter.setPen(QPen(QColor(0, 0, 0), 1))
    painter.setBrush(QColor(255, 255, 255))
    for corner in corners(points, picture):
        painter.drawEllipse(corner, _CORNER_PX / 2, _CORNER_PX / 2)
    painter.restore()


def corners(points: Sequence[Point], picture: QRect) -> list[QPointF]:
    """Points given as shares of the picture, in the widget's coordinates."""
    left, top, width, height = picture.left(), picture.top(), picture.width(), picture.height()
    return [QPointF(left + x * width, top + y * height) for x, y in points]


def share_of(position: QPointF, picture: QRect) -> Point:
    """A place in the widget's coordinates as shares of the picture, inside it."""
    x, y = (position.x() - picture.left()) / picture.width(), (position.y() - picture.top()) / picture.height()
    return round(min(max(x, 0.0), 1.0), 4), round(min(max(y, 0.0), 1.0), 4)


def polygon(points: Sequence[Point], picture: QRect) -> QPolygonF:
    """The polygon of these corners."""
    return QPolygonF(corners(points, picture))


def _blind(picture: QRect, zones: Sequence[Zone]) -> QPainterPath:
    """What does not count: all that is not watched, if something is, and what is ignored."""
    blind = QPainterPath()
    if any(zone.kind is ZoneKind.WATCHED for zone in zones):
        blind.addRect(QRectF(picture))
    for kind in (ZoneKind.WATCHED, ZoneKind.IGNORED):
        for zone in zones:
            if zone.kind is kind:
                area = QPainterPath()
                area.addPolygon(polygon(zone.points, picture))
                area.closeSubpath()
                blind = blind.subtracted(area) if kind is ZoneKind.WATCHED else blind.united(area)
    return blind


def _paint_border(painter: QPainter, line: QPolygonF, kind: ZoneKind, *, thick: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    width = 3.0 if thick else 1.5
    painter.setPen(QPen(QColor(0, 0, 0, 200), width + 2))
    painter.drawPolygon(line)
    painter.setPen(QPen(LINES[kind], width, _STYLES[kind]))
    painter.drawPolygon(line)


def _paint_name(painter: QPainter, picture: QRect, zone: Zone) -> None:
    """What the zone is, in its upper left corner, where there is room."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    box = polygon(zone.points, picture).boundingRect()
    text = metrics.elidedText(zone.title, Qt.TextElideMode.ElideRight, round(box.width()) - 4 * _PADDING_PX)
    plate = QRectF(
        box.left() + _PADDING_PX,
        box.top() + _PADDING_PX,
        metrics.horizontalAdvance(text) + 2 * _PADDING_PX,
        metrics.height() + 2,
    )
    if len(text) < 2 or plate.height() + 2 * _PADDING_PX > box.height():
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


def _hatched_tile() -> QPixmap:
    tile = QPixmap(_TILE_PX, _TILE_PX)
    tile.fill(Qt.GlobalColor.transparent)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(255, 255, 255, round(255 * BLIND_HATCH)), 1.5))
    for shift in (-_TILE_PX, 0, _TILE_PX):
        painter.drawLine(shift - 2, _TILE_PX + 2, shift + _TILE_PX + 2, -2)
    painter.end()
    return tile
