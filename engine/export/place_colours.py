"""Colours by place over a picture: the same for evidence, heat maps, and reports."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from engine.scoring.windows import PICTURE_CELLS, WINDOW_CELLS

Picture = npt.NDArray[np.uint8]

_DIMMED = 0.45
_FULL_FROM = 0.35
"""Share of the scale from which on a colour covers the picture."""
_MOST_OPAQUE = 0.75


def under_places(picture: Picture, shares: npt.NDArray[np.floating], *, bgr: bool = False) -> Picture:
    """The picture [H, W, 3] dimmed and grey, under the colours of the windows' shares [PLACES, PLACES] of a scale."""
    height, width = picture.shape[:2]
    cells = np.zeros((PICTURE_CELLS, PICTURE_CELLS), np.float32)
    first = WINDOW_CELLS // 2
    inside = slice(first, PICTURE_CELLS - first)
    cells[inside, inside] = np.clip(shares, 0, 1)
    smooth = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    colours = scale_colours(bgr=bgr)[np.asarray(255 * smooth, np.uint8)]
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY if bgr else cv2.COLOR_RGB2GRAY)[..., None] * np.float32(_DIMMED)
    opacity = (_MOST_OPAQUE * np.minimum(smooth / _FULL_FROM, 1))[..., None]
    return np.asarray(grey * (1 - opacity) + colours * opacity, np.uint8)


@lru_cache(maxsize=2)
def scale_colours(*, bgr: bool = False) -> Picture:
    """256 steps [256, 3] from dark to light: told apart by lightness, without seeing colours too."""
    ramp = np.arange(256, dtype=np.uint8)[:, None]
    colours = cv2.applyColorMap(ramp, cv2.COLORMAP_INFERNO)[:, 0]
    return np.ascontiguousarray(colours if bgr else colours[:, ::-1])
