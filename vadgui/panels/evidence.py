"""The panels of evidence by place, of a frame and of the whole recording: the frame in grey, under colours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from engine.common.durations import duration_in_words
from engine.common.language import tr
from engine.export.place_colours import scale_colours, under_places
from engine.scoring.heat_map import Seconds
from engine.scoring.where import WindowEvidence
from vadgui.model.frame_view import Bgra

_MARGIN_PX = 5
_BAR_PX = (120, 8)
_MIN_WIDTH_PX = 240


def evidence_picture(frame: Bgra, evidence: WindowEvidence, top: float) -> Bgra:
    """The frame [H, W, 4] under the colours of each window's score on a scale from 0 to `top`."""
    return _coloured(frame, np.nan_to_num(evidence.scores, neginf=0) / top)


def heat_picture(frame: Bgra, heat: Seconds) -> Bgra:
    """The frame [H, W, 4] under the colours of how long something stood out at each place."""
    return _coloured(frame, heat / heat.max())


def _coloured(frame: Bgra, shares: npt.NDArray[np.float64]) -> Bgra:
    picture = np.full_like(frame, 255)
    picture[..., :3] = under_places(np.ascontiguousarray(frame[..., :3]), shares, bgr=True)
    return picture


def paint_evidence_scale(painter: QPainter, picture: QRect, top: float, threshold: float) -> None:
    """Paint what the colours of evidence mean, with the threshold marked."""
    at = min(threshold / top, 1)
    _paint_scale(
        painter,
        picture,
        [(0.0, "0"), (at, tr("threshold {value:.1f}").format(value=threshold)), (1.0, f"{top:.0f}")],
        mark=at,
    )


def paint_heat_scale(painter: QPainter, picture: QRect, heat: Seconds) -> None:
    """Paint what the colours of a heat map mean."""
    _paint_scale(painter, picture, [(0.0, "0"), (1.0, duration_in_words(float(heat.max())))])


def _paint_scale(
    painter: QPainter, picture: QRect, labels: Sequence[tuple[float, str]], mark: float | None = None
) -> None:
    """Paint the scale of the colours, labelled at shares of it, into the lower right corner of a picture."""
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
    ramp = scale_colours()[None]
    painter.drawImage(bar, QImage(ramp.tobytes(), 256, 1, ramp.strides[0], QImage.Format.Format_RGB888))
    painter.setPen(QColor(255, 255, 255))
    if mark is not None:
        place = bar.left() + round(width * mark)
        painter.drawLine(place, bar.top() - 2, place, bar.bottom() + 2)
    for share, text in labels:
        # At either end, words stay over the plate.
        wide = painter.fontMetrics().horizontalAdvance(text)
        left = min(max(bar.left() + share * width - wide / 2, plate.left() + 3), plate.right() - 3 - wide)
        painter.drawText(QRectF(left, bar.bottom() + _MARGIN_PX, wide + 1, line), Qt.AlignmentFlag.AlignTop, text)
    painter.restore()
