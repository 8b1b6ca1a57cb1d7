"""Lays the chosen panels of a transition out as one picture, with captions, legend and score strip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    draw_text,
    fit_text,
    flow_wheel,
    overlay_mask,
    text_width,
)
from engine.export.score_strip import ScoreStrip, clock_text
from engine.video.frame import Frame, Pixels

Panel = Literal["frame", "predicted_flow", "teacher_flow", "predicted_frame", "psnr_mask"]

CAPTIONS: dict[Panel, str] = {
    "frame": "Frame",
    "predicted_flow": "Predicted flow",
    "teacher_flow": "GT flow",
    "predicted_frame": "Predicted frame",
    "psnr_mask": "PSNR mask",
}
"""All panels, in their usual order, and what a person reads above each."""

MARGIN_PX = 16
GAP_PX = 12
HEADER_PX = 44
CAPTION_PX = 26
STRIP_PX = 120
LEGEND_WIDTH_PX = 150
_TITLE_TEXT_PX = 19
_CAPTION_TEXT_PX = 15
_SMALL_TEXT_PX = 13
_CAPTION_MIDDLE_PX = CAPTION_PX / 2 - 1
_DETAIL_WIDTH_PX = 140
_NOT_ANALYSED = "not analysed"
_GOOD_SHAPE = 1.6  # width / height of a mosaic that suits screens and pages
_MIN_SIDE_PX = 860  # what the large panel grows to where the video itself is smaller
_MIN_PANEL_PX = 64


@dataclass(frozen=True)
class Box:
    """A rectangle in px; all its numbers are even, so that chroma subsampling leaves its edges clean."""

    x: int
    y: int
    width: int
    height: int

    def of(self, canvas: Pixels) -> Pixels:
        """The canvas's part inside this box, as a view."""
        return canvas[self.y : self.y + self.height, self.x : self.x + self.width]

    def caption(self) -> Box:
        """The line above."""
        return Box(self.x, self.y - CAPTION_PX, self.width, CAPTION_PX)


