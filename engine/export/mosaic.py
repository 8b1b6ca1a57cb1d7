"""Arranges the chosen panels of a transition in one picture, with captions, legend and score strip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from engine.analysis.pipeline import Inspection
from engine.common.language import number_text, tr, tr_noop
from engine.export.drawing import (
    ALERT,
    BACKGROUND,
    DASH_PERIOD_PX,
    MUTED,
    SURFACE,
    TEXT,
    draw_dashes,
    draw_mask,
    draw_note,
    draw_outlines,
    draw_text,
    draw_zones,
    flow_wheel,
    overlay_mask,
    text_width,
)
from engine.export.header import Header, Title
from engine.export.layout import CAPTION_PX, GAP_PX, Box, Layout
from engine.export.score_strip import ScoreStrip, clock_text
from engine.scoring.where import Outline
from engine.scoring.zones import Zones
from engine.video.frame import Frame, Pixels
from engine.video.wall_clock import RecordingStart

Panel = Literal["frame", "predicted_flow", "teacher_flow", "predicted_frame", "psnr_mask"]

CAPTIONS: dict[Panel, str] = {
    "frame": tr_noop("Frame"),
    "predicted_flow": tr_noop("Predicted flow"),
    "teacher_flow": tr_noop("Measured flow"),
    "predicted_frame": tr_noop("Predicted frame"),
    "psnr_mask": tr_noop("PSNR mask"),
}
"""All panels in their default order, and the caption above each."""

_CAPTION_TEXT_PX = 15
_SMALL_TEXT_PX = 13
_CAPTION_MIDDLE_PX = CAPTION_PX / 2 - 1
_NOT_ANALYSED = tr_noop("not analysed")
_GAP = " " * 4


@dataclass(frozen=True)
class BurntIn:
    """Which texts are written into the picture."""

    camera: bool = True
    """The recording's name."""
    frame_number: bool = True
    running_time: bool = True
    """Since the recording's first frame."""
    wall_clock: bool = True
    """The time of day, where the recording tells it."""
    score: bool = True
    """The number, where there is a score strip."""
    verdict: bool = True
    """A person's word on the segment."""


