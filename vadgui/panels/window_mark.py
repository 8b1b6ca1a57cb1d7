"""A window of the picture that a person has chosen: where it is, what it says, and how that ranks."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

from engine.common.language import tr
from engine.scoring.calibrated_scorer import how_often
from engine.scoring.motion import PLACES
from engine.scoring.where import WindowEvidence
from engine.scoring.windows import PICTURE_CELLS, WINDOW_CELLS
from vadgui.model.session import ReviewSession
from vadgui.model.window_trace import Window

_LINE = QColor(80, 220, 255)
_PLATE = QColor(0, 0, 0, 190)
_PADDING_PX, _MARGIN_PX = 5, 5
_FEW = 20
"""Fewer moments than this rank nothing."""


def window_at(place: QPointF) -> Window:
    """Row and column of the window whose middle is nearest to a place, given in shares of the picture."""
    first = WINDOW_CELLS // 2
    return window_at_most(int(place.y() * PICTURE_CELLS) - first, int(place.x() * PICTURE_CELLS) - first)


def window_at_most(row: int, column: int) -> Window:
    """The window of these numbers, or the last one in the picture on the way there."""
    return min(max(row, 0), PLACES - 1), min(max(column, 0), PLACES - 1)


def worst_window(where: WindowEvidence) -> Window:
    """The window that stands out most."""
    row, column = np.unravel_index(int(where.strengths.argmax()), where.strengths.shape)
    return int(row), int(column)


def window_in_words(session: ReviewSession) -> str:
    """What the chosen window says of the frame on screen, a line for what was measured and one for how it ranks."""
    view, window = session.view, session.trace.window
    if view is None or window is None:
        return ""
    if view.where is None:
        return tr("Here: not analysed yet")
    reading = view.where.window(*window)
    if not reading.reason or reading.score <= 0:
        return tr("Here: nothing unusual moves in this frame")
    what = ": ".join(filter(None, (reading.reason, reading.values)))
    text = tr("Here: {what}\nscore {score:.1f}, {how_often}")
    text = text.format(what=what, score=reading.score, how_often=how_often(reading.score))
    return text + _rank(session, reading.score)


def _rank(session: ReviewSession, score: float) -> str:
    """How many of this recording's moments are calmer at that place."""
    scores = session.trace.scores
    known = scores[~np.isnan(scores)]
    if len(known) < _FEW:
        return ""
    share = int(100 * (known < score - 0.05).mean())
    return tr("; calmer here in {share} % of this recording").format(share=share)


def paint_window(painter: QPainter, picture: QRect, window: Window) -> None:
    """Mark the window by its corners."""
    row, column = window
    across, down = picture.width() / PICTURE_CELLS, picture.height() / PICTURE_CELLS
    place = QRectF(
        picture.left() + column * across, picture.top() + row * down, WINDOW_CELLS * across, WINDOW_CELLS * down
    )
    painter.save()
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for width, colour in ((4.0, QColor(0, 0, 0)), (2.0, _LINE)):
        painter.setPen(QPen(colour, width))
        painter.drawRect(place)
    painter.restore()


def paint_words(painter: QPainter, picture: QRect, words: str) -> None:
    """Write what a window says into the lower left corner of the picture."""
    painter.save()
    font = QFont(painter.font())
    font.setPixelSize(12)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    room = picture.width() - 2 * (_MARGIN_PX + _PADDING_PX)
    wrap = Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextWordWrap
    text = metrics.boundingRect(QRect(0, 0, room, picture.height()), wrap, words)
    plate = QRect(0, 0, text.width() + 2 * _PADDING_PX, text.height() + 2 * _PADDING_PX)
    plate.moveBottomLeft(picture.bottomLeft() + QPoint(_MARGIN_PX, -_MARGIN_PX))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PLATE)
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(plate.adjusted(_PADDING_PX, _PADDING_PX, -_PADDING_PX + 1, -_PADDING_PX), wrap, words)
    painter.restore()
