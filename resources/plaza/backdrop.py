"""The static background: paving, a house front with a passage, a tree, benches, a lamp and bollards."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from resources.plaza.camera import (
    HEIGHT_PX,
    UPRIGHT,
    WIDTH_PX,
    ground_at,
    project_point,
    shadow_shear,
)
from resources.plaza.sprites import Colour, darker

WALL_Z = 22.0
"""Ground distance of the house front, metres."""
PASSAGE = (3.2, 5.8)
"""Left and right side of the passage through the house, metres."""
_PASSAGE_HEIGHT_M = 2.9
_OVERSAMPLING = 3
_LAMP: tuple[float, float] = (-5.6, 12.2)
_TREE: tuple[float, float] = (5.3, 14.6)
_BENCHES: tuple[tuple[float, float], ...] = ((1.2, 16.6), (-7.2, 17.4))
_BOLLARDS: tuple[tuple[float, float], ...] = tuple((x, 20.6) for x in (-9.0, -7.0, -5.0, -3.0, -1.0, 1.0))


@dataclass(frozen=True, eq=False)
class Prop:
    """A static object that can hide an actor behind it."""

    pixels: npt.NDArray[np.uint8]
    """RGBA with colours multiplied by alpha, uint8 [h, w, 4]."""
    left: int
    top: int
    depth: float
    """Ground distance z in metres."""


@dataclass(frozen=True, eq=False)
class Backdrop:
    """The empty plaza."""

    pixels: npt.NDArray[np.float32]
    """Ground and passage without shadows, RGB 0 to 255, [H, W, 3]."""
    shadow: npt.NDArray[np.uint8]
    """Shadow of the props on the ground, [H, W]; 255 where all sunlight is blocked."""
    props: tuple[Prop, ...]


def build_backdrop() -> Backdrop:
    """The empty plaza, always the same one."""
    rng = np.random.default_rng(20)
    props = (_wall(rng), *(_bench(rng, x, z) for x, z in _BENCHES), *(_bollard(x, z) for x, z in _BOLLARDS))
    props += (_lamp(*_LAMP), _tree(rng, *_TREE))
    shadow = np.zeros((HEIGHT_PX, WIDTH_PX), np.float32)
    for prop in props[1:]:
        _cast_shadow(prop, shadow)
    soft = cv2.GaussianBlur(shadow, (0, 0), 1.2)
    return Backdrop(_paving(rng), np.round(255 * soft).astype(np.uint8), props)


def _paving(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Paving slabs in rows with darker joints, a band and stains, RGB [H, W, 3]; drawn larger and averaged down."""
    n = _OVERSAMPLING
    v, u = np.mgrid[0 : HEIGHT_PX * n, 0 : WIDTH_PX * n].astype(np.float64)
    x, z = ground_at((u + 0.5) / n - 0.5, np.maximum((v + 0.5) / n - 0.5, 20.0))
    slab_z, slab_x = 0.9, 1.35
    course = np.floor(z / slab_z)
    along = x / slab_x + 0.5 * (course % 2) + 40
    slab = np.floor(along)
    tone = rng.normal(0, 4.5, (101, 97))[course.astype(int) % 101, slab.astype(int) % 97]
    tint = rng.normal(0, 1.6, (101, 97, 3))[course.astype(int) % 101, slab.astype(int) % 97]
    base = np.array([183.0, 177.0, 165.0]) + tone[..., None] + tint
    band = (np.abs(z - 9.4) < 0.45) | (np.abs(x + 1.3) < 0.45)
    base[band] = base[band] * 0.86 + np.array([6.0, 2.0, -2.0])
    joint = np.minimum(np.abs((z / slab_z) % 1.0 - 0.5) - 0.5, 0) * -slab_z
    joint = np.minimum(joint, np.abs(np.abs(along % 1.0 - 0.5) - 0.5) * slab_x)
    base *= 1 - 0.26 * np.clip(1 - joint / 0.03, 0, 1)[..., None]
    ground = cv2.resize(base, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_AREA)
    for pitch, strength in ((3, 1.8), (14, 2.2), (60, 4.0)):
        rough = rng.normal(0, strength, (HEIGHT_PX // pitch + 3, WIDTH_PX // pitch + 3))
        ground += cv2.resize(rough, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_CUBIC)[..., None]
    # The floor darkens into the passage behind the house front.
    _, rows_z = ground_at(np.zeros(HEIGHT_PX), np.maximum(np.arange(HEIGHT_PX), 20.0))
    daylight = np.clip(1 - (rows_z - WALL_Z) / 7.0, 0.28, 1.0)
    paving: npt.NDArray[np.float32] = np.clip(ground * daylight[:, None, None], 0, 255).astype(np.float32)
    return paving


class _PropCanvas:
    """Draws a prop in picture coordinates at 4 times the size and averages it down."""

    def __init__(self, left: float, top: float, right: float, bottom: float, depth: float) -> None:
        self.left, self.top, self.depth = int(np.floor(left)) - 2, int(np.floor(top)) - 2, depth
        self._size = (int(np.ceil(right)) + 2 - self.left, int(np.ceil(bottom)) + 2 - self.top)
        shape = (self._size[1] * 4, self._size[0] * 4)
        self.colours, self.cover = np.zeros((*shape, 3), np.uint8), np.zeros(shape, np.uint8)

    def fill(self, points: list[tuple[float, float]], colour: Colour, alpha: int = 255) -> None:
        """Fill a polygon; its alpha replaces the alpha below."""
        corners = np.round((np.array(points) + 0.5 - (self.left, self.top)) * 4 * 16).astype(np.int32)
        cv2.fillPoly(self.colours, [corners], colour, cv2.LINE_8, 4)
        cv2.fillPoly(self.cover, [corners], alpha, cv2.LINE_8, 4)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour, alpha: int = 255) -> None:
        """Fill a rectangle."""
        self.fill([(left, top), (right, top), (right, bottom), (left, bottom)], colour, alpha)

    def blob(self, u: float, v: float, radius_u: float, radius_v: float, colour: Colour) -> None:
        """Fill an ellipse."""
        turn = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        self.fill([(float(u + radius_u * np.cos(a)), float(v + radius_v * np.sin(a))) for a in turn], colour)

    def grain(self, rng: np.random.Generator, strength: float, size_px: float) -> None:
        """Add noise with blotches of about `size_px`."""
        rows, columns = self.cover.shape
        coarse = rng.normal(0, strength, (int(rows / size_px / 4) + 3, int(columns / size_px / 4) + 3))
        blotches = cv2.resize(coarse, (columns, rows), interpolation=cv2.INTER_CUBIC)
        self.colours = np.clip(self.colours + blotches[..., None], 0, 255).astype(np.uint8)

    def prop(self) -> Prop:
        """The prop that was drawn."""
        cover = self.cover[..., None].astype(np.float32) / 255
        premultiplied = np.concatenate([self.colours * cover, cover * 255], axis=2)
        pixels = np.round(cv2.resize(premultiplied, self._size, interpolation=cv2.INTER_AREA)).astype(np.uint8)
        return Prop(pixels, self.left, self.top, self.depth)


def _wall(rng: np.random.Generator) -> Prop:
    _, base, scale = project_point(0, WALL_Z)
    metre = scale * UPRIGHT

    def u(x: float) -> float:
        return WIDTH_PX / 2 + x * scale

    canvas = _PropCanvas(0, 0, WIDTH_PX, base, WALL_Z)
    plaster: Colour = (196, 178, 152)
    canvas.box(-4, -4, WIDTH_PX + 4, base, plaster)
    canvas.grain(rng, 3.0, 9)
    canvas.grain(rng, 2.0, 2)
    canvas.box(-4, base - 0.55 * metre, WIDTH_PX + 4, base, (142, 132, 120))
    for left in (-10.6, -8.4, -3.4, -1.2, 0.9, 7.1, 9.3):
        canvas.box(u(left) - 1.2, base - 2.65 * metre, u(left + 1.4) + 1.2, base - 0.95 * metre, darker(plaster, 1.14))
        canvas.box(u(left), base - 2.6 * metre, u(left + 1.4), base - 1.0 * metre, (74, 88, 98))
        canvas.fill(
            [(u(left), base - 2.6 * metre), (u(left + 0.9), base - 2.6 * metre), (u(left), base - 1.5 * metre)],
            (112, 128, 136),
        )
        for share in (0.33, 0.67):
            middle = u(left + 1.4 * share)
            canvas.box(middle - 0.5, base - 2.6 * metre, middle + 0.5, base - 1.0 * metre, darker(plaster, 1.08))
        canvas.box(u(left) - 2, base - 1.0 * metre, u(left + 1.4) + 2, base - 0.88 * metre, darker(plaster, 0.8))
    door = -5.9
    canvas.box(u(door) - 1.5, base - 2.5 * metre, u(door + 1.3) + 1.5, base, darker(plaster, 1.12))
    canvas.box(u(door), base - 2.4 * metre, u(door + 1.3), base, (96, 66, 52))
    for panel in (0.1, 0.72):
        canvas.box(u(door + panel), base - 2.2 * metre, u(door + panel + 0.48), base - 1.2 * metre, (116, 82, 62))
    canvas.box(
        u(PASSAGE[0]) - 4, base - (_PASSAGE_HEIGHT_M + 0.2) * metre, u(PASSAGE[1]) + 4, base, darker(plaster, 1.1)
    )
    canvas.box(u(PASSAGE[0]), base - _PASSAGE_HEIGHT_M * metre, u(PASSAGE[1]), base + 4, (30, 28, 28), alpha=90)
    return canvas.prop()


def _bench(rng: np.random.Generator, x: float, z: float) -> Prop:
    u, v, scale = project_point(x, z)
    half, seat, back = 0.9 * scale, 0.45 * scale * UPRIGHT, 0.85 * scale * UPRIGHT
    canvas = _PropCanvas(u - half, v - back, u + half, v + 2, z)
    for side in (-0.8, 0.72):
        canvas.box(u + side * half, v - seat, u + (side + 0.09) * half, v, (62, 62, 62))
        canvas.box(u + side * half, v - back, u + (side + 0.06) * half, v - seat, (72, 72, 72))
    slat = 0.26 * (back - seat)
    for top, tone in ((v - back, 1.0), (v - back + 0.36 * (back - seat), 0.92)):
        canvas.box(u - half, top, u + half, top + slat, darker((134, 98, 66), tone))
    canvas.box(u - half, v - seat - 1.4, u + half, v - seat + 2.4, (152, 114, 78))
    canvas.grain(rng, 5, 3)
    return canvas.prop()


def _bollard(x: float, z: float) -> Prop:
    u, v, scale = project_point(x, z)
    wide, tall = 0.08 * scale, 0.8 * scale * UPRIGHT
    canvas = _PropCanvas(u - wide, v - tall, u + wide, v, z)
    canvas.box(u - wide, v - tall, u + wide, v, (84, 84, 82))
    canvas.box(u - wide, v - tall, u - wide * 0.2, v, (108, 108, 104))
    canvas.box(u - wide, v - tall * 0.86, u + wide, v - tall * 0.74, (196, 192, 182))
    return canvas.prop()


def _lamp(x: float, z: float) -> Prop:
    u, v, scale = project_point(x, z)
    metre = scale * UPRIGHT
    top = v - 4.4 * metre
    canvas = _PropCanvas(u - 14, top - 12, u + 14, v, z)
    canvas.box(u - 0.055 * scale, top, u + 0.055 * scale, v, (66, 72, 70))
    canvas.box(u - 0.055 * scale, top, u - 0.01 * scale, v, (92, 98, 94))
    canvas.box(u - 0.12 * scale, v - 0.5 * metre, u + 0.12 * scale, v, (58, 62, 62))
    canvas.fill([(u - 9, top - 2), (u + 9, top - 2), (u + 5, top - 9), (u - 5, top - 9)], (58, 64, 62))
    canvas.blob(u, top - 1, 7, 4.2, (232, 226, 206))
    return canvas.prop()


def _tree(rng: np.random.Generator, x: float, z: float) -> Prop:
    u, v, scale = project_point(x, z)
    metre = scale * UPRIGHT
    crown_v, crown_u = v - 3.75 * metre, 1.55 * scale
    canvas = _PropCanvas(u - crown_u * 1.3, crown_v - 1.9 * metre, u + crown_u * 1.3, v + 8, z)
    canvas.fill([(u - 3.2, v - 3 * metre), (u + 2.6, v - 3 * metre), (u + 3.8, v - 4), (u - 4.2, v - 4)], (94, 76, 60))
    canvas.fill([(u + 0.4, v - 3 * metre), (u + 2.6, v - 3 * metre), (u + 3.8, v - 4), (u + 1, v - 4)], (74, 60, 48))
    wide = 0.75 * scale
    canvas.blob(u, v - 0.42 * metre, wide * 0.95, 5, (86, 74, 60))
    rim, foot = v - 0.42 * metre, v + 4
    canvas.fill([(u - wide, rim), (u + wide, rim), (u + wide * 0.9, foot), (u - wide * 0.9, foot)], (150, 142, 130))
    shaded = u + wide * 0.2
    canvas.fill([(shaded, rim), (u + wide, rim), (u + wide * 0.9, foot), (shaded, foot)], (132, 124, 114))
    canvas.box(u - wide * 1.04, v - 0.5 * metre, u + wide * 1.04, v - 0.4 * metre, (168, 160, 148))
    for layer, tone in enumerate((0.62, 0.8, 1.0, 1.16)):
        for _ in range(90):
            angle, reach = rng.uniform(0, 2 * np.pi), np.sqrt(rng.uniform(0, 1))
            du = reach * np.cos(angle) * crown_u - layer * 2.0 + 3
            dv = reach * np.sin(angle) * 1.3 * metre * (1 - 0.07 * layer) - layer * 2.6 + 4
            radius = rng.uniform(2.0, 6.0) * (1 - 0.12 * layer)
            colour = darker((88, 108, 66), float(tone * rng.uniform(0.9, 1.1)))
            canvas.blob(u + float(du), crown_v + float(dv), float(radius), float(radius * 0.85), colour)
    return canvas.prop()


def _cast_shadow(prop: Prop, shadow: npt.NDArray[np.float32]) -> None:
    """Project a prop's silhouette onto the ground, into a shadow map [H, W], 0 to 1."""
    foot = prop.top + prop.pixels.shape[0] - 3
    right, down = shadow_shear(prop.depth)
    shear = np.array([[1, -right, prop.left + right * (foot - prop.top)], [0, -down, foot + down * (foot - prop.top)]])
    cover = prop.pixels[..., 3].astype(np.float32) / 255
    np.maximum(shadow, cv2.warpAffine(cover, shear, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR), out=shadow)
