"""Paints lanes: footage with its gaps, segments by score and verdict, hours, and where the cursor is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen

from engine.archive.lanes import Footage, Lane, Seconds
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

Bar = tuple[int, int, int, int]
"""Left, top, width and height in pixels: making a QRect of them takes as long as painting it."""


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
        self._border = QColor(self._colours.surface)
        self._footage_painter = FootagePainter(painter)
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
            if footage.start < self._scale.shown_stop and footage.stop > self._scale.shown_start:
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

    def place(self, hit: Hit, row: QRect) -> QRect:
        """Where a segment is painted."""
        assert hit.start_time is not None
        start = hit.start_time.timestamp()
        stop = start + hit.stop_seconds - hit.start_seconds
        values = self._bars(np.array([start]), np.array([stop]), np.array([hit.peak_score or 0.0]), row)
        return QRect(*next(values))

    def _hits(self, lane: Lane, row: QRect) -> None:
        """Paint a lane's segments, the highest last: where several share a pixel, it is the one that is seen."""
        scale = self._scale
        seen = lane.prominent(scale.shown_start, scale.shown_stop, _LEAST_HIT_PX / scale.px_a_second)
        bars = self._bars(lane.starts[seen], lane.stops[seen], lane.scores[seen], row)
        self._hit_painter.paint(bars, [lane.verdicts[number] for number in seen.tolist()])

    def _bars(self, starts: Seconds, stops: Seconds, scores: Seconds, row: QRect) -> Iterator[Bar]:
        """Where segments are painted that begin and end so many seconds after 1970."""
        px_a_second = self._scale.px_a_second
        lefts = self._style.names_px + (starts - self._scale.shown_start.timestamp()) * px_a_second
        rights = lefts + np.maximum((stops - starts) * px_a_second, _LEAST_HIT_PX)
        bottom = row.bottom() - _BAR_MARGIN_PX
        room = row.height() - 2 * _BAR_MARGIN_PX
        tops = bottom - room * np.clip(scores / self._style.top_score, _LEAST_HEIGHT, 1.0)
        left, top, right = (np.rint(each).astype(np.intp) for each in (lefts, tops, rights))
        return zip(left.tolist(), top.tolist(), (right - left).tolist(), (bottom - top).tolist(), strict=True)

    def _footage(self, footage: Footage, row: QRect) -> None:
        left = self._style.names_px + round(self._scale.x(footage.start))
        right = max(self._style.names_px + round(self._scale.x(footage.stop)), left + 1)
        bar = left, row.top() + _BAR_MARGIN_PX, right - left, row.height() - 2 * _BAR_MARGIN_PX
        self._footage_painter.paint(bar, None if footage.is_missing else footage.analysis)
        if right - left > 2 * _LEAST_HIT_PX:  # where one recording ends and the next begins
            self._painter.fillRect(left, bar[1], 1, bar[3], self._border)


class FootagePainter:
    """Paints recordings by how far their analysis is."""

    def __init__(self, painter: QPainter) -> None:
        colours = theme.current()
        self._painter = painter
        self._missing = QPen(QColor(colours.control_border), 1, Qt.PenStyle.DashLine)
        self._analysed, self._pending = QColor(colours.accent), QColor(colours.pending)
        self._analysed.setAlpha(_ANALYSED_ALPHA)
        self._hatch = _hatched(colours.control_border)

    def paint(self, bar: Bar, analysis: AnalysisState | None) -> None:
        """Paint one; None is one whose file is missing."""
        left, top, width, height = bar
        if analysis is None:
            self._painter.setPen(self._missing)
            self._painter.drawRect(left, top, width - 1, height - 1)
        elif analysis is AnalysisState.DONE:
            self._painter.fillRect(left, top, width, height, self._analysed)
        else:
            self._painter.fillRect(left, top, width, height, self._pending)
            self._painter.fillRect(left, top, width, height, self._hatch)


class HitPainter:
    """Paints segments by their verdict."""

    def __init__(self, painter: QPainter) -> None:
        colours = theme.current()
        self._painter = painter
        self._usual, self._confirmed = QColor(colours.alert), QColor(colours.accent)
        self._outline, self._within = QColor(colours.control_border), QColor(colours.surface)
        self._hatch = _hatched(colours.surface)

    def paint(self, bars: Iterable[Bar], verdicts: Iterable[Verdict]) -> None:
        """Paint some, the last on top; a day has thousands, and is painted at each turn of the wheel."""
        painter, usual, confirmed, within = self._painter, self._usual, self._confirmed, self._within
        painter.setPen(self._outline)
        for (left, top, width, height), verdict in zip(bars, verdicts, strict=True):
            if verdict is Verdict.DISMISSED:
                painter.fillRect(left, top, width, height, within)
                painter.drawRect(left, top, width - 1, height - 1)
                continue
            painter.fillRect(left, top, width, height, confirmed if verdict is Verdict.CONFIRMED else usual)
            if verdict is Verdict.UNSURE:
                painter.fillRect(left, top, width, height, self._hatch)


def _hatched(colour: str) -> QBrush:
    return QBrush(QColor(colour), Qt.BrushStyle.BDiagPattern)
