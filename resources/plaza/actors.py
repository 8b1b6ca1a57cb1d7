"""Actors, the moving objects on the plaza: each is a list of parts with one affine transform per part and frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from resources.plaza.camera import FPS, UPRIGHT, Floats, half_width_m, project, scale_px
from resources.plaza.sprites import Part


@dataclass(frozen=True, eq=False)
class Actor:
    """A person or vehicle, for all frames in which it is drawn."""

    parts: tuple[Part, ...]
    """Drawn in this order, the last on top."""
    first_frame: int
    matrices: Floats
    """Transforms from part to picture coordinates, [T + 1, P, 3, 3]; one more than drawn, for the last frame's flow."""
    depth: Floats
    """Ground distance z in metres, [T + 1]; the nearer actor hides the farther."""
    ground_v: Floats
    """Picture row where it touches the ground and its shadow starts, [T + 1]."""
    anomalous: npt.NDArray[np.bool_]
    """Whether it is anomalous in each frame, [T + 1]."""

    @property
    def stop_frame(self) -> int:
        """The first frame in which it is no longer drawn."""
        return self.first_frame + len(self.depth) - 1


@dataclass(frozen=True, eq=False)
class Track:
    """A path across the plaza in ground coordinates, one entry per frame."""

    x: Floats
    z: Floats
    travelled: Floats
    """Metres travelled since the start; legs and wheels move with it."""
    speed_factors: Floats
    """Fraction of the full speed, 0 to 1; the length of strides is proportional to it."""

    @property
    def faces_right(self) -> bool:
        """Whether it moves to the right in the picture."""
        return bool(self.x[-1] >= self.x[0])


def straight_track(start: tuple[float, float], end: tuple[float, float], speed: float, speed_factors: Floats) -> Track:
    """A track from `start` to `end` (x, z) at `speed` m/s times `speed_factors` [n], which are 1 from frame n on."""
    displacement = np.array(end) - np.array(start)
    length = float(np.hypot(*displacement))
    travelled = np.concatenate([[0.0], np.cumsum(speed_factors)]) * speed / FPS
    missing = max(0, int(np.ceil((length - travelled[-1]) * FPS / speed)))
    travelled = np.concatenate([travelled, travelled[-1] + np.arange(1, missing + 1) * speed / FPS])
    all_speed_factors = np.concatenate([speed_factors, np.ones(missing + 1)])
    count = int(np.searchsorted(travelled, length)) + 1
    along = travelled[:count, None] * displacement / length
    return Track(start[0] + along[:, 0], start[1] + along[:, 1], travelled[:count], all_speed_factors[:count])


def crossing(
    z_start: float,
    z_end: float,
    speed: float,
    to_right: bool,
    *,
    speed_factors: Floats | None = None,
    margin_m: float = 2.4,
) -> Track:
    """A track across the whole picture, from outside one side to outside the other."""
    side = -1.0 if to_right else 1.0
    start = (side * (half_width_m(z_start) + margin_m), z_start)
    end = (-side * (half_width_m(z_end) + margin_m), z_end)
    return straight_track(start, end, speed, np.empty(0) if speed_factors is None else speed_factors)


def _ground_transforms(track: Track, mirrored: bool) -> Floats:
    """Transforms from actor coordinates (metres, x forward, y up, origin on the ground) to the picture, [T, 3, 3]."""
    u, v = project(track.x, track.z)
    scale = scale_px(track.z)
    matrices = np.zeros((len(u), 3, 3))
    matrices[:, 0, 0] = -scale if mirrored else scale
    matrices[:, 0, 2] = u
    matrices[:, 1, 1] = -scale * UPRIGHT
    matrices[:, 1, 2] = v
    matrices[:, 2, 2] = 1
    return matrices


def joint(x: Floats | float, y: Floats | float, angle: Floats | float, stretch: Floats | float = 1.0) -> Floats:
    """Transforms [T, 3, 3]: stretch along y, rotate by `angle` (a hanging limb swings forward), then move to (x, y)."""
    x, y, angle, stretch = np.broadcast_arrays(x, y, angle, stretch)
    cosine, sine = np.cos(angle), np.sin(angle)
    zero, one = np.zeros_like(cosine), np.ones_like(cosine)
    rows = [[cosine, -sine * stretch, x], [sine, cosine * stretch, y], [zero, zero, one]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def actor_on_track(
    parts: tuple[Part, ...],
    body: Floats,
    track: Track,
    first_frame: int,
    anomalous: npt.NDArray[np.bool_],
) -> Actor:
    """The actor that moves along a track, its parts by `body` (part to actor coordinates, [T, P, 3, 3])."""
    matrices = _ground_transforms(track, not track.faces_right)[:, None] @ body
    _, ground_v = project(track.x, track.z)
    return Actor(parts, first_frame, matrices, track.z, ground_v, anomalous)
