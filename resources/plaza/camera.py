"""The plaza's surveillance camera: where a point of the ground is in the picture, and how large things are there."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

WIDTH_PX = 480
HEIGHT_PX = 320
FPS = 25

Floats = npt.NDArray[np.float64]

_MAST_M = 6.0
_TILT = math.radians(24.0)
_FOCAL_PX = 523.0

UPRIGHT = 0.93
"""How much shorter an upright metre looks than a level one, from a camera that looks down."""
_SHADOW_RIGHT = 0.62
"""Metres a shadow reaches to the right on the ground for a metre of height."""
_SHADOW_NEARER = 0.30
"""Metres a shadow reaches towards the camera for a metre of height."""


def depth_m(z: Floats) -> Floats:
    """Distance along the optical axis of ground points `z` metres in front of the mast."""
    return _MAST_M * math.sin(_TILT) + z * math.cos(_TILT)


def scale_px(z: Floats) -> Floats:
    """Pixels a metre, across the picture, on the ground at `z`."""
    return _FOCAL_PX / depth_m(z)


def project(x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Picture coordinates (u right, v down) in pixels of ground points: `x` metres right of the mast, `z` in front."""
    up = -_MAST_M * math.cos(_TILT) + z * math.sin(_TILT)
    return WIDTH_PX / 2 + scale_px(z) * x, HEIGHT_PX / 2 - scale_px(z) * up


def ground_at(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """The ground point (x, z) in metres that a pixel below the horizon shows; the inverse of `project`."""
    rise = (HEIGHT_PX / 2 - v) / _FOCAL_PX
    z = _MAST_M * (math.cos(_TILT) + rise * math.sin(_TILT)) / (math.sin(_TILT) - rise * math.cos(_TILT))
    return (u - WIDTH_PX / 2) / scale_px(z), z


def spot(x: float, z: float) -> tuple[float, float, float]:
    """Picture coordinates (u, v) of one ground point and the pixels a metre there."""
    u, v = project(np.array(x), np.array(z))
    return float(u), float(v), float(scale_px(np.array(z)))


def half_width_m(z: float) -> float:
    """Metres of ground between the picture's middle and its side at `z`."""
    return WIDTH_PX / 2 / spot(0, z)[2]


def shadow_shear(z: float) -> tuple[float, float]:
    """Pixels right and down that a shadow moves for a pixel of height above the feet at `z`."""
    below_horizon = math.atan2(_MAST_M, z)
    return _SHADOW_RIGHT / UPRIGHT, _SHADOW_NEARER * math.sin(below_horizon) / UPRIGHT
