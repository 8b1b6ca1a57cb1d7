"""The lanes on screen: strips under the plot, on its time axis."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QMenu, QScrollArea, QSizePolicy, QWidget

from engine.common.language import tr, tr_noop
from vadgui.timeline.hole_marks import HoleSpans
from vadgui.timeline.items import merged_pixels, paint_runs
from vadgui.timeline.lanes import WINDOW, Lane, LaneSeries
from vadgui.timeline.plot import AXIS_WIDTH_PX, TimeBox
from vadgui.timeline.pyramid import Floats
from vadgui.timeline.scores import ScoreSeries
from vadgui.timeline.trace import draw_traces
from vadgui.ui import theme

LANE_PX = 38
_GAP_PX = 3
_FONT_PX = 10
_ALWAYS_IN_SIGHT = 3
_NOT_MEASURED = tr_noop("measured only in segments, of long ones at their borders, and where you looked")


class LaneStack(QScrollArea):
    """Scrolls where there are more lanes than room; without lanes it takes none."""

    def __init__(self, series: ScoreSeries, lanes: LaneSeries, box: TimeBox, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes = lanes
        self.strips = LaneStrips(series, lanes, box)
        self.setWidget(self.strips)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        lanes.lanes_changed.connect(self._fit)
        self._fit()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """All lanes."""
        return QSize(400, self.strips.minimumHeight())

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Some of them; the others by scrolling."""
        return QSize(0, min(self.strips.minimumHeight(), _ALWAYS_IN_SIGHT * (LANE_PX + _GAP_PX)))

    def _fit(self) -> None:
        self.strips.setMinimumHeight(len(self._lanes.shown) * (LANE_PX + _GAP_PX))
        self.setMaximumHeight(self.strips.minimumHeight())
        self.setVisible(bool(self._lanes.shown))
        self.updateGeometry()
        self.strips.forget()


