from __future__ import annotations

import numpy as np
from PySide6.QtCore import QRect
from PySide6.QtGui import QColor, QImage, QPainter

from vadgui.panels.mask import BLACK_DB, WHITE_DB, conspicuity, paint_mask, paint_overlay, patch_rects, suspicion


def _canvas(colour: str) -> QImage:
    image = QImage(400, 240, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    return image


def test_suspicion_falls_with_psnr_and_knows_its_ends() -> None:
    values = np.array([BLACK_DB - 5, BLACK_DB, 30.0, WHITE_DB, np.inf])
    assert suspicion(values).tolist() == [1.0, 1.0, 0.5, 0.0, 0.0]


def test_only_patches_behind_the_rest_of_the_frame_stand_out() -> None:
    busy = np.full((4, 4), 27.0)
    assert not conspicuity(busy).any()
    busy[2, 1] = 20.0
    standing_out = conspicuity(busy)
    assert standing_out[2, 1] > 0.5
    assert np.count_nonzero(standing_out) == 1


def test_a_perfect_frame_stands_out_nowhere() -> None:
    values = np.full((4, 4), 60.0)
    values[0, 0] = 45.0
    assert not conspicuity(values).any()


def test_patches_tile_a_picture_of_any_size() -> None:
    picture = QRect(3, 5, 101, 67)
    rects = patch_rects(picture)
    assert sum(rect.width() * rect.height() for rect in rects) == 101 * 67
    assert all(picture.contains(rect) for rect in rects)


def test_mask_is_darker_where_more_suspicious_with_readable_numbers(qapp: object) -> None:
    del qapp
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


def test_overlay_marks_the_worst_patch_and_leaves_the_others_alone(qapp: object) -> None:
    del qapp
    values = np.full((4, 4), 38.0)
    values[1, 2] = 22.0
    image = _canvas("#808080")
    painter = QPainter(image)
    paint_overlay(painter, image.rect(), values, opacity=1.0)
    painter.end()
    worst = image.copy(patch_rects(image.rect())[6])
    colours = {worst.pixel(x, y) for x in range(worst.width()) for y in range(worst.height())}
    assert len(colours) > 3  # outline, tint and hatching: never colour alone
    other = image.copy(patch_rects(image.rect())[12])
    assert {other.pixel(x, y) for x in range(100) for y in range(60)} == {QColor("#808080").rgb()}
