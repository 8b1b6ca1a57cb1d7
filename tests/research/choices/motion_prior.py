"""Where things move on a camera, in which direction, how fast and how tall: changes of its footage follow it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from engine.flow.teachers import DisTeacher
from engine.scoring.motion import PLACES
from engine.scoring.windows import CELL_PX, WINDOW_CELLS
from tests.research.choices.clip_measurements import ENGINE_BASELINE, ClipMeasurements
from tests.research.choices.clips import Clip

DIRECTIONS = 8
_PICTURE_PX = 256
_MOVING_SHARE_OF_QUICK = 0.3
"""A window moves from this share of the fastest window's usual speed on; below it, flow flickers."""
_SAMPLED_FRAMES = 12
_SPEED_SECONDS = 0.2
_FOREGROUND_LEVELS = 18
"""Grey levels between the background and what stands in front of it."""
_MIN_AREA_PX = 40
_MIN_BLOBS = 10
_CENTRING = 0.3
"""Share of the way from the tracked point to the centre of motion that is made up each frame."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MotionPrior:
    """Learnt from all clips of a camera."""

    moving_px: float
    """From this speed on, in px a frame, a window counts as moving."""
    moving_share: Floats
    """Share of its transitions in which each window moves [PLACES, PLACES]."""
    speed_line: tuple[float, float]
    """Offset and slope of the speed, px a frame, of a thing whose foot is at row y."""
    directions: npt.NDArray[np.int64]
    """How often each window moved in each eighth of the circle, [PLACES, PLACES, DIRECTIONS]."""
    height_line: tuple[float, float]
    """Offset and slope of the height, px, of an upright thing whose foot is at row y."""
    usual_height_px: float

    @classmethod
    def of(cls, clips: Sequence[tuple[Clip, ClipMeasurements]]) -> MotionPrior:
        motion = np.concatenate([measured.motion[ENGINE_BASELINE, 1:] for _, measured in clips])
        speed = np.hypot(motion[:, 0], motion[:, 1])
        moving_px = _MOVING_SHARE_OF_QUICK * float(np.quantile(speed.max(axis=(1, 2)), 0.5))
        moving = speed >= moving_px
        octant = np.floor(np.arctan2(motion[:, 1], motion[:, 0]) / (2 * np.pi) * DIRECTIONS + 0.5).astype(int)
        octant %= DIRECTIONS
        counts = np.stack([((octant == d) & moving).sum(axis=0) for d in range(DIRECTIONS)], axis=-1)
        blobs = np.array([blob for clip, _ in clips for blob in _blobs(clip, moving_px)])
        if len(blobs) < _MIN_BLOBS:
            raise ValueError(f"nothing moves by itself in {len(clips)} clips: {len(blobs)} things found")
        feet, heights, speeds = blobs.T
        speed_line, height_line = _line(feet, speeds), _line(feet, heights)
        return cls(moving_px, moving.mean(axis=0), speed_line, counts, height_line, float(np.median(heights)))

    def height_px(self, y: float) -> float:
        """Height of a person whose foot is at row y of the picture."""
        line = self.height_line[0] + self.height_line[1] * y
        return float(np.clip(line, 0.5 * self.usual_height_px, 2 * self.usual_height_px))

    def speed_at(self, y: float) -> float:
        """Usual speed, px a frame, of a thing whose foot is at row y of the picture."""
        return float(max(self.speed_line[0] + self.speed_line[1] * y, self.moving_px))


def windows_at(x: float, y: float) -> tuple[int, int]:
    """Row and column of the window whose middle is nearest to a point of the picture."""
    return tuple(int(np.clip(round((each - _centre(0)) / CELL_PX), 0, PLACES - 1)) for each in (y, x))  # type: ignore[return-value]


def middle_of(row: int, column: int) -> tuple[float, float]:
    """The point (x, y) in the middle of a window."""
    return _centre(column), _centre(row)


def follow_motion(
    measured: ClipMeasurements, prior: MotionPrior, start: int, x: float, y: float, *, stop: int
) -> list[tuple[float, float]]:
    """Track what is at (x, y) in frame `start`, one point a frame, up to frame `stop` or backwards down to it.

    The trajectory ends where the thing stands still or leaves the picture.
    """
    step = 1 if stop > start else -1
    trajectory, stood = [(x, y)], 0
    for t in range(start, stop, step):
        row, column = windows_at(x, y)
        rows, columns = slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2)
        # Row t + 1 is of the transition to the next frame; row t, of that from the frame before.
        motion = measured.motion[ENGINE_BASELINE, t + 1 if step > 0 else t, :, rows, columns].reshape(3, -1)
        moving = np.hypot(motion[0], motion[1]) >= prior.moving_px
        stood = 0 if moving.any() else stood + 1
        if stood > 3:
            break
        if moving.any():
            # A window also holds still background, which lowers its mean motion: the centre of motion corrects the lag.
            speed = np.where(moving, motion[2], 0)
            fastest = int(speed.argmax())
            across, down = np.meshgrid(np.arange(PLACES)[columns], np.arange(PLACES)[rows])
            centre_x = _centre(float((speed * across.ravel()).sum() / speed.sum()))
            centre_y = _centre(float((speed * down.ravel()).sum() / speed.sum()))
            x, y = x + step * float(motion[0, fastest]), y + step * float(motion[1, fastest])
            x, y = x + _CENTRING * (centre_x - x), y + _CENTRING * (centre_y - y)
        if not (4 <= x < _PICTURE_PX - 4 and 4 <= y < _PICTURE_PX - 4):
            break
        trajectory.append((x, y))
    return trajectory


def _blobs(clip: Clip, moving_px: float) -> Iterator[tuple[float, float, float]]:
    """Foot, height and speed, px and px a frame, of things that stand out from the clip's median picture and move."""
    grey = np.stack([cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in clip.pictures])
    background = np.median(grey[:: max(len(grey) // 40, 1)], axis=0)
    reach = max(1, round(_SPEED_SECONDS * clip.fps))
    for t in np.linspace(reach, len(grey) - 1, _SAMPLED_FRAMES).astype(int):
        flow = DisTeacher().flow(clip.pictures[t - reach], clip.pictures[t]) / reach
        speed = np.hypot(flow[0], flow[1])
        # The flow is given at the pixels of the earlier picture.
        mask = (np.abs(grey[t - reach] - background) > _FOREGROUND_LEVELS).astype(np.uint8)
        mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 3), np.uint8))
        _, labels, boxes, _ = cv2.connectedComponentsWithStats(mask)
        for number, (left, top, width, height, area) in enumerate(boxes[1:], start=1):
            inside = left > 1 and top > 1 and left + width < _PICTURE_PX - 1 and top + height < _PICTURE_PX - 1
            if not inside or area < _MIN_AREA_PX or not 1.4 <= height / width <= 4.5 or area < 0.4 * width * height:
                continue
            moved = float(np.median(speed[labels == number]))
            if moved >= moving_px:
                yield top + height, height, moved


def _line(feet: Floats, values: Floats) -> tuple[float, float]:
    """Offset and slope of a line through values by row, by least absolute deviations: some blobs are cut or merged."""
    if np.ptp(feet) < 2 * CELL_PX:
        return float(np.median(values)), 0.0
    weights = np.ones(len(feet))
    slope, offset = 0.0, 0.0
    for _ in range(20):
        slope, offset = np.polyfit(feet, values, 1, w=np.sqrt(weights))
        weights = 1 / np.maximum(np.abs(values - offset - slope * feet), 0.02 * float(np.median(values)))
    # Nearer things look larger and faster: a falling line is chance.
    return (float(offset), float(slope)) if slope > 0 else (float(np.median(values)), 0.0)


def _centre(place: float) -> float:
    return CELL_PX * (place + WINDOW_CELLS / 2)
