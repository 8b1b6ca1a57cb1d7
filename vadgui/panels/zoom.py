"""The part of the picture that all panels show: they are zoomed and moved together."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Signal

_MAX_FACTOR = 32.0
_WHOLE = QRectF(0.0, 0.0, 1.0, 1.0)
ZOOM_A_NOTCH = 1.25
MIDDLE = QPointF(0.5, 0.5)


class PictureZoom(QObject):
    """Which part of the picture is shown, in shares of its width and height."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._part = QRectF(_WHOLE)

    @property
    def part(self) -> QRectF:
        """The part that is shown; all of it is (0, 0, 1, 1)."""
        return QRectF(self._part)

    @property
    def factor(self) -> float:
        """How many times as large as the whole picture would be."""
        return 1.0 / self._part.width()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut off."""
        return self._part == _WHOLE

    def zoom(self, factor: float, at: QPointF = MIDDLE) -> None:
        """Magnify by `factor`, what is at a place of the panel, given in shares of it, staying there."""
        side = min(max(self._part.width() / factor, 1.0 / _MAX_FACTOR), 1.0)
        change = self._part.width() - side
        self._show(self._part.left() + at.x() * change, self._part.top() + at.y() * change, side)

    def move(self, across: float, down: float) -> None:
        """Show what lies further right and down, by shares of what is shown."""
        side = self._part.width()
        self._show(self._part.left() + across * side, self._part.top() + down * side, side)

    def reset(self) -> None:
        """Show the whole picture."""
        self._show(0.0, 0.0, 1.0)

    def _show(self, left: float, top: float, side: float) -> None:
        part = QRectF(min(max(left, 0.0), 1.0 - side), min(max(top, 0.0), 1.0 - side), side, side)
        if part != self._part:
            self._part = part
            self.changed.emit()

    def whole_rect(self, shown: QRect) -> QRect:
        """Where the whole picture lies while its part fills a rectangle of a panel."""
        width, height = shown.width() * self.factor, shown.height() * self.factor
        left, top = shown.left() - self._part.left() * width, shown.top() - self._part.top() * height
        return QRect(round(left), round(top), round(width), round(height))
