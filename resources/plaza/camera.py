"""The plaza's surveillance camera: projects ground points to the picture and gives the scale there."""

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
"""Length of a vertical metre in the picture relative to a horizontal one; the camera is tilted down."""
_SHADOW_RIGHT = 0.62
"""Length of a shadow to the right, in metres on the ground per metre of height."""
_SHADOW_NEARER = 0.30
"""Length of a shadow towards the camera, in metres on the ground per metre of height."""


def depth_m(z: Floats) -> Floats:
    """Distance along the optical axis of ground points `z` metres in front of the mast."""
    return _MAST_M * math.sin(_TILT) + z * math.cos(_TILT)


def scale_px(z: Floats) -> Floats:
    """Horizontal pixels per metre on the ground at `z`."""
    return _FOCAL_PX / depth_m(z)


def project(x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Picture coordinates (u right, v down) in px of ground points `x` metres right of the mast and `z` in front."""
    up = -_MAST_M * math.cos(_TILT) + z * math.sin(_TILT)
    return WIDTH_PX / 2 + scale_px(z) * x, HEIGHT_PX / 2 - scale_px(z) * up


def ground_at(u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Ground point (x, z) in metres at a pixel below the horizon; the inverse of `project`."""
    rise = (HEIGHT_PX / 2 - v) / _FOCAL_PX
    z = _MAST_M * (math.cos(_TILT) + rise * math.sin(_TILT)) / (math.sin(_TILT) - rise * math.cos(_TILT))
    return (u - WIDTH_PX / 2) / scale_px(z), z


def project_point(x: float, z: float) -> tuple[float, float, float]:
    """Picture coordinates (u, v) of one ground point, and the pixels per metre there."""
    u, v = project(np.array(x), np.array(z))
    return float(u), float(v), float(scale_px(np.array(z)))


def half_width_m(z: float) -> float:
    """Metres on the ground at `z` from the picture's centre to its edge."""
    return WIDTH_PX / 2 / project_point(0, z)[2]


def shadow_shear(z: float) -> tuple[float, float]:
    """Pixels right and down of a shadow per pixel of height above the feet at `z`."""
    below_horizon = math.atan2(_MAST_M, z)
    return _SHADOW_RIGHT / UPRIGHT, _SHADOW_NEARER * math.sin(below_horizon) / UPRIGHT
