"""Draws the elements of clips: text in any script, the PSNR mask and its overlay, outlines of what stands out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.language import number_text
from engine.common.names import displayable
from engine.flow.colour import wheel_legend
from engine.scoring.signals import PATCH_GRID
from engine.scoring.where import Outline
from engine.scoring.zones import Zone, ZoneKind
from engine.video.frame import Pixels

Colour = tuple[int, int, int]
"""RGB."""
# A dark palette that colour-blind people can distinguish (Okabe and Ito's blue and orange).
BACKGROUND: Colour = (24, 27, 31)
SURFACE: Colour = (32, 36, 42)
TEXT: Colour = (232, 235, 238)
MUTED: Colour = (165, 174, 184)
ACCENT: Colour = (86, 180, 233)
ALERT: Colour = (240, 160, 48)

PatchValues = npt.NDArray[np.floating]
"""One number per patch, [4, 4], rows from the top."""

BLACK_DB = 20.0
"""Patches with this PSNR or less are black: most suspicious."""
WHITE_DB = 40.0
"""Patches with this PSNR or more are white: not suspicious."""
_MIN_DROP_DB = 2.0
_MAX_DROP_DB = 10.0

_TINT: Colour = (
    230,
    75,
    0,
)  # vermilion: far from the greens of lawns and the greys of asphalt, also to the colour-blind
_OUTLINE: Colour = (255, 210, 0)
BLIND_SHADE, BLIND_HATCH = 0.45, 0.55
"""Opacities of the shade and of the hatching over what does not count."""
IGNORED_LINE: Colour = (255, 176, 120)
WATCHED_LINE: Colour = (120, 215, 255)
"""Borders of zones: light, to be told from the shade; in the window those of ignored ones are dashed, too."""
_HATCH_PERIOD_PX = 12
_MIN_WORDS_WIDTH_PX = 220
"""Narrower pictures have no room for the words of outlines."""
_LARGE_PX = 540
"""Shorter side of pictures from which on lines and words grow with them: who sees them sees them small."""
_PLATE_PX, _PLATE_TEXT_PX, _PLATE_HEIGHT_PX = 4, 13, 19
_MAX_PLATE_LINES = 2
_MASK_SIZE_PX = 256
_REGULAR, _SEMIBOLD = 400, 600
_CAP_HEIGHT = 0.7  # height of capitals and digits, as a fraction of the font size
_ELLIPSIS = "…"
DASH_PERIOD_PX = 10
_DASH_PX = 6


def text_width(text: str, size_px: int, *, bold: bool = False) -> int:
    """Width in px of a line of text."""
    _, _, width, _ = cv2.getTextSize(
        (0, 0), displayable(text), (0, 0), _font(), size_px, _SEMIBOLD if bold else _REGULAR
    )
    return int(width)


def fit_text(text: str, width_px: int, size_px: int, *, bold: bool = False) -> str:
    """The text, shortened in the middle if wider than `width_px`: both ends of a file name are kept to identify it."""
    if text_width(text, size_px, bold=bold) <= width_px:
        return text
    for kept_characters in range(len(text) - 1, 0, -1):
        shortened = text[: (kept_characters + 1) // 2] + _ELLIPSIS + text[len(text) - kept_characters // 2 :]
        if text_width(shortened, size_px, bold=bold) <= width_px:
            return shortened
    return ""


def draw_text(
    picture: Pixels,
    text: str,
    x: float,
    middle_y: float,
    size_px: int,
    colour: Colour,
    *,
    bold: bool = False,
    align: float = 0.0,
) -> None:
    """Draw a line of text, its capitals centred on `middle_y`; `align` is the fraction of its width left of `x`.

    The font is built into OpenCV: the same on every machine, with Latin, Cyrillic, Greek, Arabic and CJK letters.
    """
    left = round(x - align * text_width(text, size_px, bold=bold)) if align else round(x)
    baseline = round(middle_y + _CAP_HEIGHT / 2 * size_px)
    # OpenCV crashes at what is no text.
    cv2.putText(picture, displayable(text), (left, baseline), colour, _font(), size_px, _SEMIBOLD if bold else _REGULAR)


def draw_dashes(picture: Pixels, left: int, right: int, y: int, colour: Colour) -> None:
    """Draw a dashed line, one pixel high, from `left` to `right`."""
    columns = np.arange(left, right)
    picture[y, columns[(columns - left) % DASH_PERIOD_PX < _DASH_PX]] = colour


def _font() -> cv2.FontFace:
    # A FontFace is not thread-safe. Making one takes microseconds, because OpenCV caches the font itself.
    return cv2.FontFace("sans")


def suspicion(patch_psnr_db: PatchValues) -> PatchValues:
    """How suspicious each patch is, in [0, 1]: 0 at WHITE_DB and above, 1 at BLACK_DB and below."""
    return np.asarray(np.clip((WHITE_DB - patch_psnr_db) / (WHITE_DB - BLACK_DB), 0.0, 1.0))


def conspicuity(patch_psnr_db: PatchValues) -> PatchValues:
    """How far each patch's PSNR is below the median patch of the frame, scaled to [0, 1].

    Unlike `suspicion` it is relative: on busy footage every patch may be predicted badly, and the overlay should still
    lead the eye to the worst.
    """
    drop_db = np.median(patch_psnr_db) - patch_psnr_db
    strength = np.clip((drop_db - _MIN_DROP_DB) / (_MAX_DROP_DB - _MIN_DROP_DB), 0.0, 1.0)
    return np.asarray(np.where(patch_psnr_db < WHITE_DB, strength, 0.0))


def psnr_mask(patch_psnr_db: PatchValues) -> Pixels:
    """The PSNR mask of patch values [4, 4] in dB, uint8 [256, 256, 3]: darker is more suspicious, as in the paper."""
    picture = np.empty((_MASK_SIZE_PX, _MASK_SIZE_PX, 3), np.uint8)
    draw_mask(picture, patch_psnr_db)
    return picture


def draw_mask(picture: Pixels, patch_psnr_db: PatchValues) -> None:
    """Fill a picture of any size with the PSNR mask, with dB values where they are readable, and outline the worst."""
    patches = list(_patches(picture))
    size_px, decimals = _number_format(min(patch.shape[1] for patch in patches), min(len(patch) for patch in patches))
    for patch, value, suspicious in zip(patches, patch_psnr_db.flat, suspicion(patch_psnr_db).flat, strict=True):
        grey = round(255 * (1 - suspicious))
        patch[:] = grey
        if size_px:
            ink = (0, 0, 0) if grey > 127 else (255, 255, 255)
            height, width = patch.shape[:2]
            draw_text(patch, mask_number(float(value), decimals), width / 2, height / 2, size_px, ink, align=0.5)
    _outline_worst(patches, patch_psnr_db)


def mask_number(value_db: float, decimals: int) -> str:
    """What the PSNR mask says of a patch, with so many decimals, as the language in use writes it."""
    return number_text(value_db, f".{decimals}f") if np.isfinite(value_db) else "∞"


def overlay_mask(frame: Pixels, patch_psnr_db: PatchValues, opacity: float) -> Pixels:
    """A copy of a frame with badly predicted patches tinted and hatched and the worst outlined; opacity in [0, 1].

    Patches are not blackened as in the mask, because suspicious things must stay visible.
    """
    marked = frame.copy()
    patches = list(_patches(marked))
    for patch, strength in zip(patches, (opacity * conspicuity(patch_psnr_db)).ravel().tolist(), strict=True):
        if strength > 0:
            cv2.addWeighted(patch, 1 - 0.5 * strength, np.full_like(patch, _TINT), 0.5 * strength, 0, dst=patch)
            hatched = _hatch(patch.shape[1], patch.shape[0])
            patch[hatched] = patch[hatched] * (1 - 0.6 * strength)
    _outline_worst(patches, patch_psnr_db)
    return marked


def flow_wheel(size_px: int, background: Colour) -> Pixels:
    """The flow colour wheel as a disc, uint8 [size, size, 3]: each colour is where its motion points to."""
    picture = np.empty((size_px, size_px, 3), np.uint8)
    picture[:] = background
    disc = np.zeros((size_px, size_px), np.uint8)
    cv2.circle(disc, (size_px // 2, size_px // 2), size_px // 2 - 1, 255, cv2.FILLED, cv2.LINE_AA)
    alpha = disc[..., None] / np.float32(255)
    return np.asarray(wheel_legend(size_px) * alpha + picture * (1 - alpha), np.uint8)


def _patches(picture: Pixels) -> Iterator[Pixels]:
    """Views of a picture's 16 patches, row by row, without gaps for any size of the picture."""
    height, width = picture.shape[:2]
    down = [round(height * i / PATCH_GRID) for i in range(PATCH_GRID + 1)]
    across = [round(width * i / PATCH_GRID) for i in range(PATCH_GRID + 1)]
    for row in range(PATCH_GRID):
        for column in range(PATCH_GRID):
            yield picture[down[row] : down[row + 1], across[column] : across[column + 1]]


