"""The plot of the timeline: axes, items, and what the mouse does in it."""

from __future__ import annotations

from collections.abc import Sequence

import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QGraphicsSceneWheelEvent, QWidget

from engine.common.language import number_text, tr, tr_noop
from engine.video.wall_clock import RecordingStart
from vadgui.timeline.axis import TimeAxis
from vadgui.timeline.hole_marks import HolesItem
from vadgui.timeline.holes import Hole
from vadgui.timeline.items import (
    SCORE_ROOM,
    ConditionsItem,
    DismissedItem,
    PlayheadItem,
    ScoreItem,
    SegmentsItem,
    SelectedItem,
    ignore_mouse,
)
from vadgui.timeline.scores import ScoreSeries
from vadgui.timeline.timescale import Timescale
from vadgui.ui import theme

AXIS_WIDTH_PX = 36
RIGHT_MARGIN_PX = 12
_MIN_SPAN_SECONDS = 0.05
_ZOOM_A_NOTCH = 1.25
_THRESHOLD_LABEL = tr_noop("threshold {value:.2f}")
_LEAVE_LABEL = tr_noop("ends below {value:.2f}")
_LABEL_SHARE = 0.15
"""Of the scale's height that a label takes where the plot is lowest."""
_BEHIND_LABEL = 190  # of 255; what a label hides stays visible
_MIN_HEIGHT_PX = 104  # lower, the labels of the scale would be cut off


