"""Paints the PSNR mask, as a panel of its own and as an overlay on the frame."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPixmap

from engine.export.drawing import PatchValues, conspicuity, mask_number, suspicion
from engine.scoring.signals import PATCH_GRID

_TILE_PX = 10

_TINT = QColor(230, 75, 0)  # vermilion: the colour-blind, too, tell it from green lawns and grey asphalt


def patch_rects(picture: QRect) -> list[QRect]:
    """Rectangles of the 16 patches of a picture, row by row, without gaps for any size of the picture."""
    across = [picture.left() + round(picture.width() * i / PATCH_GRID) for i in range(PATCH_GRID + 1)]
    down = [picture.top() + round(picture.height() * i / PATCH_GRID) for i in range(PATCH_GRID + 1)]
    return [
        QRect(across[column], down[row], across[column + 1] - across[column], down[row + 1] - down[row])
        for row in range(PATCH_GRID)
        for column in range(PATCH_GRID)
    ]


def paint_mask(painter: QPainter, picture: QRect, patch_psnr_db: PatchValues) -> None:
    """Fill the patches, darker for a lower PSNR, write their PSNR in dB, and outline the worst one."""
    values = patch_psnr_db.ravel()
    rects = patch_rects(picture)
    font = QFont(painter.font())
    decimals = _fit_font(font, rects[0])
    painter.setFont(font)
    for rect, value, darkness in zip(rects, values, suspicion(values), strict=True):
        grey = round(255 * (1 - darkness))
        painter.fillRect(rect, QColor(grey, grey, grey))
        if decimals is not None:
            painter.setPen(Qt.GlobalColor.black if grey > 127 else Qt.GlobalColor.white)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, mask_number(float(value), decimals))
    _outline_worst(painter, rects[int(np.argmin(values))])


def paint_overlay(painter: QPainter, picture: QRect, patch_psnr_db: PatchValues, opacity: float) -> None:
    """Tint and hatch the patches that were predicted worse than the rest of the frame, and outline the worst one."""
    values = patch_psnr_db.ravel()
    rects = patch_rects(picture)
    for rect, strength in zip(rects, opacity * conspicuity(values), strict=True):
        if strength > 0:
            painter.fillRect(rect, QBrush(_hatched_tile(round(20 * strength))))
    _outline_worst(painter, rects[int(np.argmin(values))])


@lru_cache(maxsize=21)
def _hatched_tile(strength: int) -> QPixmap:
    """Texture of tint and hatching for a strength from 1 to 20: several times faster to fill with than two brushes."""
    tint, lines = QColor(_TINT), QColor(0, 0, 0)
    tint.setAlphaF(0.7 * strength / 20)
    lines.setAlphaF(0.6 * strength / 20)
    tile = QPixmap(_TILE_PX, _TILE_PX)
    tile.fill(tint)
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(lines, 1.5))
    for shift in (-_TILE_PX, 0, _TILE_PX):
        painter.drawLine(shift - 2, _TILE_PX + 2, shift + _TILE_PX + 2, -2)
    painter.end()
    return tile


def _outline_worst(painter: QPainter, rect: QRect) -> None:
    # A light line on a wider dark one is visible on any picture.
    inner = QRectF(rect).adjusted(2, 2, -2, -2)
    for width, colour in ((5, Qt.GlobalColor.black), (2.5, QColor(255, 210, 0))):
        pen = QPen(colour, width)
        pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
        painter.setPen(pen)
        painter.drawRect(inner)


def _fit_font(font: QFont, cell: QRect) -> int | None:
    """Fit `font` to a cell; returns how many decimals fit (1 or 0), or None where no number would be readable."""
    for decimals, sample in ((1, "88.8"), (0, "88")):
        for pixels in range(min(18, cell.height() // 2), 8, -1):
            font.setPixelSize(pixels)
            if QFontMetricsF(font).horizontalAdvance(sample) <= cell.width() - 10:
                return decimals
    return None
