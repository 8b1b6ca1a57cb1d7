"""Paints lanes: footage with its gaps, segments by score and verdict, hours, and where the cursor is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from engine.archive.lanes import Footage, Lane
from engine.archive.schema import AnalysisState
from engine.archive.searching import Hit
from engine.review.document import Verdict
from vadgui.archive.lane_scale import LaneScale
from vadgui.ui import theme

LANE_PX = 36
AXIS_PX = 24
_NAME_MARGIN_PX = 10
_BAR_MARGIN_PX = 5
_LEAST_HIT_PX = 3
_LEAST_HEIGHT = 0.25
_TICK_PX = 64
_ANALYSED_ALPHA = 70


@dataclass(frozen=True)
class LaneStyle:
    """What all lanes are painted with."""

    names_px: int
    top_score: float
    """A segment of this score is as high as its lane."""


class LanePainter:
    """Paints onto a widget that is wide enough for names and scale."""

    def __init__(self, painter: QPainter, scale: LaneScale, style: LaneStyle) -> None:
        self._painter = painter
        self._scale = scale
        self._style = style
        self._colours = theme.current()
        self._hit_painter = HitPainter(painter)

    def axis(self, bottom: int) -> None:
        """Paint the hours above the lanes, and their lines down to `bottom`."""
        painter, scale = self._painter, self._scale
        names = self._style.names_px
        for tick in scale.ticks(_TICK_PX):
            x = names + round(scale.x(tick))
            painter.setPen(QColor(self._colours.grid))
            painter.drawLine(x, AXIS_PX - 4, x, bottom)
            painter.setPen(QColor(self._colours.muted_text))
            words = QRect(x - _TICK_PX // 2, 0, _TICK_PX, AXIS_PX - 4)
            words.moveLeft(min(max(words.left(), names), names + round(scale.width_px) - _TICK_PX))
            aligned = Qt.AlignmentFlag.AlignHCenter
            if words.left() == names:
                aligned = Qt.AlignmentFlag.AlignLeft
            elif words.center().x() < x - 1:
                aligned = Qt.AlignmentFlag.AlignRight
            label = "24:00" if tick == scale.stop else f"{tick.astimezone():%H:%M}"
            painter.drawText(words, aligned | Qt.AlignmentFlag.AlignVCenter, label)

    def lane(self, lane: Lane, row: QRect, *, is_current: bool) -> None:
        """Paint a camera's name and what it has recorded."""
        painter, colours, names = self._painter, self._colours, self._style.names_px
        if is_current:
            painter.fillRect(row, QColor(colours.raised))
        painter.setPen(QColor(colours.border))
        painter.drawLine(row.bottomLeft(), row.bottomRight())
        name = QRect(row.left() + _NAME_MARGIN_PX, row.top(), names - 2 * _NAME_MARGIN_PX, row.height())
        elided = painter.fontMetrics().elidedText(lane.camera, Qt.TextElideMode.ElideMiddle, name.width())
        painter.setPen(QColor(colours.text if lane.footage else colours.muted_text))
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, elided)
        painter.save()
        painter.setClipRect(row.adjusted(names, 0, 0, 0), Qt.ClipOperation.IntersectClip)
        for footage in lane.footage:
            self._footage(footage, row)
        self._hits(lane, row)
        painter.restore()

    def cursor(self, hit: Hit, row: QRect) -> None:
        """Paint a frame round the segment that the cursor is on."""
        place = self.place(hit, row).adjusted(-3, 0, 3, 0)
        place.setTop(row.top() + 2)
        place.setBottom(row.bottom() - 2)
        self._painter.setPen(QPen(QColor(self._colours.accent), 2))
        self._painter.drawRoundedRect(place, 2, 2)

    def mark(self, moment: datetime, row: QRect) -> None:
        """Paint a line at a moment of a lane."""
        x = self._style.names_px + round(self._scale.x(moment))
        self._painter.setPen(QPen(QColor(self._colours.accent), 2))
        self._painter.drawLine(x, row.top() + 1, x, row.bottom() - 1)

    def place(self, hit: Hit, row: QRect) -> QRectF:
        """Where a segment is painted."""
        assert hit.start_time is not None
        left = self._scale.x(hit.start_time)
        seconds = hit.stop_seconds - hit.start_seconds
        return self._bar(left, seconds * self._scale.px_a_second, hit.peak_score or 0.0, row)

    def _hits(self, lane: Lane, row: QRect) -> None:
        """Paint a lane's segments, the highest last: where several share a pixel, it is the one that is seen."""
        scale = self._scale
        seen = lane.prominent(scale.shown_start, scale.shown_stop, _LEAST_HIT_PX / scale.px_a_second)
        lefts = (lane.starts[seen] - scale.shown_start.timestamp()) * scale.px_a_second
        widths = (lane.stops[seen] - lane.starts[seen]) * scale.px_a_second
        values = zip(seen.tolist(), lefts.tolist(), widths.tolist(), lane.scores[seen].tolist(), strict=True)
        for number, left, width, score in values:
            self._hit_painter.paint(self._bar(left, width, score, row), lane.hits[number].verdict)

    def _bar(self, left: float, width: float, score: float, row: QRect) -> QRectF:
        room = row.height() - 2 * _BAR_MARGIN_PX
        height = room * min(max(score / self._style.top_score, _LEAST_HEIGHT), 1.0)
        top = row.bottom() - _BAR_MARGIN_PX - height
        return QRectF(self._style.names_px + left, top, max(width, _LEAST_HIT_PX), height)

    def _footage(self, footage: Footage, row: QRect) -> None:
        left, right = self._xs(self._scale.x(footage.start), self._scale.x(footage.stop), 1)
        bar = QRectF(left, row.top() + _BAR_MARGIN_PX, right - left, row.height() - 2 * _BAR_MARGIN_PX)
        paint_footage(self._painter, bar, None if footage.is_missing else footage.analysis)
        if right - left > 2 * _LEAST_HIT_PX:  # where one recording ends and the next begins
            self._painter.fillRect(QRectF(left, bar.top(), 1, bar.height()), QColor(self._colours.surface))

    def _xs(self, left: float, right: float, least_px: int) -> tuple[float, float]:
        return self._style.names_px + left, self._style.names_px + max(right, left + least_px)


