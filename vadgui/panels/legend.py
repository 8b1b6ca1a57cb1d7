"""The colour wheel in the corner of both flow panels: which way, how fast."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from engine.flow.colour import wheel_legend

_MARGIN_PX = 5


def paint_legend(painter: QPainter, picture: QRect, radius_px: float) -> None:
    """Wheel and its radius on a plate in the lower right corner; left out where it would hide most of the picture."""
    diameter = min(64, min(picture.width(), picture.height()) // 4)
    font = painter.font()
    font.setPixelSize(11 if diameter < 48 else 12)
    painter.setFont(font)
    text = f"rim {radius_px:.1f} px/frame"
    metrics = painter.fontMetrics()
    plate = QRectF(0, 0, metrics.horizontalAdvance(text) + 2 * _MARGIN_PX, diameter + metrics.height() + 3 * _MARGIN_PX)
    if diameter < 20 or plate.width() > picture.width() * 0.7:
        return
    plate.moveBottomRight(QPointF(picture.right() - _MARGIN_PX, picture.bottom() - _MARGIN_PX))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    # Flow pictures are mostly white in both themes, so the plate is dark in both.
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(plate, 4, 4)
    wheel = QRectF(plate.center().x() - diameter / 2, plate.top() + _MARGIN_PX, diameter, diameter)
    circle = QPainterPath()
    circle.addEllipse(wheel)
    painter.setClipPath(circle)
    ratio = painter.device().devicePixelRatioF() if painter.device() else 1.0
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(wheel, _wheel(round(diameter * ratio)))
    painter.setClipping(False)
    painter.setPen(QPen(QColor(255, 255, 255), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawEllipse(wheel)
    place = plate.adjusted(0, diameter + 1.5 * _MARGIN_PX, 0, 0)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


@lru_cache(maxsize=4)
def _wheel(size_px: int) -> QImage:
    pixels = np.ascontiguousarray(wheel_legend(size_px))
    return QImage(pixels.data, size_px, size_px, pixels.strides[0], QImage.Format.Format_RGB888).copy()
