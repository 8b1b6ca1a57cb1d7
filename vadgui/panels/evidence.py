"""The panel of evidence by place: the frame in grey, and on it the evidence of each window."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from engine.scoring.where import WindowEvidence
from engine.scoring.windows import PICTURE_CELLS, WINDOW_CELLS
from vadgui.model.frame_view import Bgra

_MARGIN_PX = 5
_BAR_PX = (120, 8)
_MIN_WIDTH_PX = 240
_DIMMED = 0.45
_FULL_FROM = 0.35
"""Share of the scale from which on a colour covers the frame."""
_MOST_OPAQUE = 0.75


def evidence_picture(frame: Bgra, evidence: WindowEvidence, top: float) -> Bgra:
    """The frame [H, W, 4] dimmed and grey, under the colours of each window's score on a scale from 0 to `top`."""
    height, width = frame.shape[:2]
    cells = np.zeros((PICTURE_CELLS, PICTURE_CELLS), np.float32)
    first = WINDOW_CELLS // 2
    inside = slice(first, PICTURE_CELLS - first)
    cells[inside, inside] = np.clip(np.nan_to_num(evidence.scores, neginf=0) / top, 0, 1)
    shares = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    colours = _colours()[np.asarray(255 * shares, np.uint8)]
    grey = cv2.cvtColor(frame, cv2.COLOR_BGRA2GRAY)[..., None] * np.float32(_DIMMED)
    opacity = (_MOST_OPAQUE * np.minimum(shares / _FULL_FROM, 1))[..., None]
    picture = np.full_like(frame, 255)
    picture[..., :3] = grey * (1 - opacity) + colours * opacity
    return picture


@lru_cache(maxsize=1)
def _colours() -> Bgra:
    """Blue, green, red of 256 steps from dark to light: told apart by lightness, without seeing colours too."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    return np.asarray(cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, 0], np.uint8)


def paint_scale(painter: QPainter, picture: QRect, top: float, threshold: float) -> None:
    """Paint the scale of the colours into the lower right corner of a picture, with the threshold marked."""
    if picture.width() < _MIN_WIDTH_PX:
        return
    painter.save()
    font = QFont(painter.font())
    font.setPixelSize(11)
    painter.setFont(font)
    width, height = _BAR_PX
    line = painter.fontMetrics().height()
    plate = QRect(0, 0, width + 4 * _MARGIN_PX, height + line + 3 * _MARGIN_PX)
    plate.moveBottomRight(picture.bottomRight() - QPoint(_MARGIN_PX, _MARGIN_PX))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(plate, 4, 4)
    bar = QRect(plate.left() + 2 * _MARGIN_PX, plate.top() + _MARGIN_PX, width, height)
    ramp = np.ascontiguousarray(_colours()[None, :, ::-1])
    painter.drawImage(bar, QImage(ramp.data, 256, 1, ramp.strides[0], QImage.Format.Format_RGB888))
    painter.setPen(QColor(255, 255, 255))
    place = bar.left() + round(width * min(threshold / top, 1))
    painter.drawLine(place, bar.top() - 2, place, bar.bottom() + 2)
    for at, text in ((bar.left(), "0"), (place, f"threshold {threshold:.1f}"), (bar.right(), f"{top:.0f}")):
        below = QRectF(at - width / 2, bar.bottom() + _MARGIN_PX, width, line)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, text)
    painter.restore()
