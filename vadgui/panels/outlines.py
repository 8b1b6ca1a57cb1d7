"""Paints outlines of what stands out onto a picture, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import QPointF, QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from engine.scoring.where import Outline

_LINE = QColor(255, 210, 0)
_PLATE = QColor(0, 0, 0, 190)
_PADDING_PX = 4
_GAP_PX = 3
_MAX_LINES = 2
_BREAK_PX = 20  # half a word
_MIN_WIDTH_PX = 220
"""Narrower pictures have no room for words."""


def paint_outlines(painter: QPainter, picture: QRect, outlines: Sequence[Outline], *, in_words: bool = True) -> None:
    """Paint lines round what stands out; where the picture has room, the reason of each beside it."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    thin = picture.width() < _MIN_WIDTH_PX
    polygons = [_polygon(outline, picture) for outline in outlines]
    # A light line on a wider dark one is visible on any picture; all dark ones first, so that none covers a light one.
    for width, colour in ((3.0 if thin else 4.5, QColor(0, 0, 0)), (1.5 if thin else 2.0, _LINE)):
        painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin))
        for polygon in polygons:
            painter.drawPolygon(polygon)
    if in_words and not thin:
        _paint_words(painter, picture, outlines, polygons)
    painter.restore()


def _polygon(outline: Outline, picture: QRect) -> QPolygonF:
    left, top, width, height = picture.left(), picture.top(), picture.width(), picture.height()
    return QPolygonF([QPointF(left + x * width, top + y * height) for x, y in outline.contour.tolist()])


def _paint_words(painter: QPainter, picture: QRect, outlines: Sequence[Outline], polygons: Sequence[QPolygonF]) -> None:
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    # Of a zoomed picture, words stay in the part that is shown.
    shown = picture.intersected(painter.clipBoundingRect().toRect()) if painter.hasClipping() else picture
    area = QRectF(shown).adjusted(_GAP_PX, _GAP_PX, -_GAP_PX, -_GAP_PX)
    taken = [polygon.boundingRect() for polygon in polygons]
    for outline, around in zip(outlines, list(taken), strict=True):
        for text, size in _words(outline, metrics, area.width() - 2 * _PADDING_PX):
            plate = QRectF(0, 0, size.width() + 2 * _PADDING_PX, size.height() + 2)
            if place := _place(plate, around, area, taken):  # words over another thing would hide more than they tell
                taken.append(place)
                _paint_plate(painter, place, text)
                break


def _paint_plate(painter: QPainter, place: QRectF, text: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PLATE)
    painter.drawRoundedRect(place, 3, 3)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)


def _words(outline: Outline, metrics: QFontMetricsF, width: float) -> Iterator[tuple[str, QSizeF]]:
    """What an outline says in lines so wide, and their size, unless they are too many; then the reason alone."""
    length = metrics.horizontalAdvance(outline.in_words)
    # Lines of like length first: a single word in the second looks lost.
    even = min(width, length / _MAX_LINES + _BREAK_PX) if length > width else width
    for room in (even, width):
        wrapped = metrics.boundingRect(QRectF(0, 0, room, 0), int(Qt.TextFlag.TextWordWrap), outline.in_words)
        if wrapped.width() <= width and wrapped.height() < (_MAX_LINES + 0.5) * metrics.lineSpacing():
            yield outline.in_words, wrapped.size()
    reason = metrics.elidedText(outline.reason, Qt.TextElideMode.ElideRight, width)
    yield reason, QSizeF(metrics.horizontalAdvance(reason), metrics.height())


def _place(plate: QRectF, around: QRectF, area: QRectF, taken: Sequence[QRectF]) -> QRectF | None:
    """Where in an area a plate lies beside an outline: above or else below it, over nothing that is taken."""
    left = min(max(around.center().x() - plate.width() / 2, area.left()), area.right() - plate.width())
    for top in (around.top() - plate.height() - _GAP_PX, around.bottom() + _GAP_PX):
        place = QRectF(left, top, plate.width(), plate.height())
        if area.contains(place) and not any(place.intersects(other) for other in taken if other != around):
            return place
    return None
