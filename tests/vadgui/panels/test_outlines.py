"""Words beside outlines are whole, also in narrow pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from engine.scoring.where import Outline
from vadgui.panels import outlines

WORDS = "unusually fast: 3.3 px a frame more than predicted, here usually 1.1 at most"


class Painter(QPainter):
    """Keeps what is written."""

    def __init__(self, image: QImage) -> None:
        super().__init__(image)
        self.written: list[tuple[QRect, str]] = []

    def drawText(self, place: QRect, flags: Qt.AlignmentFlag, text: str) -> None:  # noqa: N802 - Qt's name
        self.written.append((place.toRect(), text))
        super().drawText(place, flags, text)


@pytest.mark.parametrize(("width", "lines"), [(700, 1), (360, 2)])
def test_words_go_on_in_a_second_line(qapp: QApplication, width: int, lines: int) -> None:
    del qapp
    image = QImage(width, 300, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = Painter(image)
    outline = Outline(np.array([[0.4, 0.5], [0.5, 0.5], [0.5, 0.7]]), 5.0, *WORDS.split(": "))
    outlines.paint_outlines(painter, image.rect(), [outline])
    painter.end()
    ((place, text),) = painter.written
    assert text == WORDS
    assert place.height() // 14 == lines
    assert lines == 1 or place.width() < 300, "no word is alone in its line"
    assert image.rect().contains(place)


def test_where_two_lines_do_not_hold_the_words_the_reason_stands_alone(qapp: QApplication) -> None:
    del qapp
    image = QImage(240, 300, QImage.Format.Format_RGB32)
    image.fill(0)
    painter = Painter(image)
    outline = Outline(np.array([[0.4, 0.5], [0.5, 0.5], [0.5, 0.7]]), 5.0, *WORDS.split(": "))
    outlines.paint_outlines(painter, image.rect(), [outline])
    painter.end()
    ((place, text),) = painter.written
    assert text == "unusually fast"
    assert image.rect().contains(place)
