"""The strip beneath the timeline: the whole recording, and which part of it the plot shows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QImage, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.common.language import tr
from vadgui.timeline.hole_marks import HoleSpans
from vadgui.timeline.holes import Hole
from vadgui.timeline.items import merged_pixels, paint_runs
from vadgui.timeline.pyramid import Floats
from vadgui.timeline.scores import ScoreSeries
from vadgui.timeline.trace import draw_trace
from vadgui.ui import theme

_HEIGHT_PX = 34
_MARK_PX = 4


class OverviewStrip(QWidget):
    """Draws what it is told; asks for another visible range by click and drag."""

    centre_requested = Signal(float)
    """Seconds that should be in the middle of the plot."""

    def __init__(self, series: ScoreSeries, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._series = series
        self._visible = (0.0, 0.0)
        self._playhead_seconds = 0.0
        self._threshold = 0.5
        self._starts: Floats = np.empty(0)
        self._stops: Floats = np.empty(0)
        self._holes = HoleSpans([])
        self._conditions: list[tuple[float, float]] = []
        self._key: tuple[object, ...] = ()
        self._image = QImage()
        self._margins = (0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Overview of the whole recording"))
        self.setToolTip(tr("The whole recording. Click or drag to move the part that is shown above."))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A strip."""
        return QSize(400, _HEIGHT_PX)

    def set_margins(self, left: int, right: int) -> None:
        """Room beside the strip, so that it lines up with the plot."""
        self._margins = (left, right)
        self.update()

    def set_visible(self, begin: float, stop: float) -> None:
        """The time range that the plot shows."""
        self._visible = (begin, stop)
        self.update()

    def set_playhead(self, seconds: float) -> None:
        """Where the playhead is."""
        self._playhead_seconds = seconds
        self.update()

    def set_threshold(self, threshold: float) -> None:
        """Scores from here on are drawn as flagged."""
        self._threshold = threshold
        self.update()

    def set_spans(self, starts: Floats, stops: Floats) -> None:
        """Show segments from `starts` to `stops` in seconds, in the order of time."""
        self._starts, self._stops = starts, stops
        self.update()

    def set_holes(self, holes: Sequence[Hole]) -> None:
        """Mark where there are no pictures."""
        self._holes = HoleSpans(holes)
        self.update()

    def set_conditions(self, starts: Floats, stops: Floats) -> None:
        """Mark when the camera fails."""
        self._conditions = list(zip(starts.tolist(), stops.tolist(), strict=True))
        self.update()

    def strip(self) -> QRect:
        """Where the recording is drawn."""
        left, right = self._margins
        return self.rect().adjusted(left, 2, -right, -4)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Curve, segments, playhead, and a veil over what the plot does not show."""
        colours = theme.current()
        painter = QPainter(self)
        strip = self.strip()
        painter.fillRect(strip, QColor(colours.surface))
        end = self._series.end_seconds
        if end <= 0 or strip.width() < 2:
            return
        self._holes.paint(painter, strip, 0.0, end)
        painter.drawImage(strip.topLeft(), self._curve(strip, end))
        scale = strip.width() / end
        for start, stop in self._conditions:
            place = QRectF(strip.left() + start * scale, strip.top(), max((stop - start) * scale, 2), strip.height())
            painter.fillRect(place, QBrush(QColor(colours.control_border), Qt.BrushStyle.BDiagPattern))
        marks = QRect(strip.left(), strip.top(), strip.width(), _MARK_PX)
        runs = merged_pixels(self._starts, self._stops, 0.0, end, strip.width())
        paint_runs(painter, marks, runs, QColor(colours.alert))
        x = strip.left() + int(self._playhead_seconds / end * strip.width())
        painter.fillRect(x, strip.top(), 2, strip.height(), QColor(colours.playhead))
        self._paint_window(painter, strip, end)

    def _curve(self, strip: QRect, end: float) -> QImage:
        ratio = self.devicePixelRatioF()
        width, height = round(strip.width() * ratio), round(strip.height() * ratio)
        key = (end, width, height, self._threshold, self._series.top, self._series.version, theme.current().name)
        if key != self._key:
            self._key = key
            columns = self._series.columns(0.0, end, width)
            top, muted = 1.25 * self._series.top, self._series.is_muted
            self._image = draw_trace(columns, height, top, self._threshold, theme.current(), is_muted=muted)
            self._image.setDevicePixelRatio(ratio)
        return self._image

    def _paint_window(self, painter: QPainter, strip: QRect, end: float) -> None:
        left, right = (strip.left() + round(seconds / end * strip.width()) for seconds in self._visible)
        right = max(right, left + 6)
        veil = QColor(theme.current().background)
        veil.setAlpha(150)
        painter.fillRect(QRect(strip.left(), strip.top(), left - strip.left(), strip.height()), veil)
        painter.fillRect(QRect(right, strip.top(), strip.right() + 1 - right, strip.height()), veil)
        painter.setPen(QColor(theme.current().control_border))
        painter.drawRect(QRect(left, strip.top(), right - left - 1, strip.height() - 1))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show what was clicked."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event)

    mouseMoveEvent = mousePressEvent  # noqa: N815 - Qt's name

    def _ask(self, event: QMouseEvent) -> None:
        strip = self.strip()
        share = (event.position().x() - strip.left()) / max(strip.width(), 1)
        self.centre_requested.emit(min(max(share, 0.0), 1.0) * self._series.end_seconds)
