"""The plot of a stage's loss over the epochs, on training and on held-out recordings."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtWidgets import QLabel, QWidget

from engine.common.language import number_text, tr
from vadgui.training.model.training_run import Curve
from vadgui.ui import theme

_REDRAW_MS = 400  # opening a stored run reports hundreds of events at once
_AXIS_WIDTH_PX = 54
_MIN_SIZE_PX = (180, 96)
_DIGITS = (
    (1,),
    (1, 2, 5),
    (1, 1.5, 2, 3, 4, 5, 7),
    *(tuple(np.arange(100, 1000, step) / 100) for step in (50, 20, 10, 5, 2, 1)),
)
"""Candidates for the labelled digits of each decade; the first with enough labels in view is used."""
_MIN_LABELS = 2


class LossPlot(pg.PlotWidget):  # type: ignore[misc] # pyqtgraph has no types
    """Plots the training loss solid and the held-out loss dashed; not interactive."""

    def __init__(self, title: str, curve: Curve, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False, axisItems={"left": _ErrorAxis("left")})
        self._title = title
        self._curve = curve
        self._trained = self.plot()
        self._held_out = self.plot()
        item = self.getPlotItem()
        item.hideButtons()
        item.setMouseEnabled(x=False, y=False)
        item.setLogMode(y=True)
        item.getAxis("left").setWidth(_AXIS_WIDTH_PX)
        for name in ("left", "bottom"):
            item.getAxis(name).enableAutoSIPrefix(False)
        item.setLabel("bottom", tr("passes"))
        self.setMinimumSize(*_MIN_SIZE_PX)
        self.setAccessibleName(title)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._redraw = QTimer(self, singleShot=True, interval=_REDRAW_MS)
        self._redraw.timeout.connect(self._draw)
        theme.changed.connect(self._tint)
        self._tint()
        self._show_emptiness()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """A readable size; pyqtgraph's own hint would fill the screen."""
        return QSize(320, 170)

    def show_curve(self, curve: Curve) -> None:
        """Draw a curve after at most _REDRAW_MS."""
        self._curve = curve
        if not self._redraw.isActive():
            self._redraw.start()

    def _draw(self) -> None:
        curve = self._curve
        self._trained.setData(*_positive(curve.epochs, curve.losses))
        self._held_out.setData(*_positive(curve.held_out_epochs, curve.held_out_losses))
        self.getPlotItem().setXRange(0, max([1.0, *curve.epochs[-1:], *curve.held_out_epochs[-1:]]), padding=0.02)
        self._show_emptiness()
        best = ""
        if curve.best is not None:
            best = tr("best on held-out recordings {loss:.2g}").format(loss=curve.best)
        self.setAccessibleDescription(best)

    def _show_emptiness(self) -> None:
        """Hide the axis labels while the plot is empty, where they would show an arbitrary range."""
        has_begun = len(self._curve.epochs) > 1 or bool(self._curve.held_out_epochs)  # a line needs two points
        for name in ("left", "bottom"):
            self.getPlotItem().getAxis(name).setStyle(showValues=has_begun)

    def _tint(self) -> None:
        colours = theme.current()
        self.setBackground(colours.surface)
        self._trained.setPen(pg.mkPen(colours.accent, width=1))
        self._held_out.setPen(pg.mkPen(colours.alert, width=2, style=Qt.PenStyle.DashLine))
        self._held_out.setSymbol("o")
        self._held_out.setSymbolSize(5)
        self._held_out.setSymbolBrush(colours.alert)
        self._held_out.setSymbolPen(None)
        item = self.getPlotItem()
        item.setTitle(self._title, color=colours.text, size="9pt")
        for name in ("left", "bottom"):
            axis = item.getAxis(name)
            axis.setPen(pg.mkPen(colours.control_border))
            axis.setTextPen(pg.mkPen(colours.muted_text))
        item.setLabel("bottom", tr("passes"), color=colours.muted_text)
        item.showGrid(y=True, alpha=0.15)


class LossLegend(QLabel):
    """The legend of all loss plots, placed beside them: inside a small plot it would cover the curves."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "muted")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setContentsMargins(_AXIS_WIDTH_PX, 0, 0, 0)
        theme.changed.connect(self._tint)
        self._tint()

    def _tint(self) -> None:
        lines = ((theme.current().accent, "—", tr("learnt from")), (theme.current().alert, "- • -", tr("held out")))
        self.setText(
            (6 * "\u00a0").join(f'<b style="color: {colour}">{line}</b>\u00a0 {name}' for colour, line, name in lines)
        )


class _ErrorAxis(pg.AxisItem):  # type: ignore[misc] # pyqtgraph has no types
    """A logarithmic axis with few labels at round numbers: pyqtgraph's own labels overlap."""

    def tickValues(self, low: float, high: float, _size: float) -> list[tuple[float, list[float]]]:  # noqa: N802
        """Base-10 logarithms of the labels in view."""
        for digits in _DIGITS:
            decades = range(math.floor(low), math.ceil(high) + 1)
            positions = [decade + math.log10(digit) for decade in decades for digit in digits]
            shown = [position for position in positions if low <= position <= high]
            if len(shown) >= _MIN_LABELS:
                break
        return [(1.0, shown)]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:  # noqa: N802
        """The labels as numbers with three significant digits."""
        return [number_text(10**value, ".3g") for value in values]


def _positive(positions: list[float], losses: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The points that a logarithmic axis can show: those with a finite loss above 0."""
    x, y = np.array(positions), np.array(losses)
    shown = np.isfinite(y) & (y > 0)
    return x[shown], y[shown]
