"""Pictures on screen: scaled once for each size, and painted without copying."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from vadgui.model.frame_view import Bgra
from vadgui.ui import theme

Decoration = Callable[[QPainter, QRect], None]
"""Paints on top of a picture, inside the rectangle it was drawn in."""

_PADDING_PX = 8


class PictureTool(Protocol):
    """Takes a panel's mouse, and the keys that mean something to it."""

    def press(self, event: QMouseEvent) -> None:
        """A button went down."""

    def move(self, event: QMouseEvent) -> None:
        """The mouse moved."""

    def release(self, event: QMouseEvent) -> None:
        """A button went up."""

    def double_click(self, event: QMouseEvent) -> None:
        """The second click of two."""

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key means something here."""

    def key(self, event: QKeyEvent) -> None:
        """A key that it takes was pressed."""


class ScaledPicture:
    """A picture in the size it is painted in; scaled again only when picture or size change."""

    def __init__(self) -> None:
        self._source: Bgra | None = None
        self._pixels: Bgra | None = None
        self._image = QImage()

    def image(self, picture: Bgra, size: QSize, pixel_ratio: float) -> QImage:
        """`picture` stretched to `size` device-independent pixels; valid until the next call."""
        target_size = (max(round(size.width() * pixel_ratio), 1), max(round(size.height() * pixel_ratio), 1))
        if picture is not self._source or target_size != (self._image.width(), self._image.height()):
            self._source = picture
            self._pixels = _resized(picture, target_size)
            # QImage does not copy the pixels: the array must live as long as the image.
            self._image = QImage(self._pixels.data, *target_size, self._pixels.strides[0], QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(pixel_ratio)
        return self._image


def _resized(picture: Bgra, size: tuple[int, int]) -> Bgra:
    # Halving averages 2x2 pixels. INTER_AREA in one step takes ten times as long unless the factor is an integer.
    while picture.shape[1] >= 2 * size[0] and picture.shape[0] >= 2 * size[1]:
        picture = np.asarray(cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2)), np.uint8)
    if (picture.shape[1], picture.shape[0]) == size:
        return picture
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def fitted(area: QRect, aspect: float) -> QRect:
    """The largest rectangle with an aspect ratio (width / height), centred in an area."""
    width = min(area.width(), round(area.height() * aspect))
    height = min(area.height(), round(width / aspect))
    return QRect(area.left() + (area.width() - width) // 2, area.top() + (area.height() - height) // 2, width, height)


class PicturePanel(QWidget):
    """Shows a title above a picture, or above the reason why there is none."""

    enlarge_toggled = Signal()
    """The panel was double-clicked: it is to be shown alone, or with the others again."""

    def __init__(self, title: str, parent: QWidget | None = None, *, inset_px: int = 1) -> None:
        """`inset_px` is the margin left and right of the title; larger where there is no canvas around the panel."""
        super().__init__(parent)
        self._title, self._inset_px = title, inset_px
        self._detail = ""
        self._message = ""
        self._picture: Bgra | None = None
        self._decoration: Decoration | None = None
        self._aspect = 16 / 9
        self._scaled = ScaledPicture()
        self._tool: PictureTool | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(title)

    @property
    def picture(self) -> Bgra | None:
        """The picture on screen; None where there is none."""
        return self._picture

    @property
    def message(self) -> str:
        """Why there is no picture; empty where there is one."""
        return self._message

    @property
    def detail(self) -> str:
        """The text beside the title."""
        return self._detail

    @property
    def tool(self) -> PictureTool | None:
        """What takes the mouse; None where a double click enlarges the panel."""
        return self._tool

    def set_tool(self, tool: PictureTool | None) -> None:
        """Give the mouse to something else."""
        self._tool = tool
        self.setMouseTracking(tool is not None)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if tool else Qt.FocusPolicy.NoFocus)
        if tool:
            self.setCursor(Qt.CursorShape.CrossCursor)
            self.setFocus()
        else:
            self.unsetCursor()

    def title_height(self) -> int:
        """Height of the title strip in device-independent pixels."""
        return self.fontMetrics().height() + 6

    def picture_rect(self) -> QRect:
        """The picture's rectangle in the widget's coordinates."""
        return fitted(self.rect().adjusted(0, self.title_height(), 0, 0), self._aspect)

    def set_aspect(self, aspect: float) -> None:
        """Set the aspect ratio (width / height) that pictures are stretched to."""
        self._aspect = aspect
        self.update()

    def show_picture(self, picture: Bgra | None, *, detail: str = "", decoration: Decoration | None = None) -> None:
        """Show a picture, and the decoration painted on it; the decoration may also be shown without a picture."""
        self._picture, self._detail, self._decoration, self._message = picture, detail, decoration, ""
        self.setAccessibleDescription(detail)
        self.update()

    def show_message(self, message: str) -> None:
        """Show a message in place of a picture."""
        self._picture, self._detail, self._decoration, self._message = None, "", None, message
        self.setAccessibleDescription(message)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        """Paint the title, and below it the picture with its decoration, or the message."""
        colours = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(colours.canvas))
        self._paint_title(painter)
        rect = self.picture_rect()
        if self._picture is not None:
            image = self._scaled.image(self._picture, rect.size(), self.devicePixelRatioF())
            painter.drawImage(rect.topLeft(), image)
        if self._decoration:
            self._decoration(painter, rect)
        elif self._picture is None:
            painter.setPen(QColor(colours.border))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
            painter.setPen(_muted(colours.on_canvas))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(rect.adjusted(_PADDING_PX, 2, -_PADDING_PX, -2), flags, self._message)

    def _paint_title(self, painter: QPainter) -> None:
        colours = theme.current()
        strip = QRect(self._inset_px, 0, self.width() - 2 * self._inset_px, self.title_height())
        font = painter.font()
        bold = painter.font()
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(colours.on_canvas))
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideRight, strip.width())
        painter.drawText(strip, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        strip.setLeft(strip.left() + painter.fontMetrics().horizontalAdvance(title) + _PADDING_PX)
        painter.setFont(font)
        # The detail is not elided but left out: a shortened number would mislead.
        if self._detail and painter.fontMetrics().horizontalAdvance(self._detail) <= strip.width():
            painter.setPen(_muted(colours.on_canvas))
            painter.drawText(strip, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._detail)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Emit `enlarge_toggled`, unless a tool takes it."""
        if self._tool:
            self._tool.double_click(event)
        elif event.button() == Qt.MouseButton.LeftButton:
            self.enlarge_toggled.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The tool's."""
        if self._tool:
            self._tool.press(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The tool's."""
        if self._tool:
            self._tool.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The tool's."""
        if self._tool:
            self._tool.release(event)

    def event(self, event: QEvent) -> bool:
        """Keep keys that mean something to the tool from the window's shortcuts."""
        if isinstance(event, QKeyEvent) and self._tool and self._tool.takes(event):
            if event.type() == QEvent.Type.KeyPress:
                self._tool.key(event)
            event.accept()
            return True
        return super().event(event)


def _muted(colour: str) -> QColor:
    muted = QColor(colour)
    muted.setAlphaF(0.75)
    return muted
