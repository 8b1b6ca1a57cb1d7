"""Clips that show the recording's own picture in its own size, with nothing around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.analysis.pipeline import Inspection
from engine.export.drawing import draw_note, draw_outlines, draw_zones
from engine.scoring.where import Outline
from engine.scoring.zones import Zones
from engine.video.frame import Frame, Pixels


class PlainPicture:
    """The frame alone; zones and outlines are drawn on it where there are some."""

    def __init__(self, width_px: int, height_px: int, zones: Zones = ()) -> None:
        self._zones = zones
        self._canvas = np.empty((height_px, width_px, 3), np.uint8)

    def compose(
        self,
        frame: Frame,
        inspection: Inspection | None,
        score: float,
        outlines: Sequence[Outline] = (),
        note: str = "",
    ) -> Pixels:
        """The canvas of a frame, uint8 [height, width, 3], valid until the next call."""
        del inspection, score
        self._canvas[:] = frame.pixels
        draw_zones(self._canvas, self._zones)
        draw_outlines(self._canvas, outlines)
        draw_note(self._canvas, note)
        return self._canvas
