"""Scenes of the plaza: random pedestrians, planned anomalies, and every frame with its exact flow and mask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from engine.video.frame import Pixels
from resources.plaza.actors import Actor, crossing
from resources.plaza.backdrop import Backdrop, build_backdrop
from resources.plaza.camera import FPS, HEIGHT_PX, WIDTH_PX, Floats, half_width_m
from resources.plaza.compositor import Painted, flow_between, paint
from resources.plaza.people import fall_speed_factors, faller, random_appearance, runner, walker
from resources.plaza.vehicles import cart, cyclist

ANOMALY_KINDS = ("cyclist", "runner", "cart", "fall")

# Ranges of ground distance in metres that are free of props, nearest first.
_LANES: tuple[tuple[float, float], ...] = ((7.2, 9.2), (8.8, 11.6), (12.6, 13.9), (15.2, 16.3), (18.0, 20.2))
_LANE_SHARES = (0.2, 0.3, 0.22, 0.16, 0.12)
_SECONDS_BETWEEN_WALKERS = 1.7
_QUIET_SECONDS_BETWEEN_WALKERS = 30.0
_LONGEST_WALK_SECONDS = 24.0
_NOISE = 1.6
"""Standard deviation of the sensor's noise, in grey levels."""
_SPEED = {"cyclist": 4.6, "runner": 3.9, "cart": 3.4, "fall": 1.3}


@dataclass(frozen=True)
class PlannedAnomaly:
    """An anomaly to put into a scene."""

    kind: str
    """One of ANOMALY_KINDS."""
    at_seconds: float
    """When it starts from outside the picture; for a fall, when the walker stumbles."""


@dataclass(frozen=True, eq=False)
class SceneFrame:
    """One frame and its ground truth."""

    index: int
    pixels: Pixels
    """RGB, uint8 [H, W, 3]."""
    flow: npt.NDArray[np.float32]
    """Exact flow (dx, dy) from the frame before to this one, in pixels, at every pixel of the frame before, [2, H, W].

    0 where nothing moves (shadows are not motion) and all through frame 0.
    """
    anomaly_mask: npt.NDArray[np.bool_]
    """Pixel mask of visible anomalies, [H, W]."""
    visible: tuple[int, ...]
    """Indices of the visible anomalies in `Scene.anomalies`."""

    @property
    def abnormal(self) -> bool:
        """The frame's label: whether any anomaly is visible."""
        return bool(self.anomaly_mask.any())


class Scene:
    """Footage of the plaza; the same seed gives the same frames."""

    def __init__(
        self,
        seed: int,
        seconds: float,
        anomalies: Sequence[PlannedAnomaly] = (),
        *,
        noise: bool = True,
        is_quiet: bool = False,
    ) -> None:
        """`seconds` of normal activity with the `anomalies`; without `noise` the light is constant, too.

        Where it `is_quiet`, hardly anybody comes, and the light is constant.

        Raises:
            ValueError: an anomaly's kind is unknown.
        """
        for planned in anomalies:
            if planned.kind not in ANOMALY_KINDS:
                raise ValueError(f"no such anomaly: {planned.kind}; there are {', '.join(ANOMALY_KINDS)}")
        self.seed = seed
        self.anomalies = tuple(anomalies)
        self.frame_count = round(seconds * FPS)
        self._noise = noise
        rng = np.random.default_rng([seed, 1])
        walkers = _walkers(rng, seconds, _QUIET_SECONDS_BETWEEN_WALKERS if is_quiet else _SECONDS_BETWEEN_WALKERS)
        self._first_anomaly = len(walkers)
        self._actors = [*walkers, *(_anomaly(rng, planned) for planned in anomalies)]
        clouds = _clouds(np.random.default_rng([seed, 2]), self.frame_count)
        self._clouds = clouds if noise and not is_quiet else np.zeros(self.frame_count)

    def __len__(self) -> int:
        return self.frame_count

    def __iter__(self) -> Iterator[SceneFrame]:
        return self.frames()

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[SceneFrame]:
        """Frames [start, stop) in order."""
        stop = self.frame_count if stop is None else min(stop, self.frame_count)
        before = self._painted(start - 1) if start > 0 else None
        for index in range(start, stop):
            painted = self._painted(index)
            yield self._frame(index, before, painted)
            before = painted

    def _painted(self, index: int) -> Painted:
        return paint(_backdrop(), self._actors, index, shadow_strength=0.26 + 0.16 * float(self._clouds[index]))

    def _frame(self, index: int, before: Painted | None, painted: Painted) -> SceneFrame:
        if before is None:
            flow = np.zeros((2, HEIGHT_PX, WIDTH_PX), np.float32)
        else:
            flow = flow_between(before, self._matrices(before.present, index))
        shown = self._anomalies_shown(index, painted)
        visible = tuple(int(n) for n in np.unique(shown[shown >= 0]))
        return SceneFrame(index, self._with_exposure(index, painted), flow, shown >= 0, visible)

    def _matrices(self, present: Sequence[int], index: int) -> Floats:
        rows = [self._actors[i].matrices[index - self._actors[i].first_frame] for i in present]
        return np.concatenate(rows) if rows else np.empty((0, 3, 3))

    def _anomalies_shown(self, index: int, painted: Painted) -> npt.NDArray[np.int64]:
        """Index into `anomalies` of what each pixel shows, -1 for anything normal, [H, W]."""
        number_of = [-1]
        for i in painted.present:
            actor = self._actors[i]
            number = i - self._first_anomaly if actor.anomalous[index - actor.first_frame] else -1
            number_of += [number] * len(actor.parts)
        return np.array(number_of)[painted.surfaces]

    def _with_exposure(self, index: int, painted: Painted) -> Pixels:
        """The picture as the camera sees it: dimmed by clouds, with sensor noise."""
        if not self._noise:
            return painted.colours
        light = 0.94 + 0.06 * self._clouds[index]
        grain = _noise_field()
        rng = np.random.default_rng([self.seed, 3, index])
        top, left = (int(n) for n in rng.integers(0, 64, 2))
        crop = grain[top : top + HEIGHT_PX, left : left + WIDTH_PX]
        sign = 1.0 if rng.random() < 0.5 else -1.0
        exposed = cv2.addWeighted(painted.colours, float(light), crop, sign, 0.0, dtype=cv2.CV_8U)
        return exposed.astype(np.uint8, copy=False)