class Mosaic:
    """Composes the canvas of one frame after another; the static parts are drawn once."""

    def __init__(
        self,
        layout: Layout,
        panels: Sequence[Panel],
        title: Title,
        *,
        strip: ScoreStrip | None,
        flow_radius_px: float | None,
        overlay_opacity: float,
        zones: Zones = (),
        burnt_in: BurntIn | None = None,
        start: RecordingStart | None = None,
        last: tuple[int, float] = (88_888_888, 319_000.0),
    ) -> None:
        """`flow_radius_px` is shown in the legend; `overlay_opacity` above 0 marks suspicious patches in the frame.

        `start` tells the time of day. No frame has a higher number or a later time in seconds than the `last`.
        """
        self._layout = layout
        self._panels = tuple(zip(panels, layout.panels, strict=True))
        self._strip = strip
        self._overlay_opacity = overlay_opacity
        self._zones = zones
        self._burnt_in = burnt_in or BurntIn()
        self._start = start if self._burnt_in.wall_clock else None
        self._canvas = np.empty((layout.height, layout.width, 3), np.uint8)
        self._canvas[:] = BACKGROUND
        self._caption_widths: dict[Box, int] = {}
        # All digits are as wide.
        self._header = Header(layout.header.of(self._canvas), title, self._position(*last))
        for panel, box in self._panels:
            self._draw_caption(box, tr(CAPTIONS[panel]))
        if layout.strip and strip:
            self._draw_strip_caption(layout.strip, strip.threshold)
        if layout.legend and flow_radius_px:
            self._draw_legend(layout.legend, flow_radius_px)

    def compose(
        self,
        frame: Frame,
        inspection: Inspection | None,
        score: float,
        outlines: Sequence[Outline] = (),
        note: str = "",
    ) -> Pixels:
        """The canvas of a frame, uint8 [height, width, 3], valid until the next call; frame 0 has no inspection.

        A `note` stands in the corner of the first panel.
        """
        self._header.draw(self._position(frame.index, frame.pts_seconds))
        for panel, box in self._panels:
            self._draw_detail(box, _detail(panel, frame, inspection))
            self._draw_panel(panel, box.of(self._canvas), frame, inspection)
            if panel == "frame":
                draw_zones(box.of(self._canvas), self._zones)
                draw_outlines(box.of(self._canvas), outlines)
        draw_note(self._panels[0][1].of(self._canvas), note)
        if self._strip and self._layout.strip:
            if self._burnt_in.score:
                self._draw_detail(
                    self._layout.strip, tr(_NOT_ANALYSED) if np.isnan(score) else number_text(float(score), ".2f")
                )
            self._strip.draw(self._layout.strip.of(self._canvas), frame.index)
        return self._canvas

    def _draw_panel(self, panel: Panel, picture: Pixels, frame: Frame, inspection: Inspection | None) -> None:
        match panel:
            case "frame":
                _resize_into(picture, frame.pixels)
                if self._overlay_opacity and inspection:
                    picture[:] = overlay_mask(picture, inspection.signals["patch_psnr_db"], self._overlay_opacity)
            case _ if inspection is None:
                _draw_placeholder(picture)
            case "psnr_mask":
                draw_mask(picture, inspection.signals["patch_psnr_db"])
            case "predicted_flow":
                _resize_into(picture, inspection.predicted_flow)
            case "teacher_flow":
                _resize_into(picture, inspection.teacher_flow)
            case "predicted_frame":
                _resize_into(picture, inspection.predicted_frame)

    def _position(self, index: int, seconds: float) -> str:
        """When a frame is."""
        said = [f"{self._start.at(seconds):%Y-%m-%d %H:%M:%S %Z}"] if self._start else []
        if self._burnt_in.frame_number:
            said.append(tr("Frame {frame}").format(frame=index))
        if self._burnt_in.running_time:
            said.append(clock_text(seconds, 3))
        return _GAP.join(said)

    def _draw_caption(self, box: Box, text: str) -> None:
        draw_text(box.caption().of(self._canvas), text, 0, _CAPTION_MIDDLE_PX, _CAPTION_TEXT_PX, TEXT, bold=True)
        self._caption_widths[box] = text_width(text, _CAPTION_TEXT_PX, bold=True)

    def _draw_detail(self, box: Box, text: str) -> None:
        """Write a text that changes with each frame at the right of a box's caption line, if it fits there."""
        caption = box.caption().of(self._canvas)
        max_width = box.width - self._caption_widths[box] - GAP_PX
        if text_width(text, _CAPTION_TEXT_PX) <= max_width:
            caption[:, -max_width:] = BACKGROUND
            draw_text(caption, text, box.width, _CAPTION_MIDDLE_PX, _CAPTION_TEXT_PX, MUTED, align=1)

    def _draw_strip_caption(self, box: Box, threshold: float | None) -> None:
        self._draw_caption(box, tr("Anomaly score"))
        if threshold is None:
            return
        caption = box.caption().of(self._canvas)
        x = self._caption_widths[box] + 2 * GAP_PX
        label = tr("threshold {threshold:.2f}").format(threshold=threshold)
        end = x + 2 * DASH_PERIOD_PX + 4 + text_width(label, _SMALL_TEXT_PX)
        if end + GAP_PX + text_width(tr(_NOT_ANALYSED), _CAPTION_TEXT_PX) > box.width:
            return  # there is no space for the label; the line in the strip is drawn anyway
        self._caption_widths[box] = end
        draw_dashes(caption, x, x + 2 * DASH_PERIOD_PX, round(_CAPTION_MIDDLE_PX), ALERT)
        draw_text(caption, label, x + 2 * DASH_PERIOD_PX + 4, _CAPTION_MIDDLE_PX, _SMALL_TEXT_PX, ALERT)

    def _draw_legend(self, box: Box, flow_radius_px: float) -> None:
        self._draw_caption(box, tr("Flow colours"))
        picture = box.of(self._canvas)
        line = _SMALL_TEXT_PX + 9
        size = box.height - line
        left = (box.width - size) // 2
        picture[:size, left : left + size] = flow_wheel(size, BACKGROUND)
        text = tr("rim {radius:.1f} px/frame").format(radius=flow_radius_px)
        draw_text(picture, text, box.width / 2, box.height - line / 2 + 2, _SMALL_TEXT_PX, MUTED, align=0.5)


def _detail(panel: Panel, frame: Frame, inspection: Inspection | None) -> str:
    """The number to show above a panel: size, error or PSNR; empty without one."""
    if panel == "frame":
        return frame.size_in_words
    if inspection is None:
        return ""
    match panel:
        case "predicted_flow":
            return tr("error {error:.2f} px").format(error=inspection.signals["flow_error_px"])
        case "predicted_frame":
            return f"PSNR {number_text(inspection.signals['psnr_db'], '.1f')} dB"
        case "psnr_mask":
            return tr("worst {psnr:.1f} dB").format(psnr=inspection.signals["patch_psnr_db"].min())
        case _:
            return ""


def _resize_into(picture: Pixels, content: Pixels) -> None:
    height, width = picture.shape[:2]
    shrinks_much = content.shape[1] > 2 * width
    cv2.resize(
        content, (width, height), dst=picture, interpolation=cv2.INTER_AREA if shrinks_much else cv2.INTER_LINEAR
    )


def _draw_placeholder(picture: Pixels) -> None:
    picture[:] = SURFACE
    height, width = picture.shape[:2]
    for line, text in enumerate(tr("Frame 0 has no frame before it\nto predict it from").splitlines()):
        draw_text(picture, text, width / 2, height / 2 + (line - 0.5) * 20, _CAPTION_TEXT_PX, MUTED, align=0.5)
