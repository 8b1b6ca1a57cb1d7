"""Paints redacted regions onto the frame, as lines: whoever reviews has to see what is there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QPainter

from engine.common.language import tr, tr_noop
from engine.redaction.regions import RedactedRegion, RedactionMethod
from engine.scoring.zones import Points
from vadgui.panels.shapes import paint_border, paint_corners, paint_title, polygon

LINE = QColor(255, 150, 215)
"""Pink: neither the blue and orange of zones nor the yellow of outlines."""
_SHADE = QColor(255, 150, 215, 45)
_WHOLE: Points = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


_TITLES = {
    RedactionMethod.FILL: tr_noop("redacted: fill"),
    RedactionMethod.PIXELATE: tr_noop("redacted: pixelate"),
    RedactionMethod.BLUR: tr_noop("redacted: blur"),
}


def paint_redaction(
    painter: QPainter,
    picture: QRect,
    regions: Sequence[RedactedRegion],
    shapes: Sequence[Points],
    frame: int,
    *,
    selected: int | None = None,
    blurs_picture: bool = False,
) -> None:
    """Draw each region's border where its shape is in this frame, and what becomes of it; keyframes have a diamond."""
    painter.save()
    painter.setClipRect(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if blurs_picture:
        paint_title(painter, picture, _WHOLE, tr("whole picture blurred when handed over"))
    for number, (region, points) in enumerate(zip(regions, shapes, strict=True)):
        if not points:
            continue
        line = polygon(points, picture)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_SHADE)
        painter.drawPolygon(line)
        paint_border(painter, line, LINE, Qt.PenStyle.DashDotLine, thick=number == selected)
        keyframe = "◆ " if not region.is_fixed and region.has_keyframe(frame) else ""
        paint_title(painter, picture, points, keyframe + tr(_TITLES[region.method]))
        if number == selected:
            paint_corners(painter, picture, points)
    painter.restore()