@lru_cache(maxsize=1)
def _backdrop() -> Backdrop:
    return build_backdrop()


@lru_cache(maxsize=1)
def _noise_field() -> npt.NDArray[np.float32]:
    """Noise larger than a frame, of which each frame gets a random crop; new noise would take longer than painting."""
    shape = (HEIGHT_PX + 64, WIDTH_PX + 64, 3)
    return np.random.default_rng(5).normal(0, _NOISE, shape).astype(np.float32)


def _clouds(rng: np.random.Generator, count: int) -> Floats:
    """Brightness of the sun, -1 to 1, which drifts over tens of seconds, [count]."""
    seconds = np.arange(count) / FPS
    first, second = rng.uniform(0, 2 * np.pi, 2)
    slow, quick = np.sin(2 * np.pi * seconds / 47 + first), np.sin(2 * np.pi * seconds / 19 + second)
    return np.asarray(0.6 * slow + 0.4 * quick)


def _walkers(rng: np.random.Generator, seconds: float, seconds_apart: float) -> list[Actor]:
    """Normal pedestrians, who come at random times, alone or in pairs; some stop for a while."""
    walkers = []
    start_seconds = -_LONGEST_WALK_SECONDS
    while start_seconds < seconds:
        start_seconds += float(rng.exponential(seconds_apart))
        low, high = _LANES[int(rng.choice(len(_LANES), p=_LANE_SHARES))]
        z_start, z_end = (float(z) for z in rng.uniform(low, high, 2))
        to_right = bool(rng.random() < 0.5)
        speed = float(np.clip(rng.normal(1.3, 0.14), 1.0, 1.6))
        speed_factors = _pause(rng, half_width_m(z_start) / speed) if rng.random() < 0.15 else None
        group_size = 2 if rng.random() < 0.2 and high - low > 1.2 else 1
        for member in range(group_size):
            nearer = 0.55 * member
            track = crossing(
                z_start - nearer,
                z_end - nearer,
                speed,
                to_right,
                speed_factors=speed_factors,
                margin_m=2.4 + 0.25 * member,
            )
            actor = walker(random_appearance(rng), track, speed, round(start_seconds * FPS), rng)
            if actor.stop_frame > 0:
                walkers.append(actor)
    return walkers


def _pause(rng: np.random.Generator, half_way_seconds: float) -> Floats:
    """Speed factors of a person who stops for a few seconds somewhere in the middle."""
    stop_at = float(rng.uniform(0.7, 1.9)) * half_way_seconds
    resume_at = stop_at + 0.7 + float(rng.uniform(2.0, 5.0))
    seconds = np.arange(round((resume_at + 0.7) * FPS)) / FPS
    return np.interp(seconds, [stop_at, stop_at + 0.7, resume_at, resume_at + 0.7], [1.0, 0.0, 0.0, 1.0])


def _anomaly(rng: np.random.Generator, planned: PlannedAnomaly) -> Actor:
    """The actor of an anomaly, in the middle of the plaza where it is clearly visible."""
    speed = _SPEED[planned.kind] * float(rng.uniform(0.92, 1.08))
    z_start = float(rng.uniform(9.0, 13.5))
    z_end = z_start + float(rng.uniform(-0.8, 0.8))
    to_right = bool(rng.random() < 0.5)
    appearance = random_appearance(rng)
    frame = round(planned.at_seconds * FPS)
    if planned.kind == "fall":
        # The planned time is that of the stumble, which is well inside the picture.
        lead = round((half_width_m(z_start) * float(rng.uniform(0.7, 0.95)) + 2.4) / speed * FPS)
        track = crossing(z_start, z_end, speed, to_right, speed_factors=fall_speed_factors(lead))
        return faller(appearance, track, speed, lead, frame - lead, rng)
    make = {"cyclist": cyclist, "runner": runner, "cart": cart}[planned.kind]
    track = crossing(z_start, z_end, speed, to_right, margin_m=2.8)
    return make(appearance, track, frame, rng)
