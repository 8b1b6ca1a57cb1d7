"""Pictures on screen: scaled once for each size, and painted without copying."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import cv2
import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from vadgui.model.frame_view import Bgra
from vadgui.panels.zoom import ZOOM_A_NOTCH, PictureZoom
from vadgui.ui import theme

Decoration = Callable[[QPainter, QRect], None]
"""Paints on top of a picture, inside the rectangle it was drawn in."""

_PADDING_PX = 8
_WRAPPED = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
_CLICK_PX = 4
"""A mouse that moved farther while its button was down has dragged."""


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
    """A picture, or a part of one, in the size it is painted in; scaled again only when one of these changes."""

    def __init__(self) -> None:
        self._source: Bgra | None = None
        self._crop = QRect()
        self._pixels: Bgra | None = None
        self._image = QImage()

    def image(self, picture: Bgra, crop: QRect, size: QSize, pixel_ratio: float) -> QImage:
        """The pixels of `crop` stretched to `size` device-independent pixels; valid until the next call."""
        target_size = (max(round(size.width() * pixel_ratio), 1), max(round(size.height() * pixel_ratio), 1))
        is_known = picture is self._source and crop == self._crop
        if not is_known or target_size != (self._image.width(), self._image.height()):
            self._source, self._crop = picture, crop
            part = picture[crop.top() : crop.top() + crop.height(), crop.left() : crop.left() + crop.width()]
            self._pixels = _resized(part, target_size)
            # QImage does not copy the pixels: the array must live as long as the image.
            self._image = QImage(self._pixels.data, *target_size, self._pixels.strides[0], QImage.Format.Format_RGB32)
        self._image.setDevicePixelRatio(pixel_ratio)
        return self._image


def _resized(picture: Bgra, size: tuple[int, int]) -> Bgra:
    # Halving averages 2x2 pixels. INTER_AREA in one step takes ten times as long unless the factor is an integer.
    while picture.shape[1] >= 2 * size[0] and picture.shape[0] >= 2 * size[1]:
        picture = np.asarray(cv2.resize(picture, (picture.shape[1] // 2, picture.shape[0] // 2)), np.uint8)
    if (picture.shape[1], picture.shape[0]) == size:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def fitted(area: QRect, aspect: float) -> QRect:
    """The largest rectangle with an aspect ratio (width / height), centred in an area."""
    width = min(area.width(), round(area.height() * aspect))
    height = min(area.height(), round(width / aspect))
    return QRect(area.left() + (area.width() - width) // 2, area.top() + (area.height() - height) // 2, width, height)


class PicturePanel(QWidget):
    """Shows a title above a picture, or above the reason why there is none."""

    place_clicked = Signal(QPointF)
    """A click on the picture that was neither a drag nor a double click: where, in shares of the whole picture."""
    enlarge_toggled = Signal()
    """The panel was double-clicked: it is to be shown alone, or with the others again."""

    def __init__(
        self, title: str, parent: QWidget | None = None, *, inset_px: int = 1, zoom: PictureZoom | None = None
    ) -> None:
        """`inset_px` is the margin left and right of the title; larger where there is no canvas around the panel.

        Panels that share a `zoom` show the same part of their pictures.
        """
        super().__init__(parent)
        self._title, self._inset_px = title, inset_px
        self._detail = ""
        self._message = ""
        self._picture: Bgra | None = None
        self._decoration: Decoration | None = None
        self._aspect = 16 / 9
        self._scaled = ScaledPicture()
        self._tool: PictureTool | None = None
        self._legend: Decoration | None = None
        self._zoom = zoom or PictureZoom(self)
        self._can_zoom = zoom is not None
        self._grabbed: QPointF | None = None
        self._clicked: QPointF | None = None
        self._click_timer = QTimer(self, singleShot=True, interval=QApplication.doubleClickInterval())
        self._click_timer.timeout.connect(self._tell_click)
        self._zoom.changed.connect(self.update)
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
        """The rectangle in the widget's coordinates in which the picture, or its part, is shown."""
        return fitted(self.rect().adjusted(0, self.title_height(), 0, 0), self._aspect)

    def whole_rect(self) -> QRect:
        """Where the whole picture lies, in the widget's coordinates: beyond the widget while it is zoomed."""
        return self._zoom.whole_rect(self.picture_rect())

    def set_aspect(self, aspect: float) -> None:
        """Set the aspect ratio (width / height) that pictures are stretched to."""
        self._aspect = aspect
        self.update()

    def show_picture(
        self,
        picture: Bgra | None,
        *,
        detail: str = "",
        decoration: Decoration | None = None,
        legend: Decoration | None = None,
    ) -> None:
        """Show a picture, and the decoration painted on it; the decoration may also be shown without a picture.

        A legend stays where it is when the picture is zoomed.
        """
        self._picture, self._detail, self._decoration, self._message = picture, detail, decoration, ""
        self._legend = legend
        self.setAccessibleDescription(detail)
        self.update()

    def show_message(self, message: str) -> None:
        """Show a message in place of a picture."""
        self._picture, self._detail, self._decoration, self._message = None, "", None, message
        self._legend = None
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
            self._paint_picture(painter, self._picture, rect)
        if self._decoration:
            painter.save()
            painter.setClipRect(rect)
            self._decoration(painter, self.whole_rect())
            painter.restore()
        if self._legend:
            self._legend(painter, rect)
        if self._picture is None and not self._decoration:
            painter.setPen(QColor(colours.border))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))
            painter.setPen(_muted(colours.on_canvas))
            place = rect.adjusted(_PADDING_PX, 2, -_PADDING_PX, -2)
            painter.drawText(place, _WRAPPED, _fitting(self._message, place, painter.fontMetrics()))

    def _paint_picture(self, painter: QPainter, picture: Bgra, rect: QRect) -> None:
        height, width = picture.shape[:2]
        if self._zoom.is_whole:
            image = self._scaled.image(picture, QRect(0, 0, width, height), rect.size(), self.devicePixelRatioF())
            painter.drawImage(rect.topLeft(), image)
            return
        # Whole pixels of the picture, so that what is shown does not tremble while it is moved.
        part, whole = self._zoom.part, self.whole_rect()
        left, top = int(part.left() * width), int(part.top() * height)
        right, bottom = min(int(part.right() * width) + 1, width), min(int(part.bottom() * height) + 1, height)
        crop = QRect(left, top, right - left, bottom - top)
        across, down = whole.width() / width, whole.height() / height
        place = QRectF(
            whole.left() + left * across, whole.top() + top * down, crop.width() * across, crop.height() * down
        )
        painter.save()
        painter.setClipRect(rect)
        painter.drawImage(place, self._scaled.image(picture, crop, place.size().toSize(), self.devicePixelRatioF()))
        painter.restore()

    def _paint_title(self, painter: QPainter) -> None:
        colours = theme.current()
        strip = QRect(self._inset_px, 0, self.width() - 2 * self._inset_px, self.title_height())
        font = painter.font()
        bold = painter.font()
        bold.setBold(True)
        painter.setFont(bold)
        painter.setPen(QColor(colours.on_canvas))
        # Some titles begin alike, and differ in their last word.
        title = painter.fontMetrics().elidedText(self._title, Qt.TextElideMode.ElideMiddle, strip.width())
        painter.drawText(strip, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        strip.setLeft(strip.left() + painter.fontMetrics().horizontalAdvance(title) + _PADDING_PX)
        painter.setFont(font)
        # The detail is not elided but left out: a shortened number would mislead.
        if self._detail and painter.fontMetrics().horizontalAdvance(self._detail) <= strip.width():
            painter.setPen(_muted(colours.on_canvas))
            painter.drawText(strip, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._detail)

    # The mouse

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 - Qt's name
        """Zoom around what is under the mouse."""
        if not self._can_zoom:
            event.ignore()
            return
        event.accept()
        rect, position = self.picture_rect(), event.position()
        at = QPointF((position.x() - rect.left()) / rect.width(), (position.y() - rect.top()) / rect.height())
        self._zoom.zoom(ZOOM_A_NOTCH ** (event.angleDelta().y() / 120), at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Show the whole picture again where it is zoomed, else emit `enlarge_toggled`, unless a tool takes it."""
        self._click_timer.stop()
        if self._tool:
            self._tool.double_click(event)
        elif event.button() == Qt.MouseButton.LeftButton and not self._zoom.is_whole:
            self._zoom.reset()
        elif event.button() == Qt.MouseButton.LeftButton:
            self.enlarge_toggled.emit()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """The tool's; else take hold of a zoomed picture. The middle button does so with a tool, too."""
        is_hold = event.button() == Qt.MouseButton.MiddleButton or not self._tool
        if is_hold and event.button() in (Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton):
            self._grabbed = event.position()
            self._clicked = event.position() if event.button() == Qt.MouseButton.LeftButton else None
        elif self._tool:
            self._tool.press(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Move the picture that is held; else the tool's."""
        if self._grabbed is not None:
            moved, rect = self._grabbed - event.position(), self.picture_rect()
            if self._clicked and (self._clicked - event.position()).manhattanLength() > _CLICK_PX:
                self._clicked = None
            self._grabbed = event.position()
            self._zoom.move(moved.x() / rect.width(), moved.y() / rect.height())
        elif self._tool:
            self._tool.move(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """Let the picture go; else the tool's."""
        if self._grabbed is not None:
            self._grabbed = None
            if self._clicked is not None:
                self._click_timer.start()
        elif self._tool:
            self._tool.release(event)

    def _tell_click(self) -> None:
        if self._clicked is not None and self.picture_rect().contains(self._clicked.toPoint()):
            whole = self.whole_rect()
            across, down = self._clicked.x() - whole.left(), self._clicked.y() - whole.top()
            self.place_clicked.emit(QPointF(across / whole.width(), down / whole.height()))
        self._clicked = None

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


def _fitting(message: str, place: QRect, metrics: QFontMetrics) -> str:
    """A message, or what of it has room: its last paragraph, which says why there is no picture, or its beginning."""

    def fits(text: str) -> bool:
        needed = metrics.boundingRect(place, _WRAPPED, text)
        return needed.height() <= place.height() and needed.width() <= place.width()

    last = message.rpartition("\n\n")[2]
    words = last.split(" ")
    shorter = (" ".join(words[:count]) + " …" for count in range(len(words) - 1, 0, -1))
    return next((text for text in (message, last, *shorter) if fits(text)), "…")