@dataclass(frozen=True)
class Layout:
    """Where everything goes: pictures without their captions, which stand right above them."""

    width: int
    height: int
    header: Box
    panels: tuple[Box, ...]
    """The first is the largest."""
    strip: Box | None
    legend: Box | None


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
    """The layout whose large panel has the video's own size (small videos grow) or what fits the given limits.

    All panels keep the video's aspect; the small ones stand right of the large one, as tall together as it and
    the strip beneath it are, or, where the video is a panorama, all are stacked.

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
            return min(fitting, key=lambda each: abs(np.log(each.width / each.height / _GOOD_SHAPE)))
    raise ValueError(f"no layout of {panel_count} panels fits into {max_width_px} x {max_height_px} px")


def _layouts(large_width: int, aspect: float, panel_count: int, *, strip: bool, legend: bool) -> Iterator[Layout]:
    """All layouts around a large panel of this width."""
    large = Box(MARGIN_PX, HEADER_PX + CAPTION_PX, _even(large_width), _even(large_width / aspect))
    floor_px = GAP_PX + CAPTION_PX + STRIP_PX if strip or legend else 0
    for panels in (*_beside(large, aspect, panel_count - 1, floor_px), _stacked(large, panel_count)):
        right = max(box.x + box.width for box in panels)
        # Small panels reach down beside the floor; equal ones stand on it.
        equal = panels[-1].width == large.width
        top = max(box.y + box.height for box in (panels if equal else [large])) + floor_px - STRIP_PX
        floor = Box(MARGIN_PX, top, (right if equal else large.x + large.width) - MARGIN_PX, STRIP_PX)
        strip_box, legend_box = _share_floor(floor, strip=strip, legend=legend)
        bottoms = [box.y + box.height for box in (*panels, strip_box, legend_box) if box]
        yield Layout(
            width=right + MARGIN_PX,
            height=max(bottoms) + MARGIN_PX,
            header=Box(MARGIN_PX, 0, right - MARGIN_PX, HEADER_PX),
            panels=tuple(panels),
            strip=strip_box,
            legend=legend_box,
        )


def _beside(large: Box, aspect: float, small_count: int, floor_px: int) -> Iterator[list[Box]]:
    """Small panels right of the large one, in each number of columns that they fill evenly."""
    for columns in range(1, small_count + 1):
        if small_count % columns:
            continue
        rows = small_count // columns
        pitch = (large.height + floor_px + GAP_PX + CAPTION_PX) / rows
        height = pitch - GAP_PX - CAPTION_PX
        if rows == 1:
            height = min(height, large.height)
        if not 2 <= height <= large.height:
            continue
        size = (large.width, large.height) if height == large.height else (_even(height * aspect), _even(height))
        yield [
            large,
            *(
                # The last row ends where the floor does, whatever was rounded before it.
                Box(large.x + large.width + GAP_PX + column * (size[0] + GAP_PX), large.y + _even(row * pitch), *size)
                for row in range(rows)
                for column in range(columns)
            ),
        ]


def _stacked(large: Box, panel_count: int) -> list[Box]:
    """All panels equal, one beneath the other: what panoramas need."""
    pitch = large.height + GAP_PX + CAPTION_PX
    return [Box(large.x, large.y + row * pitch, large.width, large.height) for row in range(panel_count)]


def _share_floor(floor: Box, *, strip: bool, legend: bool) -> tuple[Box | None, Box | None]:
    if not legend:
        return (floor if strip else None), None
    legend_box = Box(floor.x + floor.width - LEGEND_WIDTH_PX, floor.y, LEGEND_WIDTH_PX, floor.height)
    strip_box = Box(floor.x, floor.y, floor.width - LEGEND_WIDTH_PX - GAP_PX, floor.height)
    return (strip_box if strip else None), legend_box


def _even(number: float) -> int:
    return 2 * round(number / 2)


class Mosaic:
    """Composes one canvas after the other; what never changes is drawn once."""

    def __init__(
        self,
        layout: Layout,
        panels: Sequence[Panel],
        title: str,
        *,
        strip: ScoreStrip | None,
        flow_radius_px: float | None,
        overlay_opacity: float,
    ) -> None:
        """`flow_radius_px` explains the flow colours; `overlay_opacity` above 0 marks the suspicious in the frame."""
        self._layout = layout
        self._panels = tuple(zip(panels, layout.panels, strict=True))
        self._strip = strip
        self._overlay_opacity = overlay_opacity
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

    def compose(self, frame: Frame, inspection: Inspection | None, score: float) -> Pixels:
        """The canvas of a frame, uint8 [height, width, 3], valid until the next call; no inspection for frame 0."""
        self._fill_where(f"Frame {frame.index}    {clock_text(frame.pts_seconds, 3)}")
        for panel, box in self._panels:
            self._fill_detail(box, _detail(panel, frame, inspection))
            self._fill_panel(panel, box.of(self._canvas), frame, inspection)
        if self._strip and self._layout.strip:
            self._fill_detail(self._layout.strip, _NOT_ANALYSED if np.isnan(score) else f"{score:.2f}")
            self._strip.draw(self._layout.strip.of(self._canvas), frame.index)
        return self._canvas

    def _fill_panel(self, panel: Panel, picture: Pixels, frame: Frame, inspection: Inspection | None) -> None:
        match panel:
            case "frame":
                _resize_into(picture, frame.pixels)
                if self._overlay_opacity and inspection:
                    picture[:] = overlay_mask(picture, inspection.signals["patch_psnr_db"], self._overlay_opacity)
            case _ if inspection is None:
                _say_nothing_to_show(picture)
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
        room = self._layout.header.width - self._where_width() - GAP_PX
        shown = fit_text(title, room, _TITLE_TEXT_PX)
        draw_text(header, shown, 0, HEADER_PX / 2, _TITLE_TEXT_PX, MUTED)

    def _where_width(self) -> int:
        return text_width("Frame 88888888    88:88:88.888", _TITLE_TEXT_PX, bold=True)

    def _fill_where(self, text: str) -> None:
        header = self._layout.header.of(self._canvas)
        header[:, -self._where_width() :] = BACKGROUND
        draw_text(header, text, header.shape[1], HEADER_PX / 2, _TITLE_TEXT_PX, TEXT, bold=True, align=1)

    def _draw_caption(self, box: Box, text: str) -> None:
        draw_text(box.caption().of(self._canvas), text, 0, _CAPTION_MIDDLE_PX, _CAPTION_TEXT_PX, TEXT, bold=True)
        self._caption_widths[box] = text_width(text, _CAPTION_TEXT_PX, bold=True)

    def _fill_detail(self, box: Box, text: str) -> None:
        """Write what changes right above a box, where the caption leaves room for it."""
        caption = box.caption().of(self._canvas)
        room = min(box.width - self._caption_widths[box] - GAP_PX, _DETAIL_WIDTH_PX)
        if text_width(text, _CAPTION_TEXT_PX) <= room:
            caption[:, -room:] = BACKGROUND
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
            return  # the line itself stays, at its place in the strip
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
    """The number that belongs to a panel's picture."""
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


def _say_nothing_to_show(picture: Pixels) -> None:
    picture[:] = SURFACE
    height, width = picture.shape[:2]
    for line, text in enumerate(("Frame 0 has no frame before it", "to predict it from")):
        draw_text(picture, text, width / 2, height / 2 + (line - 0.5) * 20, _CAPTION_TEXT_PX, MUTED, align=0.5)
