"""The size at which pictures are shown whose stored pixels are not square."""

from __future__ import annotations

from fractions import Fraction

from engine.common.language import tr
from engine.video.picture_file import MAX_PIXELS

Size = tuple[int, int]
"""Width and height in px."""

# Recorders write 2:5 (960H, every second row) to 32:11 (half D1 of a wide picture); what is beyond is a mistake.
_WIDEST_PIXEL = Fraction(4)
_AS_GOOD_AS_SQUARE = Fraction(1, 100)
"""Nobody sees so little, encoders that round cause it, and resampling would cost sharpness."""


def shown_size(stored: Size, pixel_aspect: Fraction | None) -> Size:
    """The size of a picture as it is to be shown: it is stretched along one side, so that no detail is lost.

    It stays as stored where nobody knows the width of a pixel by its height, where that is absurd or nearly 1, and
    where the picture would become larger than any that is opened.
    """
    if not pixel_aspect or not 1 / _WIDEST_PIXEL <= pixel_aspect <= _WIDEST_PIXEL:
        return stored
    width, height = stored
    if max(pixel_aspect, 1 / pixel_aspect) - 1 < _AS_GOOD_AS_SQUARE:
        return stored
    shown = (round(width * pixel_aspect), height) if pixel_aspect > 1 else (width, round(height / pixel_aspect))
    return shown if shown[0] * shown[1] <= MAX_PIXELS else stored


def size_in_words(stored: Size, shown: Size) -> str:
    """A picture's size, such as "704 × 576", or "704 × 288, shown as 704 × 528" where that is another one."""
    text = "{} × {}".format(*stored)
    if shown == stored:
        return text
    return tr("{stored}, shown as {shown}").format(stored=text, shown="{} × {}".format(*shown))


class Shaped:
    """Has pictures whose stored pixels may not be square."""

    width_px: int
    height_px: int
    """Width and height as shown."""
    unstretched_px: Size | None
    """Width and height as stored, after rotation, where stored pixels are not square."""

    @property
    def shown_px(self) -> Size:
        """Width and height as shown."""
        return self.width_px, self.height_px

    @property
    def stored_px(self) -> Size:
        """Width and height as stored, after rotation."""
        return self.unstretched_px or self.shown_px

    @property
    def size_in_words(self) -> str:
        """The pictures' size, such as "704 × 288, shown as 704 × 528"."""
        return size_in_words(self.stored_px, self.shown_px)
