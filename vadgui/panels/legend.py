"""The colour wheel in the corner of both flow panels: colour is direction, saturation is speed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen

from engine.common.language import tr
from engine.flow.colour import wheel_legend

_MARGIN_PX = 5
_MIN_DIAMETER_PX = 20


def paint_legend(painter: QPainter, picture: QRect, radius_px: float) -> None:
    """Paint the colour wheel and the speed at its rim into the lower right corner of a picture.

    The legend must not hide motion: smaller pictures get the wheel without text, tiny ones nothing.
    """
    diameter = min(64, min(picture.width(), picture.height()) // 5)
    if diameter < _MIN_DIAMETER_PX:
        return
    device = painter.device()
    ratio = device.devicePixelRatioF() if device else 1.0
    family = painter.font().family()
    plate = _plate(diameter, tr("full at {radius:.1f} px/frame").format(radius=radius_px), family, ratio)
    if plate.deviceIndependentSize().width() > picture.width() / 4:
        plate = _plate(diameter, "", family, ratio)
    size = plate.deviceIndependentSize().toSize()
    corner = picture.bottomRight() - QPoint(size.width() + _MARGIN_PX, size.height() + _MARGIN_PX)
    painter.drawImage(corner, plate)


@lru_cache(maxsize=4)
def _plate(diameter: int, text: str, family: str, ratio: float) -> QImage:
    """The wheel on a background that is dark in both themes, since flow pictures are mostly white in both."""
    font = QFont(family)
    font.setPixelSize(11 if diameter < 48 else 12)
    metrics = QFontMetrics(font)
    width = max(metrics.horizontalAdvance(text), diameter) + 2 * _MARGIN_PX
    height = diameter + 2 * _MARGIN_PX + (metrics.height() + _MARGIN_PX if text else 0)
    plate = QImage(round(width * ratio), round(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    plate.setDevicePixelRatio(ratio)
    plate.fill(Qt.GlobalColor.transparent)
    painter = QPainter(plate)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(QRectF(0, 0, width, height), 4, 4)
    wheel = QRectF((width - diameter) / 2, _MARGIN_PX, diameter, diameter)
    circle = QPainterPath()
    circle.addEllipse(wheel)
    painter.setClipPath(circle)
    painter.drawImage(wheel, _wheel(round(diameter * ratio)))
    painter.setClipping(False)
    painter.setPen(QPen(QColor(255, 255, 255), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(wheel)
    painter.setFont(font)
    painter.drawText(
        QRectF(0, diameter + 1.5 * _MARGIN_PX, width, metrics.height() + _MARGIN_PX), Qt.AlignmentFlag.AlignCenter, text
    )
    painter.end()
    return plate


def _wheel(size_px: int) -> QImage:
    pixels = np.ascontiguousarray(wheel_legend(size_px))
    return QImage(pixels.data, size_px, size_px, pixels.strides[0], QImage.Format.Format_RGB888).copy()
