"""What moves on the plaza: an actor is a fixed list of parts with one affine transform each per frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from resources.plaza.camera import FPS, UPRIGHT, Floats, half_width_m, project, scale_px
from resources.plaza.sprites import Part


@dataclass(frozen=True, eq=False)
class Actor:
    """Someone or something that moves, for the whole of its time in the picture."""

    parts: tuple[Part, ...]
    """Drawn in this order, the last on top."""
    first_frame: int
    matrices: Floats
    """Picture from part coordinates, [T + 1, P, 3, 3]; one frame more than is drawn, for the flow into it."""
    depth: Floats
    """Ground distance z in metres, [T + 1]; the nearer actor hides the farther."""
    ground_v: Floats
    """The row of the picture where it touches the ground and its shadow starts, [T + 1]."""
    anomalous: npt.NDArray[np.bool_]
    """Whether what it does is an anomaly, [T + 1]."""

    @property
    def stop_frame(self) -> int:
        """First frame it is no longer drawn in."""
        return self.first_frame + len(self.depth) - 1


@dataclass(frozen=True, eq=False)
class Track:
    """A way across the plaza, one row a frame."""

    x: Floats
    z: Floats
    travelled: Floats
    """Metres since the start; gait and wheels turn with it."""
    pace: Floats
    """0 standing still to 1 at full speed; strides shorten with it."""

    @property
    def faces_right(self) -> bool:
        """Which way the picture shows it going."""
        """Which way the picture shows it going."""
        return bool(self.x[-1] >= self.x[0])


def straight_track(start: tuple[float, float], end: tuple[float, float], speed: float, pace: Floats) -> Track:
    """From `start` to `end` (x, z) at `speed` metres a second times `pace`, which is repeated at its end as needed."""
    way = np.array(end) - np.array(start)
    length = float(np.hypot(*way))
    travelled = np.concatenate([[0.0], np.cumsum(pace)]) * speed / FPS
    missing = max(0, int(np.ceil((length - travelled[-1]) * FPS / speed)))
    travelled = np.concatenate([travelled, travelled[-1] + np.arange(1, missing + 1) * speed / FPS])
    full_pace = np.concatenate([pace, np.ones(missing + 1)])
    count = int(np.searchsorted(travelled, length)) + 1
    along = travelled[:count, None] * way / length
    return Track(start[0] + along[:, 0], start[1] + along[:, 1], travelled[:count], full_pace[:count])


def crossing(
    z_start: float, z_end: float, speed: float, to_right: bool, *, pace: Floats | None = None, margin_m: float = 2.4
) -> Track:
    """Across the whole picture, from outside one side to outside the other."""
    side = -1.0 if to_right else 1.0
    start = (side * (half_width_m(z_start) + margin_m), z_start)
    end = (-side * (half_width_m(z_end) + margin_m), z_end)
    return straight_track(start, end, speed, np.empty(0) if pace is None else pace)


def _place(track: Track, mirrored: bool) -> Floats:
    """Picture from actor coordinates (metres, x forward, y up, the origin on the ground), [T, 3, 3]."""
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
    """Transforms [T, 3, 3]: stretch along y, turn by `angle` (a hanging limb swings forward), then move to (x, y)."""
    x, y, angle, stretch = np.broadcast_arrays(x, y, angle, stretch)
    cosine, sine = np.cos(angle), np.sin(angle)
    zero, one = np.zeros_like(cosine), np.ones_like(cosine)
    rows = [[cosine, -sine * stretch, x], [sine, cosine * stretch, y], [zero, zero, one]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def cast_on(
    parts: tuple[Part, ...],
    body: Floats,
    track: Track,
    first_frame: int,
    anomalous: npt.NDArray[np.bool_],
) -> Actor:
    """The actor whose parts move by `body` (actor from part coordinates, [T, P, 3, 3]) while it goes along a track."""
    matrices = _place(track, not track.faces_right)[:, None] @ body
    _, ground_v = project(track.x, track.z)
    return Actor(parts, first_frame, matrices, track.z, ground_v, anomalous)
