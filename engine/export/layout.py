"""Plans where the parts of an exported picture go: header, panels with captions, score strip, legend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.video.frame import Pixels

MARGIN_PX = 16
GAP_PX = 12
HEADER_PX = 44
CAPTION_PX = 26
STRIP_PX = 120
LEGEND_WIDTH_PX = 150
_TARGET_ASPECT = 1.6  # preferred width / height of a mosaic, which suits screens and pages
_MIN_SIDE_PX = 860  # longer side to which the large panel of a smaller video is enlarged
_MIN_PANEL_PX = 64


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


def plan_side_by_side(
    frame_width: int, frame_height: int, panel_count: int, *, max_width_px: int, max_height_px: int
) -> Layout:
    """The layout whose panels stand in one row, all of the video's size, or the largest size within the limits.

    Raises:
        ValueError: the limits are too narrow for so many panels.
    """
    around = 2 * MARGIN_PX + (panel_count - 1) * GAP_PX
    aspect = frame_width / frame_height
    widest = (max_width_px - around) / panel_count
    tallest = max_height_px - HEADER_PX - CAPTION_PX - MARGIN_PX
    width = 2 * int(min(frame_width, widest, tallest * aspect) / 2)
    height = 2 * int(width / aspect / 2)
    if min(width, height) < _MIN_PANEL_PX / 2:
        raise ValueError(f"{panel_count} panels do not fit side by side into {max_width_px} x {max_height_px} px")
    top = HEADER_PX + CAPTION_PX
    boxes = tuple(Box(MARGIN_PX + place * (width + GAP_PX), top, width, height) for place in range(panel_count))
    total = around + panel_count * width
    header = Box(MARGIN_PX, 0, total - 2 * MARGIN_PX, HEADER_PX)
    return Layout(total, top + height + MARGIN_PX, header, boxes, strip=None, legend=None)


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
