"""A slider over the time of a video that also shows the left-out parts."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.common.language import tr
from vadgui.training.model.footage_draft import Part
from vadgui.ui import theme
from vadgui.ui.clock_text import clock_text

_BAR_PX = 22
_MARGIN_PX = 8
_MIN_PART_PX = 3
_PAGE_SHARE = 0.1


class RangeStrip(QWidget):
    """Click, drag and arrow keys move the selected time; left-out parts are hatched, a part being marked is tinted."""

    moment_changed = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._length = 0.0
        self._moment = 0.0
        self._mark: float | None = None
        self._parts: tuple[Part, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Moment of the recording"))

    @property
    def moment(self) -> float:
        """The selected time in seconds."""
        return self._moment

    @property
    def mark(self) -> float | None:
        """Start, in seconds, of the part that is being marked; None while none is."""
        return self._mark

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The size of a bar with times below it."""
        return QSize(240, _BAR_PX + 8 + self.fontMetrics().height())

    def set_length(self, seconds: float) -> None:
        """Show another video of this length, and select its start."""
        self._length, self._moment, self._mark = max(seconds, 0.0), 0.0, None
        self.setEnabled(seconds > 0)
        self.update()

    def set_parts(self, parts: tuple[Part, ...]) -> None:
        """Show these left-out parts."""
        self._parts = parts
        self.update()

    def set_mark(self, seconds: float | None) -> None:
        """Begin to mark a part at `seconds`; None ends the marking."""
        self._mark = seconds
        self.update()

    def set_moment(self, seconds: float) -> None:
        """Select a time, clipped to the video."""
        seconds = min(max(seconds, 0.0), self._length)
        if seconds != self._moment:
            self._moment = seconds
            self.setAccessibleDescription(clock_text(seconds, 1))
            self.moment_changed.emit(seconds)
            self.update()

    def x_of(self, seconds: float) -> float:
        """The x coordinate of a time in the widget."""
        length_px = self.width() - 2 * _MARGIN_PX
        return _MARGIN_PX + length_px * (seconds / self._length if self._length else 0.0)

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102
        self._move_to(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802, D102
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._move_to(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802, D102
        page = max(self._length * _PAGE_SHARE, 1.0)
        steps = {
            Qt.Key.Key_Left: -1.0,
            Qt.Key.Key_Right: 1.0,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -self._length,
            Qt.Key.Key_End: self._length,
        }
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.set_moment(self._moment + step)

    def _move_to(self, x: float) -> None:
        length_px = max(self.width() - 2 * _MARGIN_PX, 1)
        self.set_moment((x - _MARGIN_PX) / length_px * self._length)

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802, D102
        colours = theme.current()
        painter = QPainter(self)
        bar = QRectF(_MARGIN_PX, 4, self.width() - 2 * _MARGIN_PX, _BAR_PX)
        painter.setPen(QPen(QColor(colours.accent if self.hasFocus() else colours.control_border), 1))
        painter.setBrush(QColor(colours.surface))
        painter.drawRoundedRect(bar, 3, 3)
        for part in self._parts:
            self._paint_part(painter, bar, part, QBrush(QColor(colours.alert), Qt.BrushStyle.BDiagPattern))
        if self._mark is not None:
            begin, stop = sorted((self._mark, self._moment))
            self._paint_part(painter, bar, (begin, stop), QBrush(QColor(colours.selected_segment_fill)))
        if self._length:
            self._paint_moment(painter, bar)
        painter.setPen(QColor(colours.muted_text))
        below = QRectF(bar.left(), bar.bottom() + 3, bar.width(), self.fontMetrics().height())
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, clock_text(self._moment, 1) if self._length else "")
        painter.drawText(below, Qt.AlignmentFlag.AlignRight, clock_text(self._length, 1) if self._length else "")

    def _paint_part(self, painter: QPainter, bar: QRectF, part: Part, brush: QBrush) -> None:
        left, right = self.x_of(part[0]), self.x_of(part[1])
        rect = QRectF(left, bar.top() + 1, max(right - left, _MIN_PART_PX), bar.height() - 2)
        painter.setPen(QPen(QColor(theme.current().alert), 1))
        painter.setBrush(brush)
        painter.drawRect(rect)

    def _paint_moment(self, painter: QPainter, bar: QRectF) -> None:
        x = self.x_of(self._moment)
        colour = QColor(theme.current().playhead)
        painter.fillRect(QRectF(x - 1, bar.top(), 2, bar.height()), colour)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        handle = [QPointF(x - 6, bar.top() - 4), QPointF(x + 6, bar.top() - 4), QPointF(x, bar.top() + 5)]
        painter.drawPolygon(QPolygonF(handle))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
