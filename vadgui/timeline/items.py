"""What is drawn in the timeline's plot; each item paints whole pixels, so its cost follows the width, not the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from engine.common.language import tr, tr_noop
from vadgui.timeline.pyramid import Floats, Indices
from vadgui.timeline.scores import ScoreSeries
from vadgui.timeline.trace import draw_trace
from vadgui.ui import theme

SCORE_ROOM = 1.12
"""Upper end of the plot in tops of the scale: room for the segments' brackets above the highest score."""

_BRACKET_PX = 4
_MIN_WIDTH_PX = 3
_FEW_RUNS = 50
_DISMISSED_ALPHA = 50
_PENDING_TEXT = tr_noop("not analysed yet")
_ROUGH_TEXT = tr_noop("overview")
"""Scores from few frames, which can still change."""


class PixelItem(pg.GraphicsObject):  # type: ignore[misc] # pyqtgraph has no types
    """Covers its view box and paints in pixels."""

    def boundingRect(self) -> QRectF:  # noqa: N802 - Qt's name
        """All of the view."""
        return QRectF(self.viewRect())

    def dataBounds(self, *_args: object, **_options: object) -> None:  # noqa: N802 - pyqtgraph's name
        """None: the view's range is not for items to choose."""

    def viewTransformChanged(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Zoomed, panned or resized."""
        self.prepareGeometryChange()
        # Drops the cached view: with an old bounding rectangle Qt leaves the item out wherever that is out of sight.
        super().viewTransformChanged()
        self.update()

    def paint(self, painter: QPainter, _option: QStyleOptionGraphicsItem, _widget: QWidget | None = None) -> None:
        """Hand over to `paint_pixels` with the plot's pixels as coordinates."""
        box = self.getViewBox()
        area = box.sceneBoundingRect().toAlignedRect()
        if area.width() < 2 or area.height() < 4:
            return
        painter.save()
        painter.resetTransform()
        painter.setClipRect(area)
        (begin, stop), _ = box.viewRange()
        self.paint_pixels(painter, area, begin, stop)
        painter.restore()

    def paint_pixels(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """Paint the time range [begin, stop) over `area`."""
        raise NotImplementedError


class ScoreItem(PixelItem):
    """The score curve, and where there is none yet."""

    def __init__(self, series: ScoreSeries) -> None:
        super().__init__()
        self._series = series
        self._threshold = 0.5
        self._key: tuple[object, ...] = ()
        self._image = QImage()
        self._pending_runs: list[tuple[int, int, str]] = []

    def set_threshold(self, threshold: float) -> None:
        """Scores from here on are drawn as flagged."""
        self._threshold = threshold
        self.update()

    def paint_pixels(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """The curve, drawn anew only when something of it changed: the playhead moves much more often."""
        device = painter.device()
        ratio = device.devicePixelRatioF() if device else 1.0
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        key = (
            begin,
            stop,
            width,
            height,
            self._threshold,
            self._series.top,
            self._series.version,
            theme.current().name,
        )
        if key != self._key:
            self._key = key
            columns = self._series.columns(begin, stop, width)
            top, muted = SCORE_ROOM * self._series.top, self._series.is_muted
            self._image = draw_trace(columns, height, top, self._threshold, theme.current(), is_muted=muted)
            self._image.setDevicePixelRatio(ratio)
            edges = np.flatnonzero(np.diff(columns.pending[0], prepend=False, append=False))
            is_rough = ~np.isnan(columns.rough[0])
            self._pending_runs = [
                (int(a / ratio), int(b / ratio), tr(_ROUGH_TEXT if is_rough[a:b].mean() > 0.5 else _PENDING_TEXT))
                for a, b in edges.reshape(-1, 2)
            ]
        painter.drawImage(area.topLeft(), self._image)
        self._label_pending(painter, area)

    def _label_pending(self, painter: QPainter, area: QRect) -> None:
        metrics = painter.fontMetrics()
        for begin, stop, text in self._pending_runs:
            needed = metrics.horizontalAdvance(text) + 16
            if stop - begin > needed:
                plate = QRect(0, 0, needed, metrics.height() + 4)
                # Low, out of the way of the threshold.
                plate.moveCenter(QPoint(area.left() + (begin + stop) // 2, area.top() + area.height() * 4 // 5))
                painter.fillRect(plate, QColor(theme.current().pending))
                painter.setPen(QColor(theme.current().muted_text))
                painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)


class _SpansItem(PixelItem):
    """Something drawn over stretches of time."""

    def __init__(self) -> None:
        super().__init__()
        self._starts: Floats = np.empty(0)
        self._stops: Floats = np.empty(0)

    def set_spans(self, starts: Floats, stops: Floats) -> None:
        """Show the stretches from `starts` to `stops` in seconds, in the order of time; none where they are empty."""
        self._starts, self._stops = starts, stops
        self.update()


class SegmentsItem(_SpansItem):
    """All segments: a tinted stretch under a bracket; those closer than a pixel are drawn as one."""

    def paint_pixels(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """At most one stretch every few pixels, however many segments there are."""
        fill, bracket = self.colours()
        runs = merged_pixels(self._starts, self._stops, begin, stop, area.width())
        paint_runs(painter, area, runs, fill)
        paint_brackets(painter, area, runs, bracket)

    def colours(self) -> tuple[QColor, QColor]:
        """Of the tint and of the bracket."""
        return QColor(theme.current().segment_fill), QColor(theme.current().alert)


class DismissedItem(SegmentsItem):
    """Segments that a person has dismissed: still there, but out of the way."""

    def colours(self) -> tuple[QColor, QColor]:
        """Grey."""
        grey = QColor(theme.current().control_border)
        tint = QColor(grey)
        tint.setAlpha(_DISMISSED_ALPHA)
        return tint, grey


class ConditionsItem(_SpansItem):
    """When the camera fails: hatched, and named where there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._words: tuple[str, ...] = ()

    def set_words(self, words: Sequence[str]) -> None:
        """What is wrong in each stretch."""
        self._words = tuple(words)
        self.update()

    def paint_pixels(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """Hatching from top to bottom, and a mark at the top that is wide enough to see."""
        colours, scale = theme.current(), area.width() / (stop - begin)
        metrics = painter.fontMetrics()
        for words, start_seconds, stop_seconds in zip(self._words, self._starts, self._stops, strict=True):
            if stop_seconds < begin or start_seconds > stop:
                continue
            left = area.left() + int((max(start_seconds, begin) - begin) * scale)
            right = area.left() + int((min(stop_seconds, stop) - begin) * scale)
            place = QRect(left, area.top(), max(right - left, _MIN_WIDTH_PX), area.height())
            painter.fillRect(place, QColor(colours.pending))
            painter.fillRect(place, QBrush(QColor(colours.control_border), Qt.BrushStyle.BDiagPattern))
            painter.fillRect(place.adjusted(0, 0, 0, _BRACKET_PX - place.height()), QColor(colours.muted_text))
            needed = metrics.horizontalAdvance(words) + 16
            if place.width() > needed:
                plate = QRect(0, 0, needed, metrics.height() + 4)
                plate.moveCenter(QPoint(place.center().x(), area.top() + area.height() * 4 // 5))
                painter.fillRect(plate, QColor(colours.pending))
                painter.setPen(QColor(colours.text))
                painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, words)


class SelectedItem(_SpansItem):
    """The selected segment, stronger than the others."""

    def paint_pixels(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """A stronger tint in a frame."""
        for left, right in merged_pixels(self._starts, self._stops, begin, stop, area.width()):
            place = QRect(area.left() + left, area.top(), right - left, area.height())
            # On top of the tint that every segment has; more than twice that would drown the curve.
            painter.fillRect(place, QColor(theme.current().segment_fill))
            painter.setPen(QPen(QColor(theme.current().alert), 2))
            painter.drawRect(place.adjusted(1, 1, -1, -1))


class PlayheadItem(PixelItem):
    """The stretch of time for which the frame under the playhead is on screen, at least a line wide."""

    def __init__(self) -> None:
        super().__init__()
        self._span = (0.0, 0.0)

    def move_to(self, begin_seconds: float, end_seconds: float) -> None:
        """The frame's time on screen."""
        self._span = (begin_seconds, end_seconds)
        self.update()

    def paint_pixels(self, painter: QPainter, area: QRect, begin: float, stop: float) -> None:
        """A line with a handle, and a tint over the rest of the frame's time where it is wide enough to see."""
        scale = area.width() / (stop - begin)
        left, right = (area.left() + (seconds - begin) * scale for seconds in self._span)
        colour = QColor(theme.current().playhead)
        tint = QColor(colour)
        tint.setAlpha(40)
        painter.fillRect(QRectF(left, area.top(), right - left, area.height()), tint)
        x = int(left)
        painter.fillRect(QRect(x, area.top(), 2, area.height()), colour)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        handle = [QPointF(x - 5, area.top()), QPointF(x + 7, area.top()), QPointF(x + 1, area.top() + 8)]
        painter.drawPolygon(QPolygonF(handle))


def merged_pixels(starts: Floats, stops: Floats, begin: float, stop: float, width: int) -> list[tuple[int, int]]:
    """Pixel runs (left, right) of the spans [starts, stops) in view, those that touch merged into one.

    The spans are in order and don't overlap; each is at least a few pixels wide so that it can be seen.
    """
    first = int(np.searchsorted(stops, begin, side="right"))
    beyond = int(np.searchsorted(starts, stop, side="left"))
    if first >= beyond:
        return []
    scale = width / (stop - begin)
    left: Indices = np.floor((starts[first:beyond].clip(begin, stop) - begin) * scale).astype(np.intp)
    right: Indices = np.ceil((stops[first:beyond].clip(begin, stop) - begin) * scale).astype(np.intp)
    right = np.maximum(right, left + _MIN_WIDTH_PX)
    opens = np.append(True, left[1:] > np.maximum.accumulate(right)[:-1])
    closes = np.append(opens[1:], True)
    return list(zip(left[opens].tolist(), np.maximum.accumulate(right)[closes].tolist(), strict=True))


def paint_runs(painter: QPainter, area: QRect, runs: Sequence[tuple[int, int]], colour: QColor) -> None:
    """Fill pixel runs (left, right) of an area from top to bottom; those that overlap have an opaque colour.

    Of many, one line of pixels is repeated: hundreds of rectangles would take several times as long.
    """
    if len(runs) <= _FEW_RUNS:
        for left, right in runs:
            painter.fillRect(QRect(area.left() + left, area.top(), right - left, area.height()) & area, colour)
        return
    line = np.zeros(area.width() + 1, np.int32)
    lefts, rights = np.clip(np.array(runs), 0, area.width()).T
    np.add.at(line, lefts, 1)
    np.subtract.at(line, rights, 1)
    filled = QColor(colour).rgba()
    pixels = np.where(np.cumsum(line[:-1]) > 0, np.uint32(filled), np.uint32(0))
    image = QImage(pixels.data, area.width(), 1, pixels.nbytes, QImage.Format.Format_ARGB32)
    painter.setBrushOrigin(area.topLeft())
    painter.fillRect(area, QBrush(image.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)))


def paint_brackets(painter: QPainter, area: QRect, runs: Sequence[tuple[int, int]], colour: QColor) -> None:
    """Brackets over pixel runs, open to the bottom: they tell segments apart without their colour."""
    bar = QRect(area.left(), area.top(), area.width(), _BRACKET_PX)
    paint_runs(painter, bar, runs, colour)
    sides = [(side, side + 2) for left, right in runs for side in (left, right - 2)]
    paint_runs(painter, QRect(area.left(), area.top(), area.width(), 3 * _BRACKET_PX), sides, colour)


def ignore_mouse(*items: QGraphicsItem) -> None:
    """Let clicks through to the plot beneath."""
    for item in items:
        item.setAcceptedMouseButtons(Qt.MouseButton.NoButton)
        item.setAcceptHoverEvents(False)
