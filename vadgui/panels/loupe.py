"""A loupe: original pixels of the picture under the mouse, while a key is held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtGui import QAction, QColor, QCursor, QImage, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QWidget

from engine.common.language import tr
from vadgui.panels.picture import PicturePanel
from vadgui.ui import theme

_SIDE_PX = 240
_TIMES = 3.0
"""Times as large as on screen, but no pixel of the picture smaller than one of the screen."""
_MARK_NEAR_PX, _MARK_FAR_PX = 8, 16
"""The mark of the middle leaves what is there to be seen."""
_FOLLOW_MS = 16


class Loupe(QWidget):
    """Lies over the panels and follows the mouse; out of the panels it looks at the middle of the first one."""

    def __init__(self, panels: Sequence[PicturePanel], area: QWidget) -> None:
        super().__init__(area)
        self._area = area
        self._panels = panels
        self._panel: PicturePanel | None = None
        self._at = QPoint()
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFixedSize(_SIDE_PX, _SIDE_PX)
        self.setAccessibleName(tr("Loupe"))
        self._timer = QTimer(self, interval=_FOLLOW_MS)
        self._timer.timeout.connect(self._follow)
        self.hide()

    def turn_on(self, on: bool) -> None:
        """Show it, or take it away."""
        if on:
            self._follow()
            self._timer.start()
        else:
            self._timer.stop()
            self.hide()

    def _follow(self) -> None:
        position = QCursor.pos()
        shown = [panel for panel in self._panels if panel.isVisible() and panel.picture is not None]
        under = [panel for panel in shown if panel.picture_rect().contains(panel.mapFromGlobal(position))]
        self._panel = next(iter(under or shown), None)
        self.setVisible(self._panel is not None)
        if self._panel is None:
            return
        self._at = self._panel.mapFromGlobal(position) if under else self._panel.picture_rect().center()
        area = self._area
        corner = self._panel.mapTo(area, self._at) - QPoint(_SIDE_PX // 2, _SIDE_PX // 2)
        corner.setX(min(max(corner.x(), 0), area.width() - _SIDE_PX))
        corner.setY(min(max(corner.y(), 0), area.height() - _SIDE_PX))
        self.move(corner)
        self.raise_()
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Pixels as they are, each a square, with the place under the mouse in the middle."""
        panel, picture = self._panel, self._panel.picture if self._panel else None
        if panel is None or picture is None:
            return
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(theme.current().canvas))
        whole = panel.whole_rect()
        height, width = picture.shape[:2]
        on_screen = whole.width() / width
        scale = max(_TIMES * on_screen, 1.0 / self.devicePixelRatioF())
        x, y = ((self._at - whole.topLeft()).x() / on_screen, (self._at - whole.topLeft()).y() / on_screen)
        reach = int(_SIDE_PX / 2 / scale) + 2
        left, right = max(int(x) - reach, 0), min(int(x) + reach, width)
        top, bottom = max(int(y) - reach, 0), min(int(y) + reach, height)
        if right > left and bottom > top:
            pixels = np.ascontiguousarray(picture[top:bottom, left:right])
            image = QImage(pixels.data, right - left, bottom - top, pixels.strides[0], QImage.Format.Format_RGB32)
            painter.translate(_SIDE_PX / 2, _SIDE_PX / 2)
            painter.scale(scale, scale)
            painter.translate(left - x, top - y)
            painter.drawImage(0, 0, image)
            painter.resetTransform()
        self._mark_middle(painter)
        painter.setPen(QPen(QColor(theme.current().accent), 2))
        painter.drawRect(QRect(1, 1, _SIDE_PX - 2, _SIDE_PX - 2))

    def _mark_middle(self, painter: QPainter) -> None:
        """Mark the place under the mouse, which covers it, or is elsewhere at the edge of the panels."""
        middle = _SIDE_PX // 2
        for colour, width in ((Qt.GlobalColor.black, 3), (Qt.GlobalColor.white, 1)):
            painter.setPen(QPen(QColor(colour), width))
            for near, far in ((-_MARK_FAR_PX, -_MARK_NEAR_PX), (_MARK_NEAR_PX, _MARK_FAR_PX)):
                painter.drawLine(middle + near, middle, middle + far, middle)
                painter.drawLine(middle, middle + near, middle, middle + far)


class HeldAction(QObject):
    """Turns an action off that its key has turned on, as soon as the key is let go."""

    def __init__(self, action: QAction) -> None:
        super().__init__(action)
        self._action = action
        action.setAutoRepeat(False)
        action.toggled.connect(self._watch)

    def _watch(self, on: bool) -> None:
        app = QApplication.instance()
        if app:
            (app.installEventFilter if on else app.removeEventFilter)(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Look for the key that is let go, and for the window that is left with the key down."""
        let_go = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyRelease and self._is_key(event)
        if let_go or event.type() == QEvent.Type.ApplicationDeactivate:
            self._action.setChecked(False)
        return super().eventFilter(watched, event)

    def _is_key(self, event: QKeyEvent) -> bool:
        """Whether it is the action's key; which of its modifiers went up first does not matter."""
        key = QKeySequence(event.key()).toString()
        return not event.isAutoRepeat() and any(
            key == each.toString().split("+")[-1] for each in self._action.shortcuts()
        )
