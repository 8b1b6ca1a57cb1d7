from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from vadgui.panels.legend import paint_legend


def painted(width: int, height: int, radius_px: float = 3.4) -> QImage:
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_legend(painter, image.rect(), radius_px)
    painter.end()
    return image


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize(("width", "height"), [(640, 360), (240, 160), (150, 85), (90, 60)])
def test_legend_leaves_most_of_the_picture_visible(width: int, height: int) -> None:
    image = painted(width, height)
    white = QColor("white").rgb()
    hidden = sum(image.pixel(x, y) != white for x in range(width) for y in range(height))
    assert hidden < 0.25 * width * height
    assert all(image.pixel(x, y) == white for x in range(width // 4) for y in range(height))


@pytest.mark.usefixtures("qapp")
def test_legend_has_a_colour_for_every_direction_and_shows_the_radius() -> None:
    image = painted(640, 360)
    hues = {QColor(image.pixel(x, y)).hue() // 60 for x in range(500, 640) for y in range(250, 360)}
    assert {0, 1, 2, 3, 4, 5} <= hues
    assert painted(640, 360, 3.4) == image
    assert painted(640, 360, 5.0) != image


@pytest.mark.usefixtures("qapp")
def test_a_tiny_picture_has_no_legend() -> None:
    blank = QImage(70, 40, QImage.Format.Format_RGB32)
    blank.fill(QColor("white"))
    assert painted(70, 40) == blank
