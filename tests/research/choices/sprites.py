"""Things to paste into footage, drawn by the plaza's own brushes at any size, gait and speed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from resources.plaza.actors import Actor, Track
from resources.plaza.camera import Floats, project, scale_px
from resources.plaza.people import random_appearance, runner, walker
from resources.plaza.sprites import Part, Sketch
from resources.plaza.vehicles import cart, cyclist

PERSON_M = 1.7
_OVERSAMPLING = 3
_SOFTNESS_PX = 0.6
"""Blur (standard deviation) of pasted edges, as a camera's."""
_NOISE = 1.5
_DEPTH_M = 12.0
"""Depth on the plaza at which an actor is made; any would do, for its place there is taken out again."""


@dataclass(frozen=True, eq=False)
class Sprite:
    """A thing of several parts that moves in itself: in metres, x forward, y down, the ground at 0."""

    parts: tuple[Part, ...]
    matrices: Floats
    """Metres from part coordinates, [T, P, 3, 3]; the last row stays."""

    def paste(
        self,
        picture: npt.NDArray[np.uint8],
        row: int,
        place: npt.NDArray[np.float64],
        opacity: float,
        rng: np.random.Generator,
    ) -> int:
        """Draw row `row` of it into `picture` by `place`, [3, 3], picture from metres; returns pixels covered.

        A grey picture stays grey.
        """
        ready = self.matrices[min(row, len(self.matrices) - 1)]
        to_picture = [place @ matrix for matrix in ready]
        corners = np.concatenate([m[:2] @ p.corners for m, p in zip(to_picture, self.parts, strict=True)], axis=1)
        height, width = picture.shape[:2]
        left, top = np.maximum(np.floor(corners.min(axis=1)).astype(int) - 2, 0)
        right, bottom = np.minimum(np.ceil(corners.max(axis=1)).astype(int) + 3, (width, height))
        if right <= left or bottom <= top:
            return 0
        size = (int(right - left) * _OVERSAMPLING, int(bottom - top) * _OVERSAMPLING)
        finer = np.diag([_OVERSAMPLING, _OVERSAMPLING, 1.0]) @ np.array([[1, 0, -left], [0, 1, -top], [0, 0, 1.0]])
        canvas = np.zeros((size[1], size[0], 4), np.float32)
        px_per_m = float(np.sqrt(abs(np.linalg.det(place[:2, :2])))) * _OVERSAMPLING
        for part, matrix in zip(self.parts, to_picture, strict=True):
            texture = part.level_for(px_per_m)
            warp = (finer @ matrix @ np.linalg.inv(texture.from_metres))[:2]
            drawn = cv2.warpAffine(texture.pixels, warp, size, flags=cv2.INTER_LINEAR).astype(np.float32)
            canvas = drawn + canvas * (1 - drawn[..., 3:] / 255)
        small = cv2.resize(canvas, (int(right - left), int(bottom - top)), interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), _SOFTNESS_PX) * opacity
        cover = small[..., 3:] / 255
        colours = small[..., :3]
        if _is_grey(picture):
            colours = np.repeat(colours @ np.array([[0.299], [0.587], [0.114]], np.float32), 3, axis=2)
        noise = rng.normal(0, _NOISE, cover.shape).astype(np.float32)
        under = picture[top:bottom, left:right].astype(np.float32)
        picture[top:bottom, left:right] = np.clip(under * (1 - cover) + colours + noise * cover + 0.5, 0, 255)
        return int((cover > 0.5).sum())


def placed(x: float, y: float, px_per_m: float, squeeze: float, *, to_left: bool, lying: float = 0.0) -> Floats:
    """Picture from metres, for a thing whose ground point is at (x, y); `lying` 0 upright to 1 on its side.

    `squeeze` is how much narrower than high a square looks in the model's picture.
    """
    turn = lying * np.pi / 2
    cosine, sine = np.cos(turn), np.sin(turn)
    tilt = np.array([[cosine, -sine, 0], [sine, cosine, -0.14 * lying], [0, 0, 1.0]])
    across = -px_per_m * squeeze if to_left else px_per_m * squeeze
    return np.array([[across, 0, x], [0, px_per_m, y], [0, 0, 1.0]]) @ tilt


