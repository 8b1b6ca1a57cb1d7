"""Arranges pictures in captioned rows on white, for papers and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from engine.export.drawing import Colour, draw_text, fit_text, flow_wheel, text_width
from engine.figures.choosing import Region
from engine.video.frame import Pixels

PAPER: Colour = (255, 255, 255)
INK: Colour = (28, 32, 36)
FAINT: Colour = (104, 112, 120)
_EDGE: Colour = (206, 211, 216)
BOX: Colour = (222, 45, 38)
"""Colour of boxes around abnormal or compared regions, red as in the paper."""
CELL_PX = 300
"""Height of every picture in a sheet."""
_WIDEST_CELL_PX = 640
_MARGIN_PX = 28
_GAP_PX = 10
_CAPTION_PX = 30
_HEADING_PX = 34
_LINE_PX = 24
_TEXT_PX = 17
_WHEEL_PX = 76


@dataclass(frozen=True, eq=False)
class Row:
    """Pictures side by side under a heading."""

    heading: str
    details: str
    """Numbers of the transition, shown at the right end of the heading."""
    cells: Sequence[Pixels]


def cell_size(aspect: float) -> tuple[int, int]:
    """Width and height in px of the cell for a frame with this width / height."""
    height = CELL_PX if aspect * CELL_PX <= _WIDEST_CELL_PX else round(_WIDEST_CELL_PX / aspect)
    return max(round(height * aspect), 2), max(height, 2)


def fitted(picture: Pixels, width: int, height: int) -> Pixels:
    """A picture resized to a cell."""
    shrinks = picture.shape[1] > width or picture.shape[0] > height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, (width, height), interpolation=interpolation), np.uint8)


def zoomed(picture: Pixels, region: Region, side_px: int) -> Pixels:
    """A region of a picture as a square of this side; linear, because ringing would look like a prediction error."""
    height, width = picture.shape[:2]
    scale_x, scale_y = side_px / (region.right - region.left) / width, side_px / (region.bottom - region.top) / height
    # Maps pixel centres of the picture to those of the square, exact to fractions of a pixel.
    transform = np.array(
        [
            [scale_x, 0, scale_x * (0.5 - region.left * width) - 0.5],
            [0, scale_y, scale_y * (0.5 - region.top * height) - 0.5],
        ]
    )
    warped = cv2.warpAffine(
        picture, transform, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(warped, np.uint8)


def boxed(picture: Pixels, regions: Sequence[Region], colour: Colour) -> Pixels:
    """A copy of a picture with boxes around regions."""
    marked = picture.copy()
    height, width = marked.shape[:2]
    for region in regions:
        corners = (
            (round(region.left * width), round(region.top * height)),
            (round(region.right * width) - 1, round(region.bottom * height) - 1),
        )
        # A coloured line on a light one is visible on any picture.
        cv2.rectangle(marked, *corners, PAPER, 5)
        cv2.rectangle(marked, *corners, colour, 3)
    return marked


def compose(captions: Sequence[str], rows: Sequence[Row], notes: Sequence[str], flow_radius_px: float | None) -> Pixels:
    """The whole sheet, uint8 [H, W, 3]: column captions, rows, and notes beside a legend of the flow's colours."""
    widths = [max(row.cells[column].shape[1] for row in rows) for column in range(len(captions))]
    width = sum(widths) + _GAP_PX * (len(widths) - 1) + 2 * _MARGIN_PX
    heights = [max(cell.shape[0] for cell in row.cells) for row in rows]
    wheel_px = _WHEEL_PX + _LINE_PX if flow_radius_px else 0
    lines = _wrapped(notes, width - 2 * _MARGIN_PX - (2 * _WHEEL_PX if flow_radius_px else 0))
    foot = max(len(lines) * _LINE_PX, wheel_px)
    body = sum(heights) + _HEADING_PX * len(rows) + _GAP_PX * len(rows)
    sheet = np.empty((_MARGIN_PX + _CAPTION_PX + body + _GAP_PX + foot + _MARGIN_PX // 2, width, 3), np.uint8)
    sheet[:] = PAPER
    lefts = [_MARGIN_PX + sum(widths[:column]) + _GAP_PX * column for column in range(len(widths))]
    y = _MARGIN_PX
    for left, each, caption in zip(lefts, widths, captions, strict=True):
        shown = fit_text(caption, each, _TEXT_PX, bold=True)
        draw_text(sheet, shown, left + each / 2, y + _CAPTION_PX / 2 - 4, _TEXT_PX, INK, bold=True, align=0.5)
    y += _CAPTION_PX
    for row, height in zip(rows, heights, strict=True):
        _draw_row_head(sheet, row, y)
        y += _HEADING_PX
        for left, each, cell in zip(lefts, widths, row.cells, strict=True):
            top = y + (height - cell.shape[0]) // 2
            start = left + (each - cell.shape[1]) // 2
            sheet[top : top + cell.shape[0], start : start + cell.shape[1]] = cell
            # Flow without motion is as white as the paper, so each cell gets an edge.
            corner = (start + cell.shape[1], top + cell.shape[0])
            cv2.rectangle(sheet, (start - 1, top - 1), corner, _EDGE)
        y += height + _GAP_PX
    y += _GAP_PX
    for number, line in enumerate(lines):
        draw_text(sheet, line, _MARGIN_PX, y + (number + 0.5) * _LINE_PX, _TEXT_PX - 2, FAINT)
    if flow_radius_px:
        _draw_legend(sheet, y, flow_radius_px)
    return sheet


def _draw_row_head(sheet: Pixels, row: Row, y: int) -> None:
    max_width = sheet.shape[1] - 2 * _MARGIN_PX
    middle = y + _HEADING_PX / 2
    heading = fit_text(row.heading, max_width, _TEXT_PX, bold=True)
    draw_text(sheet, heading, _MARGIN_PX, middle, _TEXT_PX, INK, bold=True)
    details_width = max_width - text_width(heading, _TEXT_PX, bold=True) - 2 * _GAP_PX
    if text_width(row.details, _TEXT_PX - 2) <= details_width:
        draw_text(sheet, row.details, sheet.shape[1] - _MARGIN_PX, middle, _TEXT_PX - 2, FAINT, align=1)


def _draw_legend(sheet: Pixels, y: int, flow_radius_px: float) -> None:
    right = sheet.shape[1] - _MARGIN_PX
    sheet[y : y + _WHEEL_PX, right - _WHEEL_PX : right] = flow_wheel(_WHEEL_PX, PAPER)
    text = f"rim {flow_radius_px:.1f} px/frame"
    draw_text(sheet, text, right, y + _WHEEL_PX + _LINE_PX / 2, _TEXT_PX - 3, FAINT, align=1)


def _wrapped(notes: Sequence[str], width: int) -> list[str]:
    lines: list[str] = []
    for note in notes:
        line = ""
        for word in note.split():
            longer = f"{line} {word}".strip()
            if line and text_width(longer, _TEXT_PX - 2) > width:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return lines
