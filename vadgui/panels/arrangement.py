"""Layout of the panels: one large, the others in a block beside or beneath it, all in the video's aspect ratio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from PySide6.QtCore import QPoint, QRect, QSize

GAP_PX = 6
"""Distance between two panels in device-independent pixels."""
_LARGE_TO_SMALL = 1.5  # the large panel stays at least this much wider than the small ones


@dataclass(frozen=True)
class _Candidate:
    """A possible layout, whose top left corner is at (0, 0)."""

    large_width: float
    small_width: float
    columns: int
    small_count: int
    beside: bool
    """Whether the block of small panels is to the right of the large one; otherwise it is beneath."""

    def total_width(self) -> float:
        return self.large_width + self.small_count * self.small_width


def arrange(area: QSize, aspect: float, title_px: int, panel_count: int, large_first: bool) -> list[QRect]:
    """Rectangles of the panels, each a title strip above a picture of `aspect` (width / height), centred in `area`.

    With `large_first` the first panel is larger. The others are to its right in a wide area and beneath it in a tall
    one, whichever makes the pictures larger.
    """
    if panel_count == 0:
        return []
    if not large_first or panel_count == 1:
        return _even(area, aspect, title_px, panel_count)
    small_count = panel_count - 1
    candidates = [_beside(area, aspect, title_px, small_count), *_beneath(area, aspect, title_px, small_count)]
    best = max(candidates, key=_Candidate.total_width)
    return _centred(area, _rectangles(best, aspect, title_px))


def _even(area: QSize, aspect: float, title_px: int, count: int) -> list[QRect]:
    def width_with(columns: int) -> float:
        rows = ceil(count / columns)
        across = (area.width() - (columns - 1) * GAP_PX) / columns
        down = ((area.height() - (rows - 1) * GAP_PX) / rows - title_px) * aspect
        return min(across, down)

    columns = max(range(1, count + 1), key=width_with)
    size = _panel_size(width_with(columns), aspect, title_px)
    return _centred(area, [_cell(QPoint(0, 0), size, i, columns) for i in range(count)])


def _beside(area: QSize, aspect: float, title_px: int, count: int) -> _Candidate:
    columns = 1 if count <= 2 else 2
    rows = ceil(count / columns)
    # The large panel is as tall as the block, so its width is rows * small + extra. A single small panel is smaller.
    extra = aspect * (rows - 1) * (title_px + GAP_PX)
    share = rows if rows > 1 else _LARGE_TO_SMALL
    across = (area.width() - columns * GAP_PX - extra) / (share + columns)
    down = ((area.height() - title_px) * aspect - extra) / share
    small = max(min(across, down), 1.0)
    return _Candidate(share * small + extra, small, columns, count, beside=True)


def _beneath(area: QSize, aspect: float, title_px: int, count: int) -> Iterator[_Candidate]:
    for columns in {count, ceil(count / 2)}:
        rows = ceil(count / columns)
        titles_and_gaps = (rows + 1) * title_px + rows * GAP_PX
        small = (area.width() - (columns - 1) * GAP_PX) / columns
        pictures = (area.height() - titles_and_gaps) * aspect
        small = min(small, pictures / (rows + _LARGE_TO_SMALL), area.width() / _LARGE_TO_SMALL)
        small = max(small, 1.0)
        large = max(min(float(area.width()), pictures - rows * small), 1.0)
        yield _Candidate(large, small, columns, count, beside=False)


def _rectangles(chosen: _Candidate, aspect: float, title_px: int) -> list[QRect]:
    large = _panel_size(chosen.large_width, aspect, title_px)
    small = _panel_size(chosen.small_width, aspect, title_px)
    if chosen.beside and chosen.small_count > 1:
        rows = ceil(chosen.small_count / chosen.columns)
        large.setHeight(rows * (small.height() + GAP_PX) - GAP_PX)  # both lower edges are level in spite of rounding
    block_width = chosen.columns * (small.width() + GAP_PX) - GAP_PX
    if chosen.beside:
        large_corner, corner = QPoint(0, 0), QPoint(large.width() + GAP_PX, 0)
    else:
        width = max(large.width(), block_width)
        large_corner = QPoint((width - large.width()) // 2, 0)
        corner = QPoint((width - block_width) // 2, large.height() + GAP_PX)
    return [QRect(large_corner, large), *(_cell(corner, small, i, chosen.columns) for i in range(chosen.small_count))]


def _panel_size(picture_width: float, aspect: float, title_px: int) -> QSize:
    return QSize(max(int(picture_width), 1), max(int(picture_width / aspect), 1) + title_px)


def _cell(corner: QPoint, size: QSize, index: int, columns: int) -> QRect:
    row, column = divmod(index, columns)
    return QRect(corner + QPoint(column * (size.width() + GAP_PX), row * (size.height() + GAP_PX)), size)


def _centred(area: QSize, rectangles: list[QRect]) -> list[QRect]:
    block = QRect()
    for rectangle in rectangles:
        block = block.united(rectangle)
    shift = QPoint(max((area.width() - block.width()) // 2, 0), max((area.height() - block.height()) // 2, 0))
    return [rectangle.translated(shift) for rectangle in rectangles]
