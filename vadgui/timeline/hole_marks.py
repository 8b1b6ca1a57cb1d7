"""Marks on the timeline where a recording has no pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QPainter

from vadgui.timeline.holes import Hole
from vadgui.timeline.items import PixelItem, merged_pixels
from vadgui.timeline.pyramid import Floats
from vadgui.ui import theme

_LABEL_MARGIN_PX = 6
_MOST_LABELLED = 50
"""Beyond so many in view there is no room for words."""


class HoleSpans:
    """Paints holes over a stretch of time."""

    def __init__(self, holes: Sequence[Hole]) -> None:
        self._holes = list(holes)
        self._starts: Floats = np.array([hole.start for hole in holes])
        self._stops: Floats = np.array([hole.stop for hole in holes])
        self._is_damaged = np.array([hole.is_damaged for hole in holes], np.bool_)

    def paint(self, painter: QPainter, area: QRect, begin: float, stop: float, *, labelled: bool = False) -> None:
        """Paint the time range [begin, stop) over `area`: gaps sunk into the background, what is lost hatched."""
        colours = theme.current()
        for is_damaged in (False, True):
            kind = self._is_damaged == is_damaged
            for left, right in merged_pixels(self._starts[kind], self._stops[kind], begin, stop, area.width()):
                place = QRect(area.left() + left, area.top(), right - left, area.height())
                painter.fillRect(place, QColor(colours.background))
                if is_damaged:
                    painter.fillRect(place, QBrush(QColor(colours.alert), Qt.BrushStyle.BDiagPattern))
                edge = QColor(colours.alert if is_damaged else colours.control_border)
                for x in (place.left(), place.right()):
                    painter.fillRect(x, area.top(), 1, area.height(), edge)
        if labelled:
            self._label(painter, area, begin, stop)

    def _label(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        metrics = painter.fontMetrics()
        scale = area.width() / (stop - begin)
        first = int(np.searchsorted(self._stops, begin, side="right"))
        beyond = int(np.searchsorted(self._starts, stop, side="left"))
        for hole in self._holes[first : beyond if beyond - first <= _MOST_LABELLED else first]:
            left, right = (area.left() + (min(max(at, begin), stop) - begin) * scale for at in (hole.start, hole.stop))
            length = metrics.horizontalAdvance(hole.label) + _LABEL_MARGIN_PX
            lies = right - left > length + _LABEL_MARGIN_PX
            if not lies and (right - left < metrics.height() or area.height() < length + _LABEL_MARGIN_PX):
                continue
            painter.save()
            painter.translate(QPointF((left + right) / 2, area.center().y()))
            if not lies:
                painter.rotate(-90)
            plate = QRect(-length // 2, -metrics.height() // 2, length, metrics.height())
            painter.fillRect(plate, QColor(theme.current().background))
            painter.setPen(QColor(theme.current().text))
            painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, hole.label)
            painter.restore()


class HolesItem(PixelItem):
    """The holes in the timeline's plot."""

    def __init__(self) -> None:
        super().__init__()
        self._spans = HoleSpans([])

    def set_holes(self, holes: Sequence[Hole]) -> None:
        """Show these, in the order of time."""
        self._spans = HoleSpans(holes)
        self.update()

    def paint_pixels(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """Holes, with words in those that are wide enough."""
        self._spans.paint(painter, area, begin, stop, labelled=True)
