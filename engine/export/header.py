"""The header of a clip's picture: which recording it is, and which frame of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from engine.export.drawing import BACKGROUND, MUTED, TEXT, draw_text, fit_text, text_width
from engine.export.layout import GAP_PX
from engine.video.frame import Pixels

_BETWEEN = " · "
_ONE_LINE_PX = range(19, 15, -1)
"""Sizes of text, the best first."""
_TWO_LINES_PX = range(17, 7, -1)
_CROWDED_PX = range(11, 7, -1)
"""Where the name has to be shortened."""
_UPPER, _MIDDLE, _LOWER = 0.28, 0.5, 0.72
"""Middles of lines, as fractions of the header's height."""


@dataclass(frozen=True)
class Title:
    """What is said of a clip; empty texts are left out."""

    name: str = ""
    """The recording's."""
    mark: str = ""
    """What stands before it, such as that this is a working copy."""
    verdict: str = ""

    def around(self, name: str) -> str:
        """All in one line, with this name."""
        return _BETWEEN.join(filter(None, (self.mark, name, self.verdict)))


class _Lines(NamedTuple):
    """What stands where."""

    size_px: int
    upper: str = ""
    middle: str = ""
    lower: str = ""
    position_y: float = _MIDDLE


class Header:
    """Draws the title once, and the position of one frame after another.

    A name tells recordings of one camera apart, so it is whole wherever there is room: in a line of its own, and in
    smaller letters. Where there is not, both of its ends stay.
    """

    def __init__(self, picture: Pixels, title: Title, widest_position: str) -> None:
        """Draw the title into `picture`; no position is wider than the widest."""
        self._picture = picture
        self._lines = _arranged(title, widest_position, picture.shape[1])
        size_px, upper, middle, lower, _ = self._lines
        for text, y in ((upper, _UPPER), (middle, _MIDDLE), (lower, _LOWER)):
            if text:
                draw_text(picture, text, 0, self._y(y), size_px, MUTED)
        at_left = middle or lower
        self._left_of_position = text_width(at_left, size_px) + 1 if at_left else 0

    def draw(self, position: str) -> None:
        """Write the position of a frame, in place of that of the frame before."""
        if not position:
            return
        height, width = self._picture.shape[:2]
        top = height // 2 if self._lines.position_y == _LOWER else 0
        self._picture[top:, self._left_of_position :] = BACKGROUND
        y = self._y(self._lines.position_y)
        draw_text(self._picture, position, width, y, self._lines.size_px, TEXT, bold=True, align=1)

    def _y(self, share: float) -> float:
        return share * float(self._picture.shape[0])


def _arranged(title: Title, position: str, width_px: int) -> _Lines:
    """The first of all arrangements that has room for everything; else the last, with a shorter name."""
    for lines in _arrangements(title, position):
        at_left = lines.middle or lines.lower
        between = GAP_PX if at_left and position else 0
        beside = text_width(at_left, lines.size_px) + between + _position_width(position, lines.size_px)
        if max(beside, text_width(lines.upper, lines.size_px)) <= width_px:
            return lines
    sizes_px = (size for size in _CROWDED_PX if _position_width(position, size) <= width_px)
    size_px = next(sizes_px, _CROWDED_PX[-1])
    room_px = width_px - text_width(title.around(" ") if title.name else "", size_px)
    return _Lines(size_px, upper=title.around(fit_text(title.name, room_px, size_px)), position_y=_LOWER)


def _arrangements(title: Title, position: str) -> Iterator[_Lines]:
    for size_px in _ONE_LINE_PX:
        yield _Lines(size_px, middle=title.around(title.name))
    for size_px in _TWO_LINES_PX:
        yield _Lines(size_px, upper=title.name, lower=title.around(""), position_y=_LOWER)
        if position:
            yield _Lines(size_px, upper=title.around(title.name), position_y=_LOWER)


def _position_width(position: str, size_px: int) -> int:
    return text_width(position, size_px, bold=True)
