"""Two detectors on one timeline: each score with its threshold, what it flags, and what is known to be abnormal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from vadgui.timeline.axis import TimeAxis
from vadgui.training.model.acceptance import Trace
from vadgui.ui import theme

_AXIS_WIDTH_PX = 44
_ROOM_ABOVE = 0.08


class ComparePlot(pg.GraphicsLayoutWidget):  # type: ignore[misc] # pyqtgraph has no types
    """A row for each detector; the rows share their time."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._traces: tuple[Trace, ...] = ()
        self.setMinimumHeight(150)
        self.setAccessibleName("Scores of both detectors over time")
        theme.changed.connect(self._draw)
        self._draw()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """Room enough to read; pyqtgraph's own hint would fill the screen."""
        return QSize(480, 240)

    def show_traces(self, traces: Sequence[Trace]) -> None:
        """Draw these detectors' scores."""
        self._traces = tuple(traces)
        self._draw()

    def _draw(self) -> None:
        self.clear()
        self.setBackground(theme.current().surface)
        first: pg.PlotItem | None = None
        for row, trace in enumerate(self._traces):
            plot = self.addPlot(row=row, col=0, axisItems={"bottom": TimeAxis(orientation="bottom")})
            plot.setMouseEnabled(x=False, y=False)
            plot.hideButtons()
            plot.setMenuEnabled(False)
            _paint(plot, trace)
            if first is None:
                first = plot
            else:
                plot.setXLink(first)
            if row < len(self._traces) - 1:
                plot.hideAxis("bottom")


def trace_title(trace: Trace) -> str:
    """The detector, what it flags, and how good that is where labels tell."""
    count = len(trace.flagged)
    parts = "nothing" if not count else f"{count} part{'s' if count != 1 else ''}"
    judged = "" if trace.auc is None else f"  ·  AUC {trace.auc:.3f}"
    if trace.scorer.knows_false_alarms:
        return f"{trace.title}: flags {parts}{judged}"
    beyond = f": {parts} beyond held-out footage" if np.isfinite(trace.threshold) else ""
    return f"{trace.title}, not calibrated{beyond}{judged}"


def legend(traces: Sequence[Trace]) -> str:
    """What the curves are, and what is drawn beside them."""
    kinds = {trace.scorer.knows_false_alarms for trace in traces}
    with_numbers, without = (" with numbers", " without") if len(kinds) > 1 else ("", "")
    told = []
    if True in kinds:
        told.append(f"The curve{with_numbers} is the score, dashed its threshold; tinted is what would be flagged.")
    if False in kinds:
        told.append(f"The curve{without} is how badly the worst part of each frame was predicted: higher is worse.")
    if any(not trace.scorer.knows_false_alarms and np.isfinite(trace.threshold) for trace in traces):
        told.append("Dashed is the worst of the held-out footage, tinted what goes beyond it.")
    if any(trace.abnormal is not None for trace in traces):
        told.append("The bar at the bottom is what is known to be abnormal.")
    return " ".join(told)


def _paint(plot: pg.PlotItem, trace: Trace) -> None:
    colours = theme.current()
    known = ~np.isnan(trace.scores)
    plot.setTitle(trace_title(trace), color=colours.text, size="9pt", justify="left")
    plot.getAxis("left").setWidth(_AXIS_WIDTH_PX)
    for name in ("left", "bottom"):
        plot.getAxis(name).setPen(pg.mkPen(colours.control_border))
        plot.getAxis(name).setTextPen(pg.mkPen(colours.muted_text))
    if not trace.scorer.axis_ticks(1.0):
        plot.getAxis("left").setTicks([])
    for begin, stop in trace.flagged:
        region = pg.LinearRegionItem((begin, stop), movable=False, brush=QColor(colours.segment_fill))
        for line in region.lines:
            line.setPen(pg.mkPen(colours.alert))
        plot.addItem(region, ignoreBounds=True)
    if not known.any():
        return
    low, high = float(trace.scores[known].min()), float(trace.scores[known].max())
    if np.isfinite(trace.threshold):
        low, high = min(low, trace.threshold), max(high, trace.threshold)
        plot.addItem(pg.InfiniteLine(trace.threshold, angle=0, pen=_dashed(colours.threshold)), ignoreBounds=True)
    room = _ROOM_ABOVE * (high - low or 1.0)
    abnormal = trace.abnormal if trace.abnormal is not None and trace.abnormal.any() else None
    plot.setYRange(low - (0.5 if abnormal is None else 2) * room, high + room, padding=0)
    plot.setXRange(0, float(trace.times[-1]), padding=0)
    plot.plot(trace.times[known], trace.scores[known], pen=pg.mkPen(colours.accent, width=1))
    if abnormal is not None:
        level = np.where(abnormal, low - room, np.nan)
        pen = pg.mkPen(colours.alert, width=4)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        plot.plot(trace.times, level, pen=pen, connect="finite")


def _dashed(colour: str) -> pg.QtGui.QPen:
    return pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine)
