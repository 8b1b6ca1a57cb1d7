"""Arranges the chosen panels of a transition in one picture, with captions, legend and score strip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Literal

import cv2
import numpy as np

from engine.analysis.pipeline import Inspection
from engine.export.drawing import (
    ALERT,
    BACKGROUND,
    DASH_PERIOD_PX,
    MUTED,
    SURFACE,
    TEXT,
    draw_dashes,
    draw_mask,
    draw_outlines,
    draw_text,
    draw_zones,
    fit_text,
    flow_wheel,
    overlay_mask,
    text_width,
)
from engine.export.score_strip import ScoreStrip, clock_text
from engine.scoring.where import Outline
from engine.scoring.zones import Zones
from engine.video.frame import Frame, Pixels
from engine.video.wall_clock import RecordingStart

Panel = Literal["frame", "predicted_flow", "teacher_flow", "predicted_frame", "psnr_mask"]

CAPTIONS: dict[Panel, str] = {
    "frame": "Frame",
    "predicted_flow": "Predicted flow",
    "teacher_flow": "Measured flow",
    "predicted_frame": "Predicted frame",
    "psnr_mask": "PSNR mask",
}
"""All panels in their default order, and the caption above each."""

MARGIN_PX = 16
GAP_PX = 12
HEADER_PX = 44
CAPTION_PX = 26
STRIP_PX = 120
LEGEND_WIDTH_PX = 150
_TITLE_TEXT_PX = 19
_CAPTION_TEXT_PX = 15
_SMALL_TEXT_PX = 13
_SMALLEST_TEXT_PX = 9
_CAPTION_MIDDLE_PX = CAPTION_PX / 2 - 1
_DETAIL_WIDTH_PX = 140
_NOT_ANALYSED = "not analysed"
_GAP = " " * 4
_TARGET_ASPECT = 1.6  # preferred width / height of a mosaic, which suits screens and pages
_MIN_SIDE_PX = 860  # longer side to which the large panel of a smaller video is enlarged
_MIN_PANEL_PX = 64


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


@dataclass(frozen=True)
class Box:
    """A rectangle in px; all numbers are even, so that chroma subsampling does not blur its edges."""

    x: int
    y: int
    width: int
    height: int

    def of(self, canvas: Pixels) -> Pixels:
        """A view of the part of the canvas inside this box."""
        return canvas[self.y : self.y + self.height, self.x : self.x + self.width]

    def caption(self) -> Box:
        """The box of the caption line above this box."""
        return Box(self.x, self.y - CAPTION_PX, self.width, CAPTION_PX)


@dataclass(frozen=True)
class Layout:
    """Boxes of all parts of a canvas; captions are not included and are drawn right above their boxes."""

    width: int
    height: int
    header: Box
    panels: tuple[Box, ...]
    """The first is the largest."""
    strip: Box | None
    legend: Box | None


@lru_cache(maxsize=16)
def plan_layout(
    frame_width: int,
    frame_height: int,
    panel_count: int,
    *,
    strip: bool,
    legend: bool,
    max_width_px: int,
    max_height_px: int,
) -> Layout:
    """The layout whose large panel has the video's size (enlarged if small), or the largest size within the limits.

    All panels keep the video's aspect. The small ones are right of the large one, together as tall as it and the footer
    below it; panels of panoramas are stacked.

    Raises:
        ValueError: the limits are too narrow for so many panels.
    """
    aspect = frame_width / frame_height
    enlarged = max(1.0, _MIN_SIDE_PX / max(frame_width, frame_height))
    widest = min(round(frame_width * enlarged), max_width_px)
    smallest = round(_MIN_PANEL_PX * max(aspect, 1.0))
    for width in range(widest, smallest, -2):
        candidates = list(_layouts(width, aspect, panel_count, strip=strip, legend=legend))
        fitting = [each for each in candidates if each.width <= max_width_px and each.height <= max_height_px]
        if fitting:
            return min(fitting, key=lambda each: abs(np.log(each.width / each.height / _TARGET_ASPECT)))
    raise ValueError(f"no layout of {panel_count} panels fits into {max_width_px} x {max_height_px} px")


def _layouts(large_width: int, aspect: float, panel_count: int, *, strip: bool, legend: bool) -> Iterator[Layout]:
    """All candidate layouts with a large panel of this width."""
    large = Box(MARGIN_PX, HEADER_PX + CAPTION_PX, _even(large_width), _even(large_width / aspect))
    footer_px = GAP_PX + CAPTION_PX + STRIP_PX if strip or legend else 0
    for panels in (*_beside(large, aspect, panel_count - 1, footer_px), _stacked(large, panel_count)):
        right = max(box.x + box.width for box in panels)
        # Small panels extend beside the footer; panels of equal size are all above it.
        equal = panels[-1].width == large.width
        top = max(box.y + box.height for box in (panels if equal else [large])) + footer_px - STRIP_PX
        footer = Box(MARGIN_PX, top, (right if equal else large.x + large.width) - MARGIN_PX, STRIP_PX)
        strip_box, legend_box = _split_footer(footer, strip=strip, legend=legend)
        bottoms = [box.y + box.height for box in (*panels, strip_box, legend_box) if box]
        yield Layout(
            width=right + MARGIN_PX,
            height=max(bottoms) + MARGIN_PX,
            header=Box(MARGIN_PX, 0, right - MARGIN_PX, HEADER_PX),
            panels=tuple(panels),
            strip=strip_box,
            legend=legend_box,
        )


def _beside(large: Box, aspect: float, small_count: int, footer_px: int) -> Iterator[list[Box]]:
    """The large panel with the small ones right of it, for each number of columns that they fill evenly."""
    for columns in range(1, small_count + 1):
        if small_count % columns:
            continue
        rows = small_count // columns
        pitch = (large.height + footer_px + GAP_PX + CAPTION_PX) / rows
        height = pitch - GAP_PX - CAPTION_PX
        if rows == 1:
            height = min(height, large.height)
        if not 2 <= height <= large.height:
            continue
        size = (large.width, large.height) if height == large.height else (_even(height * aspect), _even(height))
        yield [
            large,
            *(
                # Rounding each row separately makes the last row end where the footer ends.
                Box(large.x + large.width + GAP_PX + column * (size[0] + GAP_PX), large.y + _even(row * pitch), *size)
                for row in range(rows)
                for column in range(columns)
            ),
        ]


def _stacked(large: Box, panel_count: int) -> list[Box]:
    """All panels of equal size, one below the other, for panoramas."""
    pitch = large.height + GAP_PX + CAPTION_PX
    return [Box(large.x, large.y + row * pitch, large.width, large.height) for row in range(panel_count)]


def _split_footer(footer: Box, *, strip: bool, legend: bool) -> tuple[Box | None, Box | None]:
    if not legend:
        return (footer if strip else None), None
    legend_box = Box(footer.x + footer.width - LEGEND_WIDTH_PX, footer.y, LEGEND_WIDTH_PX, footer.height)
    strip_box = Box(footer.x, footer.y, footer.width - LEGEND_WIDTH_PX - GAP_PX, footer.height)
    return (strip_box if strip else None), legend_box


def _even(number: float) -> int:
    return 2 * round(number / 2)


class Mosaic:
    """Composes the canvas of one frame after another; the static parts are drawn once."""

    def __init__(
        self,
        layout: Layout,
        panels: Sequence[Panel],
        title: str,
        *,
        strip: ScoreStrip | None,
        flow_radius_px: float | None,
        overlay_opacity: float,
        zones: Zones = (),
        burnt_in: BurntIn | None = None,
        start: RecordingStart | None = None,
    ) -> None:
        """`flow_radius_px` is shown in the legend; `overlay_opacity` above 0 marks suspicious patches in the frame.

        `start` tells the time of day.
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
        self._draw_header(title)
        for panel, box in self._panels:
            self._draw_caption(box, CAPTIONS[panel])
        if layout.strip and strip:
            self._draw_strip_caption(layout.strip, strip.threshold)
        if layout.legend and flow_radius_px:
            self._draw_legend(layout.legend, flow_radius_px)

    def compose(
        self, frame: Frame, inspection: Inspection | None, score: float, outlines: Sequence[Outline] = ()
    ) -> Pixels:
        """The canvas of a frame, uint8 [height, width, 3], valid until the next call; frame 0 has no inspection."""
        self._draw_position(_GAP.join(self._position(frame.index, frame.pts_seconds)))
        for panel, box in self._panels:
            self._draw_detail(box, _detail(panel, frame, inspection))
            self._draw_panel(panel, box.of(self._canvas), frame, inspection)
            if panel == "frame":
                draw_zones(box.of(self._canvas), self._zones)
                draw_outlines(box.of(self._canvas), outlines)
        if self._strip and self._layout.strip:
            if self._burnt_in.score:
                self._draw_detail(self._layout.strip, _NOT_ANALYSED if np.isnan(score) else f"{score:.2f}")
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

    def _draw_header(self, title: str) -> None:
        header = self._layout.header.of(self._canvas)
        max_width = self._layout.header.width - self._position_size[0] - GAP_PX
        shown = fit_text(title, max_width, _TITLE_TEXT_PX)
        draw_text(header, shown, 0, HEADER_PX / 2, _TITLE_TEXT_PX, MUTED)

    def _position(self, index: int, seconds: float) -> list[str]:
        """What is said of when a frame is, at the right of the header."""
        said = [f"{self._start.at(seconds):%Y-%m-%d %H:%M:%S %Z}"] if self._start else []
        if self._burnt_in.frame_number:
            said.append(f"Frame {index}")
        if self._burnt_in.running_time:
            said.append(clock_text(seconds, 3))
        return said

    @cached_property
    def _position_size(self) -> tuple[int, int]:
        """Width of the widest position, and the size of its text: the largest with which it fits."""
        # A hundred million frames take more room than a hundred hours.
        widest = _GAP.join(self._position(88_888_888, 319_000.0))
        for size_px in range(_TITLE_TEXT_PX, _SMALLEST_TEXT_PX, -1):
            width = text_width(widest, size_px, bold=True)
            if width <= self._layout.header.width:
                return width, size_px
        return self._layout.header.width, _SMALLEST_TEXT_PX

    def _draw_position(self, text: str) -> None:
        if not text:
            return
        header = self._layout.header.of(self._canvas)
        width, size_px = self._position_size
        header[:, -width:] = BACKGROUND
        draw_text(header, text, header.shape[1], HEADER_PX / 2, size_px, TEXT, bold=True, align=1)

    def _draw_caption(self, box: Box, text: str) -> None:
        draw_text(box.caption().of(self._canvas), text, 0, _CAPTION_MIDDLE_PX, _CAPTION_TEXT_PX, TEXT, bold=True)
        self._caption_widths[box] = text_width(text, _CAPTION_TEXT_PX, bold=True)

    def _draw_detail(self, box: Box, text: str) -> None:
        """Write a text that changes with each frame at the right of a box's caption line, if it fits there."""
        caption = box.caption().of(self._canvas)
        max_width = min(box.width - self._caption_widths[box] - GAP_PX, _DETAIL_WIDTH_PX)
        if text_width(text, _CAPTION_TEXT_PX) <= max_width:
            caption[:, -max_width:] = BACKGROUND
            draw_text(caption, text, box.width, _CAPTION_MIDDLE_PX, _CAPTION_TEXT_PX, MUTED, align=1)

    def _draw_strip_caption(self, box: Box, threshold: float | None) -> None:
        self._draw_caption(box, "Anomaly score")
        if threshold is None:
            return
        caption = box.caption().of(self._canvas)
        x = self._caption_widths[box] + 2 * GAP_PX
        label = f"threshold {threshold:.2f}"
        end = x + 2 * DASH_PERIOD_PX + 4 + text_width(label, _SMALL_TEXT_PX)
        if end + GAP_PX + text_width(_NOT_ANALYSED, _CAPTION_TEXT_PX) > box.width:
            return  # there is no space for the label; the line in the strip is drawn anyway
        self._caption_widths[box] = end
        draw_dashes(caption, x, x + 2 * DASH_PERIOD_PX, round(_CAPTION_MIDDLE_PX), ALERT)
        draw_text(caption, label, x + 2 * DASH_PERIOD_PX + 4, _CAPTION_MIDDLE_PX, _SMALL_TEXT_PX, ALERT)

    def _draw_legend(self, box: Box, flow_radius_px: float) -> None:
        self._draw_caption(box, "Flow colours")
        picture = box.of(self._canvas)
        line = _SMALL_TEXT_PX + 9
        size = box.height - line
        left = (box.width - size) // 2
        picture[:size, left : left + size] = flow_wheel(size, BACKGROUND)
        text = f"rim {flow_radius_px:.1f} px/frame"
        draw_text(picture, text, box.width / 2, box.height - line / 2 + 2, _SMALL_TEXT_PX, MUTED, align=0.5)


def _detail(panel: Panel, frame: Frame, inspection: Inspection | None) -> str:
    """The number to show above a panel: size, error or PSNR; empty without one."""
    if panel == "frame":
        return f"{frame.pixels.shape[1]} × {frame.pixels.shape[0]}"
    if inspection is None:
        return ""
    match panel:
        case "predicted_flow":
            return f"error {inspection.signals['flow_error_px']:.2f} px"
        case "predicted_frame":
            return f"PSNR {inspection.signals['psnr_db']:.1f} dB"
        case "psnr_mask":
            return f"worst {inspection.signals['patch_psnr_db'].min():.1f} dB"
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
    for line, text in enumerate(("Frame 0 has no frame before it", "to predict it from")):
        draw_text(picture, text, width / 2, height / 2 + (line - 0.5) * 20, _CAPTION_TEXT_PX, MUTED, align=0.5)
