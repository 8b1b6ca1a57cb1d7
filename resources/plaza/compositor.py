"""Paints actors over the backdrop and records which part every pixel shows, which gives exact labels and flow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from resources.plaza.actors import Actor
from resources.plaza.backdrop import Backdrop
from resources.plaza.camera import HEIGHT_PX, WIDTH_PX, Floats, project_point, shadow_shear

_STATIC = 0
_OPAQUE = 128  # alpha from which a pixel belongs to a surface: half covered
_SHADOW_BLUR_PX = 1.3


@dataclass(frozen=True, eq=False)
class Painted:
    """A picture without exposure and noise, and the surface that each pixel shows."""

    colours: npt.NDArray[np.uint8]
    """RGB, uint8 [H, W, 3]."""
    surfaces: npt.NDArray[np.int32]
    """Surface shown by each pixel, [H, W]: 0 for the background, else 1 + row of `matrices`."""
    present: tuple[int, ...]
    """Indices of the drawn actors in the list of all actors, in the order of `matrices`."""
    matrices: Floats
    """Transforms from part to picture coordinates of all their parts, [S, 3, 3]."""


def paint(backdrop: Backdrop, actors: Sequence[Actor], frame: int, shadow_strength: float) -> Painted:
    """Paint the plaza with all actors present at `frame`."""
    present = tuple(i for i, actor in enumerate(actors) if actor.first_frame <= frame < actor.stop_frame)
    layers = {i: _Layer.of(actors[i], frame) for i in present}
    shadow = backdrop.shadow.copy()
    for layer in layers.values():
        layer.cast_shadow(shadow)
    sunlit = 1 - shadow_strength / 255 * shadow[..., None].astype(np.float32)
    colours = (backdrop.pixels * sunlit + 0.5).astype(np.uint8)
    surfaces = np.zeros((HEIGHT_PX, WIDTH_PX), np.int32)

    # Painter's algorithm: nearer things cover farther ones.
    things: list[tuple[float, Callable[[], None]]] = [
        (prop.depth, partial(_blend, colours, surfaces, prop.pixels, None, prop.left, prop.top))
        for prop in backdrop.props
    ]
    row = 0
    for layer in layers.values():
        owners = np.where(layer.owners > 0, layer.owners + row, _STATIC)
        things.append((layer.depth, partial(_blend, colours, surfaces, layer.pixels, owners, layer.left, layer.top)))
        row += len(layer.matrices)
    for _, draw in sorted(things, key=lambda thing: -thing[0]):
        draw()
    matrices = np.concatenate([layer.matrices for layer in layers.values()]) if layers else np.empty((0, 3, 3))
    return Painted(colours, surfaces, present, matrices)


def flow_between(painted: Painted, later: Floats) -> npt.NDArray[np.float32]:
    """Flow [2, H, W] in px of everything visible in `painted`, whose parts move to the transforms `later` [S, 3, 3]."""
    flow = np.zeros((2, HEIGHT_PX, WIDTH_PX), np.float32)
    v, u = np.nonzero(painted.surfaces)
    if len(u):
        steps = later @ np.linalg.inv(painted.matrices) - np.eye(3)
        step = steps[painted.surfaces[v, u] - 1]
        flow[0, v, u] = step[:, 0, 0] * u + step[:, 0, 1] * v + step[:, 0, 2]
        flow[1, v, u] = step[:, 1, 0] * u + step[:, 1, 1] * v + step[:, 1, 2]
    return flow


@dataclass(frozen=True, eq=False)
class _Layer:
    """One actor painted on a separate canvas."""

    pixels: npt.NDArray[np.uint8]
    owners: npt.NDArray[np.int32]
    """Part shown by each pixel, [h, w]: 1 + its index, 0 for none."""
    left: int
    top: int
    depth: float
    ground_v: float
    matrices: Floats

    @classmethod
    def of(cls, actor: Actor, frame: int) -> _Layer:
        row = frame - actor.first_frame
        matrices, depth = actor.matrices[row], float(actor.depth[row])
        corners = np.stack([matrix[:2] @ part.corners for matrix, part in zip(matrices, actor.parts, strict=True)])
        low = np.floor(corners.min(axis=2)).astype(int)
        high = np.ceil(corners.max(axis=2)).astype(int) + 1
        left, top = (int(side) for side in low.min(axis=0))
        right, bottom = (int(side) for side in high.max(axis=0))
        pixels = np.zeros((bottom - top, right - left, 4), np.uint8)
        owners = np.zeros((bottom - top, right - left), np.int32)
        px_per_m = project_point(0, depth)[2]
        for index, (part, matrix) in enumerate(zip(actor.parts, matrices, strict=True)):
            x0, y0 = low[index]
            width, height = high[index] - low[index]
            texture = part.level_for(px_per_m)
            to_picture = matrix @ np.linalg.inv(texture.from_metres)
            to_picture[:2, 2] -= (x0, y0)
            warped = cv2.warpAffine(texture.pixels, to_picture[:2], (int(width), int(height)), flags=cv2.INTER_LINEAR)
            painted = warped.astype(np.uint8, copy=False)
            _blend(pixels, owners, painted, np.full((height, width), index + 1, np.int32), x0 - left, y0 - top)
        return cls(pixels, owners, left, top, depth, float(actor.ground_v[row]), matrices)

    def cast_shadow(self, shadow: npt.NDArray[np.uint8]) -> None:
        """Project the silhouette onto the ground, away from the sun, into a shadow map uint8 [H, W]."""
        right, down = shadow_shear(self.depth)
        height = self.ground_v - self.top
        x0 = int(np.floor(max(0, self.left - 4)))
        x1 = int(np.ceil(min(WIDTH_PX, self.left + self.pixels.shape[1] + right * height + 4)))
        y0 = int(np.floor(max(0, self.ground_v - 6)))
        y1 = int(np.ceil(min(HEIGHT_PX, self.ground_v + down * height + 8)))
        if x1 <= x0 or y1 <= y0:
            return
        foot = self.ground_v
        shear = np.array([[1, -right, right * foot], [0, -down, foot + down * foot], [0, 0, 1.0]])
        from_canvas = np.array([[1, 0, self.left], [0, 1, self.top], [0, 0, 1.0]])
        to_map = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1.0]]) @ shear @ from_canvas
        cover = np.ascontiguousarray(self.pixels[..., 3])
        projected = cv2.warpAffine(cover, to_map[:2], (x1 - x0, y1 - y0), flags=cv2.INTER_LINEAR)
        soft = cv2.GaussianBlur(projected, (0, 0), _SHADOW_BLUR_PX)
        area = shadow[y0:y1, x0:x1]
        np.maximum(area, soft, out=area)


def _blend(
    colours: npt.NDArray[np.uint8],
    owners: npt.NDArray[np.int32],
    pixels: npt.NDArray[np.uint8],
    pixel_owners: npt.NDArray[np.int32] | None,
    left: int,
    top: int,
) -> None:
    """Blend premultiplied RGBA `pixels` over RGB(A) `colours`, and enter their owners where they cover by half.

    `pixel_owners` None stands for static pixels.
    """
    y0, x0 = max(0, top), max(0, left)
    y1 = min(colours.shape[0], top + pixels.shape[0])
    x1 = min(colours.shape[1], left + pixels.shape[1])
    if y1 <= y0 or x1 <= x0:
        return
    pixels = pixels[y0 - top : y1 - top, x0 - left : x1 - left]
    cover = pixels[..., 3]
    under = colours[y0:y1, x0:x1]
    kept = (under * (255 - cover[..., None]).astype(np.uint16) + 127) // 255
    under[:] = np.minimum(kept + pixels[..., : under.shape[2]], 255)
    owned = cover >= _OPAQUE
    area = owners[y0:y1, x0:x1]
    if pixel_owners is None:
        area[owned] = _STATIC
    else:
        np.copyto(area, pixel_owners[y0 - top : y1 - top, x0 - left : x1 - left], where=owned)
