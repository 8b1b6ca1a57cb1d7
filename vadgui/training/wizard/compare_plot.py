"""The plot of two detectors' scores over time, with their thresholds, flagged segments and the labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from engine.common.language import number_text, tr, tr_n
from vadgui.timeline.axis import TimeAxis
from vadgui.training.model.acceptance import Trace
from vadgui.ui import theme

_AXIS_WIDTH_PX = 44
_HEADROOM = 0.08


class ComparePlot(pg.GraphicsLayoutWidget):  # type: ignore[misc] # pyqtgraph has no types
    """A plot for each detector; the plots share their time axis."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._traces: tuple[Trace, ...] = ()
        self.setMinimumHeight(150)
        self.setAccessibleName(tr("Scores of both detectors over time"))
        theme.changed.connect(self._draw)
        self._draw()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A readable size; pyqtgraph's own hint would fill the screen."""
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
    """The detector, how many segments it flags, and its AUC where the recording has labels."""
    count = len(trace.flagged)
    parts = tr_n("{count} part", "{count} parts", count).format(count=count) if count else tr("nothing")
    auc_text = "" if trace.auc is None else f"  ·  AUC {number_text(trace.auc, '.3f')}"
    if trace.scorer.knows_false_alarms:
        text = tr("{detector}: flags {parts}")
    elif np.isfinite(trace.threshold):
        text = tr("{detector}, not calibrated: {parts} beyond held-out footage")
    else:
        text = tr("{detector}, not calibrated")
    return text.format(detector=trace.title, parts=parts) + auc_text


def legend(traces: Sequence[Trace]) -> str:
    """The explanation of the curves, thresholds and labels."""
    kinds = {trace.scorer.knows_false_alarms for trace in traces}
    lines = []
    if kinds == {True}:
        lines.append(tr("The curve is the score, dashed its threshold; tinted is what would be flagged."))
    elif kinds == {False}:
        lines.append(tr("The curve is how badly the worst part of each frame was predicted: higher is worse."))
    elif kinds:
        lines += [
            tr("The curve with numbers is the score, dashed its threshold; tinted is what would be flagged."),
            tr("The curve without is how badly the worst part of each frame was predicted: higher is worse."),
        ]
    if any(not trace.scorer.knows_false_alarms and np.isfinite(trace.threshold) for trace in traces):
        lines.append(tr("Dashed is the worst of the held-out footage, tinted what goes beyond it."))
    if any(trace.abnormal is not None for trace in traces):
        lines.append(tr("The bar at the bottom is what is known to be abnormal."))
    return " ".join(lines)


def _paint(plot: pg.PlotItem, trace: Trace) -> None:
    colours = theme.current()
    has_score = ~np.isnan(trace.scores)
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
    if not has_score.any():
        return
    low, high = float(trace.scores[has_score].min()), float(trace.scores[has_score].max())
    if np.isfinite(trace.threshold):
        low, high = min(low, trace.threshold), max(high, trace.threshold)
        plot.addItem(pg.InfiniteLine(trace.threshold, angle=0, pen=_dashed(colours.threshold)), ignoreBounds=True)
    margin = _HEADROOM * (high - low or 1.0)
    abnormal = trace.abnormal if trace.abnormal is not None and trace.abnormal.any() else None
    plot.setYRange(low - (0.5 if abnormal is None else 2) * margin, high + margin, padding=0)
    plot.setXRange(0, float(trace.times[-1]), padding=0)
    plot.plot(trace.times[has_score], trace.scores[has_score], pen=pg.mkPen(colours.accent, width=1))
    if abnormal is not None:
        level = np.where(abnormal, low - margin, np.nan)
        pen = pg.mkPen(colours.alert, width=4)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        plot.plot(trace.times, level, pen=pen, connect="finite")


def _dashed(colour: str) -> pg.QtGui.QPen:
    return pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine)