def paint_footage(painter: QPainter, bar: QRectF, analysis: AnalysisState | None) -> None:
    """Paint a recording; None is one whose file is missing."""
    colours = theme.current()
    if analysis is None:
        painter.setPen(QPen(QColor(colours.control_border), 1, Qt.PenStyle.DashLine))
        painter.drawRect(bar.adjusted(0, 0, -1, -1))
        return
    analysed = QColor(colours.accent)
    analysed.setAlpha(_ANALYSED_ALPHA)
    is_analysed = analysis is AnalysisState.DONE
    painter.fillRect(bar, analysed if is_analysed else QColor(colours.pending))
    if not is_analysed:
        painter.fillRect(bar, _hatched(colours.control_border))


class HitPainter:
    """Paints segments by their verdict."""

    def __init__(self, painter: QPainter) -> None:
        colours = theme.current()
        self._painter = painter
        self._usual = QColor(colours.alert)
        self._brushes = {Verdict.CONFIRMED: QColor(colours.accent), Verdict.DISMISSED: QColor(colours.surface)}
        self._outline = QColor(colours.control_border)
        self._hatch = _hatched(colours.surface)

    def paint(self, place: QRectF, verdict: Verdict) -> None:
        """Paint one."""
        self._painter.fillRect(place, self._brushes.get(verdict, self._usual))
        if verdict is Verdict.DISMISSED:
            self._painter.setPen(self._outline)
            self._painter.drawRect(place.adjusted(0, 0, -1, -1))
        elif verdict is Verdict.UNSURE:
            self._painter.fillRect(place, self._hatch)


def _hatched(colour: str) -> QBrush:
    return QBrush(QColor(colour), Qt.BrushStyle.BDiagPattern)