class TimeBox(pg.ViewBox):  # type: ignore[misc] # pyqtgraph has no types
    """Click and left drag move the playhead, the wheel zooms, Shift + wheel and middle drag pan."""

    time_picked = Signal(float)
    clicked = Signal(float)
    """After `time_picked`, where it was a click and no drag."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False, defaultPadding=0.0)
        self._end = 1.0
        self.setMouseEnabled(x=True, y=False)
        self.setYRange(0, SCORE_ROOM, padding=0)
        self.set_end(0.0)

    def set_end(self, seconds: float) -> None:
        """The recording's length: nothing beyond is shown."""
        self._end = max(seconds, _MIN_SPAN_SECONDS)
        self.setLimits(xMin=0, xMax=self._end, minXRange=min(_MIN_SPAN_SECONDS, self._end), maxXRange=self._end)

    def span(self) -> tuple[float, float]:
        """The time range in view, in seconds."""
        (begin, stop), _ = self.viewRange()
        return float(begin), float(stop)

    def show_span(self, begin: float, length: float) -> None:
        """Show a time range, moved and cut to the recording."""
        length = min(max(length, _MIN_SPAN_SECONDS), self._end)
        begin = min(max(begin, 0.0), self._end - length)
        self.setXRange(begin, begin + length, padding=0)

    def zoom(self, factor: float, centre: float) -> None:
        """Magnify by `factor`, the time `centre` staying in place."""
        begin, stop = self.span()
        length = min(max((stop - begin) / factor, _MIN_SPAN_SECONDS), self._end)
        share = (centre - begin) / (stop - begin)
        self.show_span(centre - share * length, length)

    def seconds_at(self, scene_pos: QPointF) -> float:
        """The time under a point of the scene, within what is in view."""
        begin, stop = self.span()
        area = self.sceneBoundingRect()
        width = max(float(area.width()), 1.0)
        # At most the last pixel: the frame that begins at `stop` is not in view any more.
        pixel = min(max(float(scene_pos.x() - area.left()), 0.0), width - 0.5)
        return begin + pixel / width * (stop - begin)

    def mouseClickEvent(self, event: pg.GraphicsScene.mouseEvents.MouseClickEvent) -> None:  # noqa: N802
        """A click moves the playhead."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            seconds = self.seconds_at(event.scenePos())
            self.time_picked.emit(seconds)
            self.clicked.emit(seconds)

    def mouseDragEvent(  # noqa: N802
        self, event: pg.GraphicsScene.mouseEvents.MouseDragEvent, axis: int | None = None
    ) -> None:
        """A left drag scrubs, a middle drag pans."""
        if event.button() == Qt.MouseButton.LeftButton and axis is None:
            event.accept()
            self.time_picked.emit(self.seconds_at(event.scenePos()))
        elif event.button() in (Qt.MouseButton.MiddleButton, Qt.MouseButton.LeftButton):
            event.accept()
            self._pan(event.lastScenePos().x() - event.scenePos().x())

    def wheelEvent(self, event: QGraphicsSceneWheelEvent, axis: int | None = None) -> None:  # noqa: N802, ARG002
        """Zoom around the time under the mouse, or pan."""
        event.accept()
        notches = event.delta() / 120
        sideways = event.orientation() == Qt.Orientation.Horizontal
        if sideways or event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.pan_by_notches(notches)
        else:
            self.zoom_by_notches(notches, self.seconds_at(event.scenePos()))

    def pan_by_notches(self, notches: float) -> None:
        """Show what lies before, or after, by turns of the wheel."""
        self._pan(-notches * self.sceneBoundingRect().width() / 10)

    def zoom_by_notches(self, notches: float, centre: float) -> None:
        """Magnify by turns of the wheel, the time `centre` staying in place."""
        self.zoom(_ZOOM_A_NOTCH**notches, centre)

    def _pan(self, pixels: float) -> None:
        begin, stop = self.span()
        self.show_span(begin + pixels * (stop - begin) / max(self.sceneBoundingRect().width(), 1.0), stop - begin)


class TimelinePlot(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    """Score, segments, threshold and playhead over time."""

    def __init__(self, series: ScoreSeries, parent: QWidget | None = None) -> None:
        self.box = TimeBox()
        super().__init__(parent, viewBox=self.box, axisItems={"bottom": TimeAxis("bottom")})
        self.setAccessibleName(tr("Anomaly score over time"))
        item = self.getPlotItem()
        item.hideButtons()
        item.setMenuEnabled(False)
        item.layout.setContentsMargins(0, 0, RIGHT_MARGIN_PX, 0)
        left = item.getAxis("left")
        left.setWidth(AXIS_WIDTH_PX)
        for axis in (left, item.getAxis("bottom")):
            # There is no name to put a unit's prefix into, but pyqtgraph would lay it out anew at every step of a pan.
            axis.enableAutoSIPrefix(False)

        self.scores = ScoreItem(series)
        self.holes = HolesItem()
        self.segments = SegmentsItem()
        self.dismissed = DismissedItem()
        self.conditions = ConditionsItem()
        self.selected = SelectedItem()
        self.playhead = PlayheadItem()
        self.hover = pg.InfiniteLine(angle=90, movable=False)
        self._clock_changes: list[pg.InfiniteLine] = []
        self.threshold = pg.InfiniteLine(
            angle=0,
            movable=True,
            bounds=(0.0, 1.0),
            label=tr(_THRESHOLD_LABEL),
            labelOpts={"position": 0.985, "anchors": [(1, 1), (1, 1)], "movable": False},
        )
        self.threshold.setCursor(Qt.CursorShape.SizeVerCursor)
        self.leave = pg.InfiniteLine(
            angle=0,
            movable=False,
            label=tr(_LEAVE_LABEL),
            labelOpts={"position": 0.985, "anchors": [(1, 0), (1, 0)], "movable": False},
        )
        bands = (self.segments, self.dismissed, self.selected)
        lines = (self.hover, self.leave, self.threshold)
        for drawn in (self.holes, *bands, self.scores, self.conditions, *lines, self.playhead):
            item.addItem(drawn, ignoreBounds=True)
        labels = (self.threshold.label, self.leave.label)
        drawn_only = (self.holes, *bands, self.scores, self.conditions, self.playhead)
        ignore_mouse(*drawn_only, self.hover, self.leave, *labels)
        self.hover.hide()
        self.setMinimumHeight(_MIN_HEIGHT_PX)
        self.apply_theme()

    def show_scale(self, top: float, labelled: Sequence[float], is_open: bool) -> None:
        """Scores reach from 0 up to `top`, or beyond it where the scale is open; some of them are labelled."""
        self.box.setYRange(0, SCORE_ROOM * top, padding=0)
        self.threshold.setBounds((0.0, top))
        ticks = [(tick, number_text(tick, "g")) for tick in labelled]
        if is_open and ticks:
            ticks = [each for each in ticks if each[0] <= (1 - _LABEL_SHARE) * top] + [
                (top, f"{number_text(top, 'g')}+")
            ]
        self.getPlotItem().getAxis("left").setTicks([ticks])

    def show_holes(self, scale: Timescale, holes: Sequence[Hole]) -> None:
        """Label times on this scale, and mark where there are no pictures."""
        self.getPlotItem().getAxis("bottom").set_timescale(scale)
        self.holes.set_holes(holes)

    def show_start(
        self, start: RecordingStart | None, changes: Sequence[tuple[float, str]], end_seconds: float
    ) -> None:
        """Label times of day, if the start is given, and mark changes of the clock, each with a word about it."""
        self.getPlotItem().getAxis("bottom").set_start(start, end_seconds)
        for line in self._clock_changes:
            self.getPlotItem().removeItem(line)
        self._clock_changes = []
        for seconds, words in changes:
            options = {"position": 0.8, "anchors": [(0, 0.5), (1, 0.5)], "movable": False}
            line = pg.InfiniteLine(seconds, angle=90, movable=False, label=words, labelOpts=options)
            ignore_mouse(line, line.label)
            self._clock_changes.append(line)
            self.getPlotItem().addItem(line, ignoreBounds=True)
        self._colour_clock_changes()

    def _colour_clock_changes(self) -> None:
        colours = theme.current()
        for line in self._clock_changes:
            line.setPen(pg.mkPen(colours.alert, width=1.5, style=Qt.PenStyle.DashDotLine))
            line.label.setColor(colours.alert)

    def show_lines(self, shown: bool) -> None:
        """Show threshold and lower threshold, or neither."""
        self.threshold.setVisible(shown)
        self.leave.setVisible(shown)

    def show_threshold(self, threshold: float) -> None:
        """Put the line at a score."""
        self.threshold.setValue(threshold)
        self.label_threshold("")

    def label_threshold(self, flagged: str) -> None:
        """Write the threshold beside its line, and what it flags."""
        label = self.threshold.label
        threshold = tr(_THRESHOLD_LABEL)
        label.format = f"{threshold}: {flagged}" if flagged else threshold
        # pyqtgraph's label takes no notice of the line while both are hidden.
        label.setText(label.format.format(value=self.threshold.value()))

    def show_leave(self, score: float) -> None:
        """Draw the lower threshold, at which a segment ends."""
        self.leave.setValue(score)
        self.leave.label.setText(tr(_LEAVE_LABEL).format(value=score))

    def show_empty(self, empty: bool) -> None:
        """Without a recording there is nothing to point at."""
        lines, bands = (self.threshold, self.leave, self.playhead), (self.segments, self.dismissed, self.selected)
        for drawn in (*lines, self.scores, self.holes, self.conditions, *bands):
            drawn.setVisible(not empty)
        self.getPlotItem().getAxis("bottom").setStyle(showValues=not empty)

    def apply_theme(self) -> None:
        """Draw in the current theme's colours."""
        colours = theme.current()
        self.setBackground(colours.surface)
        for name in ("left", "bottom"):
            axis = self.getPlotItem().getAxis(name)
            axis.setPen(colours.control_border)
            axis.setTextPen(colours.muted_text)
        dashed = Qt.PenStyle.DashLine
        self.threshold.setPen(pg.mkPen(colours.threshold, width=1.5, style=dashed))
        # Width of the hover pen is also how close the mouse must come to take hold of the line.
        grip = QColor(colours.threshold)
        grip.setAlpha(110)
        self.threshold.setHoverPen(pg.mkPen(grip, width=7))
        self.threshold.label.setColor(colours.threshold)
        self.leave.setPen(pg.mkPen(colours.muted_text, width=1, style=Qt.PenStyle.DotLine))
        self.leave.label.setColor(colours.muted_text)
        # Scores and segments reach to the plot's edge, where the labels are.
        behind = QColor(colours.surface)
        behind.setAlpha(_BEHIND_LABEL)
        for label in (self.threshold.label, self.leave.label):
            label.fill = pg.mkBrush(behind)
            label.update()
        self._colour_clock_changes()
        self.hover.setPen(pg.mkPen(colours.muted_text, style=Qt.PenStyle.DotLine))
        self.viewport().update()
