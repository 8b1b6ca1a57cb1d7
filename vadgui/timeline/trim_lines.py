"""The borders of the selected segment, which the mouse moves."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor

from engine.review.attaching import ReviewedSegment
from vadgui.model.session import ReviewSession
from vadgui.timeline.plot import TimelinePlot
from vadgui.timeline.scores import ScoreSeries
from vadgui.ui import theme

_GRIP_PX = 7
"""How close the mouse must come to take hold of a border, in all."""
_LEAST_PX = 3 * _GRIP_PX
"""Narrower segments have no borders to be taken hold of: a drag there is meant to move the playhead."""


class TrimLines(QObject):
    """Lies on the begin and the end of the selected segment; invisible until the mouse is there."""

    trimmed = Signal(int, int)
    """The selected segment's first frame and the one after its last, as the mouse left them."""
    frame_shown = Signal(int)
    """The frame that would be the first or the last, while a border is dragged."""

    def __init__(self, session: ReviewSession, series: ScoreSeries, plot: TimelinePlot) -> None:
        super().__init__(plot)
        self._session, self._series, self._plot = session, series, plot
        self.begin, self.end = (pg.InfiniteLine(angle=90, movable=True, pen=pg.mkPen(None)) for _ in range(2))
        for line in (self.begin, self.end):
            line.setCursor(Qt.CursorShape.SizeHorCursor)
            plot.getPlotItem().addItem(line, ignoreBounds=True)
            line.sigPositionChangeFinished.connect(self._take_over)
        self.begin.sigDragged.connect(lambda line: self.frame_shown.emit(self._border(line.value())))
        self.end.sigDragged.connect(lambda line: self.frame_shown.emit(max(self._border(line.value()) - 1, 0)))
        scoring = session.scoring
        for changed in (scoring.selection_changed, scoring.segments_changed, session.review.access_changed):
            changed.connect(self._follow)
        session.review.opened.connect(self._let_go)
        plot.box.sigXRangeChanged.connect(lambda: self._follow())
        theme.changed.connect(self._tint)
        self._tint()
        self._follow()

    def _follow(self) -> None:
        if self.begin.moving or self.end.moving:
            return
        selected = self._session.scoring.selected
        can_trim = isinstance(selected, ReviewedSegment) and not self._session.review.read_only
        if can_trim and selected:
            starts, stops = self._series.spans_of([selected])
            begin, stop = self._plot.box.span()
            width = (stops[0] - starts[0]) / (stop - begin) * self._plot.box.sceneBoundingRect().width()
            can_trim = bool(width >= _LEAST_PX)
            self.begin.setValue(float(starts[0]))
            self.end.setValue(float(stops[0]))
        self.begin.setVisible(can_trim)
        self.end.setVisible(can_trim)

    def _border(self, seconds: float) -> int:
        """The frame that begins nearest to a time; behind the last one their number."""
        frame = self._series.frame_at(seconds)
        begins, ends = float(self._series.starts_of([frame])[0]), float(self._series.ends_of([frame])[0])
        return frame + int(seconds - begins > ends - seconds)

    def _take_over(self) -> None:
        selected = self._session.scoring.selected
        borders = self._border(self.begin.value()), self._border(self.end.value())
        if selected and borders != (selected.start, selected.stop):
            self.trimmed.emit(*borders)
        self._follow()

    def _let_go(self) -> None:
        """A drag that goes on is about a segment of the recording before."""
        self.begin.moving = self.end.moving = False
        self._follow()

    def _tint(self) -> None:
        grip = QColor(theme.current().threshold)
        grip.setAlpha(110)
        for line in (self.begin, self.end):
            line.setHoverPen(pg.mkPen(grip, width=_GRIP_PX))