@lru_cache
def _number_format(width: int, height: int) -> tuple[int, int]:
    """Font size and decimals for a number in a patch of this size; font size 0 if no number would be readable."""
    for decimals, widest in ((1, "88.8"), (0, "88")):
        for size_px in range(min(18, height // 2), 9, -1):
            if text_width(widest, size_px) <= width - 10:
                return size_px, decimals
    return 0, 0


@lru_cache(maxsize=8)
def _hatch(width: int, height: int) -> npt.NDArray[np.bool_]:
    rows, columns = np.ogrid[:height, :width]
    return np.asarray((rows + columns) % _HATCH_PERIOD_PX < 2)


def _outline_worst(patches: list[Pixels], patch_psnr_db: PatchValues) -> None:
    worst = patches[int(np.argmin(patch_psnr_db))]
    height, width = worst.shape[:2]
    # A light line on a dark one is visible on any picture.
    for thickness, colour in ((5, (0, 0, 0)), (2, _OUTLINE)):
        cv2.rectangle(worst, (2, 2), (width - 3, height - 3), colour, thickness)


def draw_zones(picture: Pixels, zones: Sequence[Zone]) -> None:
    """Darken and hatch what does not count, and draw the borders of zones."""
    if not zones:
        return
    height, width = picture.shape[:2]
    lines = [np.round(np.array(each.points) * (width, height) - 0.5).astype(np.int32) for each in zones]
    blind = np.full((height, width), any(zone.kind is ZoneKind.WATCHED for zone in zones), np.uint8)
    for kind, value in ((ZoneKind.WATCHED, 0), (ZoneKind.IGNORED, 1)):
        for zone, line in zip(zones, lines, strict=True):
            if zone.kind is kind:
                cv2.fillPoly(blind, [line], (value,))
    shade = np.where(blind, 1 - BLIND_SHADE, 1.0).astype(np.float32)[..., None]
    light = np.where(blind.astype(np.bool_) & _hatch(width, height), BLIND_HATCH, 0).astype(np.float32)[..., None]
    picture[:] = (picture * shade) * (1 - light) + 255 * light
    for is_dark in (True, False):
        thickness = round((3 if is_dark else 1) * _enlargement(picture))
        for zone, line in zip(zones, lines, strict=True):
            colour = (0, 0, 0) if is_dark else WATCHED_LINE if zone.kind is ZoneKind.WATCHED else IGNORED_LINE
            cv2.polylines(picture, [line], True, colour, thickness, cv2.LINE_AA)


def draw_outlines(picture: Pixels, outlines: Sequence[Outline], *, in_words: bool = True) -> None:
    """Draw lines round what stands out; where the picture has room, the reason of each above or below it."""
    height, width = picture.shape[:2]
    lines = [np.round(each.contour * (width, height) - 0.5).astype(np.int32) for each in outlines]
    thick, thin = (5, 2) if width >= _MIN_WORDS_WIDTH_PX else (3, 1)
    for thickness, colour in ((thick, (0, 0, 0)), (thin, _OUTLINE)):
        cv2.polylines(picture, lines, True, colour, round(thickness * _enlargement(picture)), cv2.LINE_AA)
    if not in_words or width < _MIN_WORDS_WIDTH_PX:
        return
    plate = _Plate.for_picture(picture)
    taken = [(*line.min(axis=0).tolist(), *line.max(axis=0).tolist()) for line in lines]
    for number, outline in enumerate(outlines):
        for words in plate.lines_of(outline):
            box = _plate_box(plate, plate.size(words), taken, number)
            if box:  # words over another thing would hide more than they tell
                taken.append(box)
                plate.draw(words, *box[:2])
                break


def draw_note(picture: Pixels, text: str) -> None:
    """Write a line onto a dark plate in the upper left corner, as far as there is room; nothing where it is empty."""
    plate = _Plate.for_picture(picture)
    shown = fit_text(text, plate.room_px, plate.text_px)
    if shown and len(picture) >= plate.size([shown])[1] + plate.gap_px:
        plate.draw([shown], plate.gap_px, plate.gap_px)


def _enlargement(picture: Pixels) -> float:
    height, width = picture.shape[:2]
    return max(int(min(height, width)) / _LARGE_PX, 1.0)


@dataclass(frozen=True, eq=False)
class _Plate:
    """A dark plate with white words on a picture, in lengths that suit its size."""

    picture: Pixels
    gap_px: int
    """Around the words, and to the picture's border."""
    text_px: int
    line_px: int

    @classmethod
    def for_picture(cls, picture: Pixels) -> _Plate:
        factor = _enlargement(picture)
        return cls(picture, *(round(factor * each) for each in (_PLATE_PX, _PLATE_TEXT_PX, _PLATE_HEIGHT_PX)))

    @property
    def room_px(self) -> int:
        """How wide a line of words can be."""
        return int(self.picture.shape[1]) - 4 * self.gap_px

    def size(self, words: Sequence[str]) -> tuple[int, int]:
        """Width and height with these lines."""
        across = max(text_width(line, self.text_px) for line in words)
        return across + 2 * self.gap_px, len(words) * self.line_px

    def lines_of(self, outline: Outline) -> Iterator[list[str]]:
        """The words of an outline in lines for which there is room, unless they are too many; then the reason alone."""
        lines = [""]
        for word in outline.in_words.split():
            longer = f"{lines[-1]} {word}".strip()
            if text_width(longer, self.text_px) <= self.room_px:
                lines[-1] = longer
            else:
                lines.append(word)
        if len(lines) <= _MAX_PLATE_LINES:
            yield lines
        yield [fit_text(outline.reason, self.room_px, self.text_px)]

    def draw(self, words: Sequence[str], left: int, top: int) -> None:
        across, down = self.size(words)
        plate = self.picture[top : top + down, left : left + across]
        plate[:] = plate // 4
        for row, line in enumerate(words):
            middle = top + (row + 0.5) * self.line_px
            draw_text(self.picture, line, left + self.gap_px, middle, self.text_px, (255, 255, 255))


def _plate_box(
    plate: _Plate, size: tuple[int, int], taken: Sequence[tuple[int, int, int, int]], number: int
) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of a plate near a box, over no other one; above it, or else below."""
    (across, down), (height, width) = size, plate.picture.shape[:2]
    left, top, right, bottom = taken[number]
    x = min(max((left + right - across) // 2, plate.gap_px), width - across - plate.gap_px)
    for y in (top - down - plate.gap_px, bottom + plate.gap_px):
        box = (x, y, x + across, y + down)
        others = (each for place, each in enumerate(taken) if place != number)
        free = all(box[2] <= o[0] or o[2] <= box[0] or box[3] <= o[1] or o[3] <= box[1] for o in others)
        if free and y >= 0 and box[3] <= height:
            return box
    return None