class LaneStrips(QWidget):
    """Draws the lanes; a click or drag picks a time, the wheel zooms and pans the plot above."""

    time_picked = Signal(float)
    hovered = Signal(float)
    """The time under the mouse."""
    left = Signal()

    def __init__(self, series: ScoreSeries, lanes: LaneSeries, box: TimeBox) -> None:
        super().__init__()
        self._series, self._lanes, self._box = series, lanes, box
        self._threshold = np.inf
        self._playhead = 0
        self._hover: float | None = None
        self._holes = HoleSpans([])
        self._starts: Floats = np.empty(0)
        self._stops: Floats = np.empty(0)
        self._version = 0
        self._key: tuple[object, ...] = ()
        self._image = QImage()
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Lanes"))
        lanes.values_changed.connect(self.forget)
        box.sigXRangeChanged.connect(lambda: self.update())
        theme.changed.connect(self.update)

    def forget(self) -> None:
        """Values, or the lanes themselves, are others."""
        self._version += 1
        titles = ", ".join(tr(lane.title) for lane in self._lanes.shown)
        self.setAccessibleDescription(titles)
        self.update()

    def set_threshold(self, threshold: float) -> None:
        """Draw what reaches a score as flagged."""
        self._threshold = threshold
        self.update()

    def set_playhead(self, frame: int) -> None:
        """The frame that the window shows."""
        self._playhead = frame
        self.update()

    def set_hover(self, seconds: float | None) -> None:
        """The time under the mouse, here or in the plot above."""
        if seconds != self._hover:
            self._hover = seconds
            self.update()

    def set_segments(self, starts: Floats, stops: Floats) -> None:
        """Tint segments from `starts` to `stops` in seconds, in the order of time."""
        self._starts, self._stops = starts, stops
        self.update()

    def set_holes(self, holes: HoleSpans) -> None:
        """Mark where there are no pictures."""
        self._holes = holes
        self.update()

    def text_of(self, lane: Lane) -> str:
        """What is written in a lane: its title, and its value under the mouse, or else at the playhead."""
        frame = self._playhead if self._hover is None else self._series.frame_at(self._hover)
        note = "" if self._lanes.is_measured(lane) else tr(_NOT_MEASURED)
        return "  ".join(filter(None, (tr(lane.title), lane.describe(self._lanes.value_at(lane, frame)), note)))

    def area_of(self, number: int) -> QRect:
        """Where a lane is drawn: beneath the plot, whether there is a scroll bar or not."""
        plot = self._box.sceneBoundingRect().toAlignedRect()
        return QRect(plot.left(), number * (LANE_PX + _GAP_PX), plot.width(), LANE_PX)

    # Painting

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Each lane in view: segments, curve, playhead, title and scale."""
        painter = QPainter(self)
        painter.fillRect(event.rect(), QColor(theme.current().surface))
        font = QFont(painter.font())
        font.setPixelSize(_FONT_PX)
        painter.setFont(font)
        lanes = self._lanes.shown
        everything = self.area_of(0).united(self.area_of(len(lanes) - 1)).intersected(event.rect())
        if everything.width() < 2:
            return
        begin, stop = self._box.span()
        everything.setLeft(self.area_of(0).left())
        everything.setRight(self.area_of(0).right())
        self._holes.paint(painter, everything, begin, stop)
        runs = merged_pixels(self._starts, self._stops, begin, stop, everything.width())
        paint_runs(painter, everything, runs, QColor(theme.current().segment_fill))
        in_view = self.visibleRegion().boundingRect().united(event.rect())
        numbers = [number for number in range(len(lanes)) if self.area_of(number).intersects(in_view)]
        if numbers:
            curves = self._curves([lanes[number] for number in numbers], begin, stop)
            height = curves.height() / len(numbers)
            for row, number in enumerate(numbers):
                area, part = self.area_of(number), QRectF(0, row * height, curves.width(), height)
                painter.drawImage(QPointF(area.topLeft()), curves, part)
                self._paint_lane(painter, lanes[number], area)
        self._paint_moments(painter, everything, begin, stop)

    def _paint_lane(self, painter: QPainter, lane: Lane, area: QRect) -> None:
        colours = theme.current()
        low, high = self._lanes.extent(lane)
        if lane.is_score and self._threshold <= high:
            y = round(area.bottom() - self._threshold / high * area.height())
            painter.setPen(QPen(QColor(colours.threshold), 1, Qt.PenStyle.DotLine))
            painter.drawLine(area.left(), y, area.right(), y)
        painter.setPen(QColor(colours.border))
        painter.drawLine(area.left(), area.bottom() + 2, area.right(), area.bottom() + 2)
        self._paint_title(painter, lane, area)
        self._paint_scale(painter, area, low, high)

    def _paint_moments(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """The playhead, and the time under the mouse, through all lanes."""
        colours = theme.current()
        scale = area.width() / (stop - begin)
        here = float(self._series.starts_of([self._playhead])[0])
        if begin <= here <= stop:
            x = area.left() + int((here - begin) * scale)
            painter.fillRect(QRect(x, area.top(), 2, area.height()), QColor(colours.playhead))
        if self._hover is not None:
            painter.setPen(QPen(QColor(colours.muted_text), 1, Qt.PenStyle.DotLine))
            x = area.left() + round((self._hover - begin) * scale)
            painter.drawLine(x, area.top(), x, area.bottom())

    def _curves(self, lanes: Sequence[Lane], begin: float, stop: float) -> QImage:
        """Lanes' curves, one below the other, drawn anew only when something changed: the playhead moves more often."""
        ratio, area = self.devicePixelRatioF(), self.area_of(0)
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        lows, highs = np.array([self._lanes.extent(lane) for lane in lanes]).T[:, :, None]
        thresholds = np.array([self._threshold if lane.is_score else np.inf for lane in lanes])
        scales = tuple(np.concatenate([lows[:, 0], highs[:, 0], thresholds]).tolist())
        names = tuple(lane.key for lane in lanes)
        key = (begin, stop, width, height, names, scales, self._version, self._series.version, theme.current().name)
        if key != self._key:
            self._key = key
            pyramids = [self._lanes.pyramid(lane) for lane in lanes]
            columns = self._series.columns_of(pyramids, begin, stop, width).on_scale(lows, highs)
            lengths, muted = np.abs(highs - lows)[:, 0], self._series.is_muted
            self._image = draw_traces(columns, height, lengths, thresholds, theme.current(), is_muted=muted)
            self._image.setDevicePixelRatio(ratio)
        return self._image

    def _paint_title(self, painter: QPainter, lane: Lane, area: QRect) -> None:
        colours = theme.current()
        text = self.text_of(lane)
        metrics = painter.fontMetrics()
        plate = QRect(area.left() + 4, area.top() + 2, metrics.horizontalAdvance(text) + 8, metrics.height() + 1)
        back = QColor(colours.surface)
        back.setAlpha(215)
        painter.fillRect(plate, back)
        painter.setPen(QColor(colours.text))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_scale(self, painter: QPainter, area: QRect, low: float, high: float) -> None:
        painter.setPen(QColor(theme.current().muted_text))
        right = QRect(0, area.top(), AXIS_WIDTH_PX - 4, area.height())
        digits = 0 if max(abs(low), abs(high)) >= 10 or high.is_integer() else 1
        for value, edge in ((high, Qt.AlignmentFlag.AlignTop), (low, Qt.AlignmentFlag.AlignBottom)):
            text = f"{value:.{digits}f}" if value else "0"
            painter.drawText(right, Qt.AlignmentFlag.AlignRight | edge, text)

    # The mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Go to the time under the mouse."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.time_picked.emit(self._seconds_at(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Scrub while the button is down; else point."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.time_picked.emit(self._seconds_at(event))
        number = int(event.position().y()) // (LANE_PX + _GAP_PX)
        lanes = self._lanes.shown
        self.setToolTip(lanes[number].explanation if 0 <= number < len(lanes) else "")
        self.hovered.emit(self._seconds_at(event))

    def leaveEvent(self, _event: object) -> None:  # noqa: N802 - Qt's name
        """Nothing is pointed at."""
        self.left.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom and pan as in the plot; Ctrl and the wheel scroll the lanes."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        event.accept()
        turned = event.angleDelta()
        if turned.x() or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._box.pan_by_notches((turned.x() or turned.y()) / 120)
        else:
            self._box.zoom_by_notches(turned.y() / 120, self._seconds_at(event))

    def _seconds_at(self, event: QMouseEvent | QWheelEvent) -> float:
        area = self.area_of(0)
        begin, stop = self._box.span()
        share = (event.position().x() - area.left()) / max(area.width(), 1)
        return begin + min(max(share, 0.0), 1 - 0.5 / max(area.width(), 1)) * (stop - begin)


class LaneMenu(QMenu):
    """The lanes that there are, each switched on or off."""

    def __init__(self, lanes: LaneSeries, parent: QWidget | None = None) -> None:
        super().__init__(tr("&Lanes"), parent)
        self._lanes = lanes
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        shown = {lane.key for lane in self._lanes.shown}
        for lane in self._lanes.offered:
            action = QAction(tr(lane.title), self, checkable=True, checked=lane.key in shown)
            action.setToolTip(tr(lane.explanation))
            action.toggled.connect(self._lanes.hide_window if lane is WINDOW else partial(self._toggle, lane.key))
            self.addAction(action)
        self.addSeparator()
        self.addAction(tr("None"), self._hide_all).setEnabled(bool(shown))

    def _hide_all(self) -> None:
        self._lanes.hide_window()
        self._lanes.show(())

    def _toggle(self, key: str, on: bool) -> None:
        kept = [each for each in self._lanes.wanted if each != key]
        self._lanes.show([*kept, key] if on else kept)