def walking(rng: np.random.Generator, speed_m: float, fps: float, frames: int) -> Sprite:
    """Someone who walks."""
    track = _track(speed_m, fps, frames)
    return _sprite(walker(random_appearance(rng), track, float(np.clip(speed_m, 0.7, 2.2)), 0, rng), track)


def running(rng: np.random.Generator, speed_m: float, fps: float, frames: int) -> Sprite:
    """Someone who runs."""
    track = _track(speed_m, fps, frames)
    return _sprite(runner(random_appearance(rng), track, 0, rng), track)


def cycling(rng: np.random.Generator, speed_m: float, fps: float, frames: int) -> Sprite:
    """Someone on a bicycle."""
    track = _track(speed_m, fps, frames)
    return _sprite(cyclist(random_appearance(rng), track, 0, rng), track)


def driving(rng: np.random.Generator, speed_m: float, fps: float, frames: int) -> Sprite:
    """A small cart with a driver."""
    track = _track(speed_m, fps, frames)
    return _sprite(cart(random_appearance(rng), track, 0, rng), track)


def board(rng: np.random.Generator, *_: float) -> Sprite:
    """A chequered board that glides along, unlike anything in footage."""
    sketch = Sketch(-0.7, 0.7, 0.0, 1.9)
    light, dark = (230, 226, 214), (34, 36, 44)
    for row in range(5):
        for column in range(3):
            left, low = -0.66 + 0.44 * column, 0.05 + 0.36 * row
            corners = [(left, low), (left + 0.44, low), (left + 0.44, low + 0.36), (left, low + 0.36)]
            sketch.polygon(corners, light if (row + column) % 2 else dark)
    sketch.grain(rng, 6)
    return _rigid(sketch)


def suitcase(rng: np.random.Generator, *_: float) -> Sprite:
    """A suitcase that somebody left."""
    sketch = Sketch(-0.5, 0.5, 0.0, 1.0)
    colour = (int(rng.integers(30, 120)), int(rng.integers(30, 90)), int(rng.integers(30, 90)))
    sketch.polygon([(-0.4, 0.02), (0.4, 0.02), (0.4, 0.72), (-0.4, 0.72)], colour)
    sketch.line([(-0.15, 0.72), (-0.15, 0.86), (0.15, 0.86), (0.15, 0.72)], 0.05, (40, 40, 42))
    sketch.line([(-0.4, 0.4), (0.4, 0.4)], 0.04, (180, 176, 168))
    sketch.shade(0.2)
    sketch.grain(rng, 8)
    return _rigid(sketch)


Maker = Callable[[np.random.Generator, float, float, int], Sprite]


def _track(speed_m: float, fps: float, frames: int) -> Track:
    travelled = np.arange(frames + 1) * speed_m / fps
    still = np.full(frames + 1, _DEPTH_M)
    return Track(travelled, still, travelled, np.ones(frames + 1))


def _sprite(actor: Actor, track: Track) -> Sprite:
    """The actor with its place on the plaza taken out."""
    u, v = project(track.x, track.z)
    to_metres = np.zeros((len(u), 3, 3))
    to_metres[:, 0, 0] = to_metres[:, 1, 1] = 1 / scale_px(track.z)
    to_metres[:, 0, 2], to_metres[:, 1, 2] = -u / scale_px(track.z), -v / scale_px(track.z)
    to_metres[:, 2, 2] = 1
    return Sprite(actor.parts, to_metres[:, None] @ actor.matrices)


def _rigid(sketch: Sketch) -> Sprite:
    return Sprite((sketch.part(),), np.diag([1.0, -1.0, 1.0])[None, None])


def _is_grey(picture: npt.NDArray[np.uint8]) -> bool:
    sample = picture[::16, ::16].astype(np.int16)
    return bool(np.abs(sample[..., 0] - sample[..., 2]).mean() < 1.5)
