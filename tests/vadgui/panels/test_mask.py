from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from engine.export.drawing import BLACK_DB, WHITE_DB
from vadgui.panels.mask import paint_mask, paint_overlay, patch_rects


def _canvas(colour: str) -> QImage:
    image = QImage(400, 240, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def test_patches_tile_a_picture_of_any_size() -> None:
    picture = QRect(3, 5, 101, 67)
    rects = patch_rects(picture)
    assert sum(rect.width() * rect.height() for rect in rects) == 101 * 67
    assert all(picture.contains(rect) for rect in rects)


@pytest.mark.usefixtures("qapp")
def test_mask_is_darker_where_more_suspicious_with_readable_numbers() -> None:
    values = np.linspace(BLACK_DB, WHITE_DB, 16).reshape(4, 4)
    image = _canvas("red")
    painter = QPainter(image)
    paint_mask(painter, image.rect(), values)
    painter.end()
    rects = patch_rects(image.rect())
    fills = [QColor(image.pixel(rect.left() + 8, rect.top() + 8)).lightness() for rect in rects]
    assert fills == sorted(fills)
    assert (fills[0], fills[-1]) == (0, 255)
    for rect, fill in zip(rects, fills, strict=True):
        middle = rect.adjusted(20, 15, -20, -15)
        inks = [
            QColor(image.pixel(x, y)).lightness()
            for x in range(middle.left(), middle.right())
            for y in range(middle.top(), middle.bottom())
        ]
        assert max(abs(ink - fill) for ink in inks) > 100


@pytest.mark.usefixtures("qapp")
def test_overlay_marks_the_worst_patch_and_leaves_the_others_alone() -> None:
    values = np.full((4, 4), 38.0)
    values[1, 2] = 22.0
    image = _canvas("#808080")
    painter = QPainter(image)
    paint_overlay(painter, image.rect(), values, opacity=1.0)
    painter.end()
    worst = image.copy(patch_rects(image.rect())[6])
    colours = {worst.pixel(x, y) for x in range(worst.width()) for y in range(worst.height())}
    assert len(colours) > 3  # outline and hatching as well as tint, so that the patch is not marked by colour alone
    other = image.copy(patch_rects(image.rect())[12])
    assert {other.pixel(x, y) for x in range(100) for y in range(60)} == {QColor("#808080").rgb()}
