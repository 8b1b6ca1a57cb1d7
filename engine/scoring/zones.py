"""Zones of a camera's picture: ignored ones, where nothing counts, and watched ones, outside which nothing does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.language import tr, tr_n, tr_noop
from engine.scoring.motion import PLACES
from engine.scoring.windows import CELL_PX, PICTURE_CELLS, cell_means

Windows = npt.NDArray[np.bool_]
"""[PLACES, PLACES]: which windows of the picture count."""
Point = tuple[float, float]
"""x and y as shares of the frame's width and height."""
Points = tuple[Point, ...]
"""Corners of a polygon."""

MAX_ZONES, MAX_POINTS = 64, 256
_RECTANGLE_CORNERS = 4
_COVERED = 0.25
"""Share of a cell from which on it lies in a zone: lines by hand along a cell's edge reach over it a little."""
_SUBPIXEL_BITS = 4


class ZoneKind(StrEnum):
    """What a zone is for."""

    IGNORED = tr_noop("ignored")
    """What happens there does not count."""
    WATCHED = tr_noop("watched")
    """Where there are such zones, nothing else counts."""


@dataclass(frozen=True)
class Zone:
    """A polygon in the picture."""

    kind: ZoneKind
    points: Points
    name: str = ""

    @classmethod
    def rectangle(cls, kind: ZoneKind, one: Point, other: Point, name: str = "") -> Zone:
        """Between two opposite corners."""
        return cls(kind, rectangle_points(one, other), name)

    @property
    def title(self) -> str:
        """What people see it called."""
        return f"{self.kind.value}: {self.name}" if self.name else self.kind.value


Zones = tuple[Zone, ...]


def rectangle_points(one: Point, other: Point) -> Points:
    """The rectangle between two opposite corners."""
    (left, right), (top, bottom) = (sorted(pair) for pair in zip(one, other, strict=True))
    return (left, top), (right, top), (right, bottom), (left, bottom)


def moved_points(points: Points, across: float, down: float) -> Points:
    """A polygon so far to the right and down, but inside the picture."""
    xs, ys = zip(*points, strict=True)
    across = min(max(across, -min(xs)), 1 - max(xs))
    down = min(max(down, -min(ys)), 1 - max(ys))
    # Sums may leave the picture by a rounding.
    return tuple((min(max(x + across, 0.0), 1.0), min(max(y + down, 0.0), 1.0)) for x, y in points)


def reshaped_points(points: Points, corner: int, to: Point) -> Points:
    """A polygon with one corner elsewhere; an upright rectangle stays one."""
    x, y = points[corner]
    opposite_x, opposite_y = points[corner - 2]
    if len(points) == _RECTANGLE_CORNERS and all(a in (x, opposite_x) and b in (y, opposite_y) for a, b in points):
        return tuple((to[0] if a == x else a, to[1] if b == y else b) for a, b in points)
    return (*points[:corner], to, *points[corner + 1 :])


def check_zones(zones: Sequence[Zone]) -> None:
    """Check that zones lie in the picture, have an area, and leave something of it.

    Raises:
        ValueError: they do not; why, as a part of a sentence.
    """
    if len(zones) > MAX_ZONES:
        raise ValueError(
            tr("there are {count} zones, and {most} at most are possible").format(count=len(zones), most=MAX_ZONES)
        )
    for number, zone in enumerate(zones, 1):
        if not 3 <= len(zone.points) <= MAX_POINTS:
            raise ValueError(
                tr("zone {number} has {count} corners, not 3 to {most}").format(
                    number=number, count=len(zone.points), most=MAX_POINTS
                )
            )
        if not all(math.isfinite(value) and 0 <= value <= 1 for point in zone.points for value in point):
            raise ValueError(
                tr("zone {number} reaches beyond the picture, whose coordinates go from 0 to 1").format(number=number)
            )
        if not _cells((zone,)).any():
            raise ValueError(
                tr("zone {number} is too small: it covers no cell of the {cells} across and down").format(
                    number=number, cells=PICTURE_CELLS
                )
            )
    if not counted_windows(tuple(zones)).any():
        raise ValueError(tr("the zones leave nothing of the picture to be judged"))


@lru_cache(maxsize=32)
def counted_windows(zones: Zones) -> Windows:
    """Which windows count: whose middle lies in a watched zone, if there are such, and of which nothing is ignored.

    So what lies in an ignored zone has no part in any score; what is beside one is still seen, by windows beside it.
    """
    watched = _cells(tuple(zone for zone in zones if zone.kind is ZoneKind.WATCHED))
    ignored = _cells(tuple(zone for zone in zones if zone.kind is ZoneKind.IGNORED))
    inside = slice(1, 1 + PLACES)
    counted = np.ones((PLACES, PLACES), np.bool_)
    if any(zone.kind is ZoneKind.WATCHED for zone in zones):
        counted = watched[inside, inside].copy()
        # No window has its middle in a cell at the picture's rim.
        counted[0] |= watched[0, inside]
        counted[-1] |= watched[-1, inside]
        counted[:, 0] |= watched[inside, 0]
        counted[:, -1] |= watched[inside, -1]
    touched = cv2.dilate(ignored.astype(np.uint8), np.ones((3, 3), np.uint8))[inside, inside] > 0
    counted &= ~touched
    counted.setflags(write=False)
    return counted


def zones_in_words(zones: Sequence[Zone]) -> str:
    """How many of which kind, such as "2 ignored zones, 1 watched zone"; empty without any."""
    counts = {kind: sum(zone.kind is kind for zone in zones) for kind in ZoneKind}
    return ", ".join(_counted(kind, count) for kind, count in counts.items() if count)


def _counted(kind: ZoneKind, count: int) -> str:
    if kind is ZoneKind.WATCHED:
        return tr_n("{count} watched zone", "{count} watched zones", count).format(count=count)
    return tr_n("{count} ignored zone", "{count} ignored zones", count).format(count=count)


def _cells(zones: Zones) -> Windows:
    """Which cells [PICTURE_CELLS, PICTURE_CELLS] of the picture lie in some of the zones."""
    side = PICTURE_CELLS * CELL_PX
    picture = np.zeros((side, side), np.float32)
    for zone in zones:
        corners = np.round((np.array(zone.points) * side - 0.5) * 2**_SUBPIXEL_BITS).astype(np.int32)
        cv2.fillPoly(picture, [corners], (1.0,), shift=_SUBPIXEL_BITS)
    return np.asarray(cell_means(picture) >= _COVERED)
