"""Sprites: textured parts of bodies and vehicles, drawn once in metres and then moved by affine transforms."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from resources.plaza.camera import Floats

Colour = tuple[int, int, int]
Point = tuple[float, float]

_OVERSAMPLING = 4
_SHIFT = 4  # fractional bits of the coordinates given to OpenCV
_MARGIN_M = 0.07  # transparent border of over a texel at every level, which keeps edges smooth when warped


@dataclass(frozen=True, eq=False)
class Texture:
    """One resolution of a part."""

    pixels: npt.NDArray[np.uint8]
    """RGBA with colours multiplied by alpha, uint8 [h, w, 4]."""
    px_per_m: float
    from_metres: Floats
    """Transform from the part's metres to texture coordinates (pixel centres at integers), [3, 3]."""


@dataclass(frozen=True, eq=False)
class Part:
    """A rigid piece of an actor in its own coordinates: metres, x forward, y up, the joint at the origin."""

    levels: tuple[Texture, ...]
    """Mipmap levels, finest first, each half the resolution of the one before."""
    corners: Floats
    """Homogeneous corners of the drawn area in metres, [3, 4]."""

    def level_for(self, px_per_m: float) -> Texture:
        """The coarsest texture that is at least as fine as the picture."""
        return next((level for level in reversed(self.levels) if level.px_per_m >= px_per_m), self.levels[0])


class Sketch:
    """A canvas in metres (y up) to draw a part on."""

    def __init__(self, left: float, right: float, bottom: float, top: float, px_per_m: float = 96.0) -> None:
        self._px_per_m = px_per_m
        self._left, self._top = left - _MARGIN_M, top + _MARGIN_M
        # A multiple of four texels, so that both coarser levels are exact halves.
        self._columns = 4 * int(np.ceil((right + _MARGIN_M - self._left) * px_per_m / 4))
        self._rows = 4 * int(np.ceil((self._top - bottom + _MARGIN_M) * px_per_m / 4))
        shape = (self._rows * _OVERSAMPLING, self._columns * _OVERSAMPLING)
        self._colours = np.zeros((*shape, 3), np.uint8)
        self._cover = np.zeros(shape, np.uint8)

    def polygon(self, points: list[Point], colour: Colour) -> None:
        """Fill a polygon."""
        corners = np.round(self._to_canvas(np.array(points)) * (1 << _SHIFT)).astype(np.int32)
        cv2.fillPoly(self._colours, [corners], colour, cv2.LINE_8, _SHIFT)
        cv2.fillPoly(self._cover, [corners], 255, cv2.LINE_8, _SHIFT)

    def limb(self, points: list[Point], radii: list[float], colour: Colour) -> None:
        """Fill a chain of discs and the hulls between neighbours: a limb that tapers."""
        turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        rim = np.stack([np.cos(turn), np.sin(turn)], axis=1)
        rings = [np.array(point) + radius * rim for point, radius in zip(points, radii, strict=True)]
        for first, second in pairwise(rings):
            hull = cv2.convexHull(np.concatenate([first, second]).astype(np.float32))[:, 0]
            self.polygon([(float(x), float(y)) for x, y in hull], colour)

    def ellipse(self, centre: Point, radius_x: float, radius_y: float, colour: Colour) -> None:
        """Fill an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        ring = np.stack([centre[0] + radius_x * np.cos(turn), centre[1] + radius_y * np.sin(turn)], axis=1)
        self.polygon([(float(x), float(y)) for x, y in ring], colour)

    def line(self, points: list[Point], width: float, colour: Colour) -> None:
        """Draw a line of `width` metres with round ends."""
        self.limb(points, [width / 2] * len(points), colour)

    def shade(self, strength: float, across: bool = True) -> None:
        """Darken towards the right, or if not `across` the bottom, like light from the upper left."""
        count = self._cover.shape[1 if across else 0]
        ramp = 1 + strength * np.linspace(0.6, -1.0, count, dtype=np.float32)
        factors = ramp[None, :, None] if across else ramp[:, None, None]
        self._colours = np.clip(self._colours * factors, 0, 255).astype(np.uint8)

    def grain(self, rng: np.random.Generator, strength: float, size_m: float = 0.035) -> None:
        """Add noise with blotches of about `size_m`, the texture that optical flow needs."""
        rows, columns = self._cover.shape
        pitch = size_m * self._px_per_m * _OVERSAMPLING
        coarse = rng.normal(0, strength, (int(rows / pitch) + 3, int(columns / pitch) + 3)).astype(np.float32)
        blotches = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
        self._colours = np.clip(self._colours + blotches[..., None], 0, 255).astype(np.uint8)

    def part(self) -> Part:
        """The finished part, at three resolutions."""
        cover = self._cover[..., None].astype(np.float32) / 255
        premultiplied = np.concatenate([self._colours * cover, cover * 255], axis=2)
        levels = []
        for halvings in range(3):
            size = (self._columns >> halvings, self._rows >> halvings)
            pixels = cv2.resize(premultiplied, size, interpolation=cv2.INTER_AREA)
            density = self._px_per_m / (1 << halvings)
            from_metres = np.array(
                [[density, 0, -self._left * density - 0.5], [0, -density, self._top * density - 0.5], [0, 0, 1]]
            )
            levels.append(Texture(np.round(pixels).astype(np.uint8), density, from_metres))
        right = self._left + self._columns / self._px_per_m
        bottom = self._top - self._rows / self._px_per_m
        corners = np.array([[self._left, right, right, self._left], [self._top, self._top, bottom, bottom], [1.0] * 4])
        return Part(tuple(levels), corners)

    def _to_canvas(self, points: Floats) -> Floats:
        density = self._px_per_m * _OVERSAMPLING
        return np.stack([points[:, 0] - self._left, self._top - points[:, 1]], axis=1) * density - 0.5


def darker(colour: Colour, factor: float) -> Colour:
    """The colour with its brightness multiplied; above 1 is brighter."""
    red, green, blue = (min(255, max(0, round(channel * factor))) for channel in colour)
    return red, green, blue
