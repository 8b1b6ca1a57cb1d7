"""Paints zones of the picture: what does not count is darkened and hatched, so that nobody takes it for calm."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPixmap

from engine.common.language import tr
from engine.export.drawing import BLIND_HATCH, BLIND_SHADE, IGNORED_LINE, WATCHED_LINE
from engine.scoring.zones import Zone, ZoneKind
from vadgui.panels.shapes import paint_border, paint_corners, paint_title, polygon

_TILE_PX = 12
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
        line = polygon(zone.points, picture)
        paint_border(painter, line, LINES[zone.kind], _STYLES[zone.kind], thick=number == selected)
    for number, zone in enumerate(zones):
        paint_title(painter, picture, zone.points, title_in_words(zone))
        if number == selected:
            paint_corners(painter, picture, zone.points)
    painter.restore()


def title_in_words(zone: Zone) -> str:
    """What it is for, and its name if it has one, in the window's language."""
    kind = tr(zone.kind.value)
    return f"{kind}: {zone.name}" if zone.name else kind


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
