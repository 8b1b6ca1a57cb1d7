"""Paints lanes: footage with its gaps, segments by score and verdict, hours, and where the cursor is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from engine.archive.overview import Footage
from engine.archive.schema import AnalysisState
from engine.archive.searching import Hit
from engine.review.document import Verdict
from vadgui.archive.lane_rows import Lane, begun, ended
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
        # The highest last: where several share a pixel, it is the one that is seen.
        hits = lane.hits_between(self._scale.shown_start, self._scale.shown_stop)
        for hit in sorted(hits, key=lambda hit: hit.peak_score or 0.0):
            paint_hit(painter, self.place(hit, row), hit.verdict)
        painter.restore()

    def cursor(self, hit: Hit, row: QRect) -> None:
        """Paint a frame round the segment that the cursor is on."""
        place = self.place(hit, row).adjusted(-3, 0, 3, 0)
        place.setTop(row.top() + 2)
        place.setBottom(row.bottom() - 2)
        self._painter.setPen(QPen(QColor(self._colours.accent), 2))
        self._painter.drawRoundedRect(place, 2, 2)

    def place(self, hit: Hit, row: QRect) -> QRectF:
        """Where a segment is painted."""
        left, right = self._xs(self._scale.x(begun(hit)), self._scale.x(ended(hit)), _LEAST_HIT_PX)
        room = row.height() - 2 * _BAR_MARGIN_PX
        share = min(max((hit.peak_score or 0.0) / self._style.top_score, _LEAST_HEIGHT), 1.0)
        return QRectF(left, row.bottom() - _BAR_MARGIN_PX - room * share, right - left, room * share)

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


def paint_hit(painter: QPainter, place: QRectF, verdict: Verdict) -> None:
    """Paint a segment."""
    colours = theme.current()
    painted = {Verdict.CONFIRMED: colours.accent, Verdict.DISMISSED: colours.surface}
    painter.fillRect(place, QColor(painted.get(verdict, colours.alert)))
    if verdict is Verdict.DISMISSED:
        painter.setPen(QColor(colours.control_border))
        painter.drawRect(place.adjusted(0, 0, -1, -1))
    elif verdict is Verdict.UNSURE:
        painter.fillRect(place, _hatched(colours.surface))


def _hatched(colour: str) -> QBrush:
    return QBrush(QColor(colour), Qt.BrushStyle.BDiagPattern)


def top_score(lanes: Sequence[Lane]) -> float:
    """The highest score on some lanes."""
    return max((hit.peak_score or 0.0 for lane in lanes for hit in lane.hits), default=0.0) or 1.0
