"""Pseudo-anomalies: normal clips changed so that for some seconds something in them is abnormal."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.research.choices import replays, sprites
from tests.research.choices.clip_measurements import ClipMeasurements
from tests.research.choices.clips import Clip, Pictures
from tests.research.choices.motion_prior import DIRECTIONS, MotionPrior, middle_of, windows_at

MIN_SECONDS, MAX_SECONDS = 1.5, 4.0
_STAYS_SECONDS = (3.0, 6.0)
_ENTERS_SECONDS = 1.0
_FADE_SECONDS = 0.3
"""Pasted things are faded in and out: a sudden appearance would be found whatever appears."""
_TRIES = 200
_PICTURE_PX = 256
_MIN_COVERED_PX = 12
_MIN_HEIGHT = 0.75

Labels = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ChangedClip:
    """A normal clip with one change, and its labels."""

    kind: str
    pictures: Pictures
    differs: Labels
    """Frames [N] that differ from the unchanged clip's."""
    abnormal: Labels
    """Labels of frames [N]."""
    note: str
    """What was done, for people."""


@dataclass(frozen=True)
class _Trajectory:
    """A straight trajectory in the picture, dx and dy in px a frame."""

    start: int
    frames: int
    x: float
    y: float
    dx: float
    dy: float

    def at(self, row: int) -> tuple[float, float]:
        return self.x + row * self.dx, self.y + row * self.dy


def change_clip(kind: str, clip: Clip, measured: ClipMeasurements, prior: MotionPrior, seed: int) -> ChangedClip | None:
    """The clip with one change of a kind; the same for the same seed. None where the clip has no room for it."""
    return KINDS[kind](clip, measured, prior, _random(kind, clip, seed))


def crossing(kind: str, clip: Clip, prior: MotionPrior, seed: int, when: slice) -> ChangedClip:
    """The clip in which a thing of one of CROSSINGS goes through in these frames; the same for the same seed."""
    return CROSSINGS[kind](clip, None, prior, _random(kind, clip, seed), when)


def _random(kind: str, clip: Clip, seed: int) -> np.random.Generator:
    return np.random.default_rng([seed, zlib.crc32(kind.encode()), zlib.crc32(clip.name.encode())])


def _too_fast(
    clip: Clip, _: ClipMeasurements | None, prior: MotionPrior, rng: np.random.Generator, when: slice | None = None
) -> ChangedClip:
    make = sprites.running if rng.random() < 0.5 else sprites.cycling
    factor = float(rng.uniform(1.8, 2.6))
    trajectory = _usual_trajectory(clip, prior, rng, factor, rarest=False, when=when)
    return _pasted("too fast", clip, prior, rng, make, trajectory, f"{factor:.1f} times as fast")


def _wrong_way(clip: Clip, _: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator) -> ChangedClip:
    trajectory = _usual_trajectory(clip, prior, rng, 1.0, rarest=True)
    return _pasted("wrong way", clip, prior, rng, sprites.walking, trajectory, "walks where nobody goes that way")


def _unusual_looks(
    clip: Clip, _: ClipMeasurements | None, prior: MotionPrior, rng: np.random.Generator, when: slice | None = None
) -> ChangedClip:
    make = sprites.driving if rng.random() < 0.5 else sprites.board
    trajectory = _usual_trajectory(clip, prior, rng, 1.0, rarest=False, when=when)
    return _pasted("unusual looks", clip, prior, rng, make, trajectory, make.__name__)


def _unused_place(clip: Clip, _: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator) -> ChangedClip | None:
    trajectory = _unused_trajectory(clip, prior, rng)
    if trajectory is None:
        return None
    return _pasted("unused place", clip, prior, rng, sprites.walking, trajectory, "walks where nothing moves")


def _pasted_walker(clip: Clip, _: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator) -> ChangedClip:
    trajectory = _usual_trajectory(clip, prior, rng, 1.0, rarest=False)
    return _pasted("(pasted)", clip, prior, rng, sprites.walking, trajectory, "walks like everybody")


def _stays(clip: Clip, _: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator) -> ChangedClip:
    """A walker who comes, falls and lies there, or a suitcase."""
    lies = bool(rng.random() < 0.5)
    comes = round(_ENTERS_SECONDS * clip.fps) if lies else 0
    stays = round(float(rng.uniform(*_STAYS_SECONDS)) * clip.fps)
    stays = min(stays, len(clip.pictures) - comes - 2)
    trajectory = _usual_trajectory(clip, prior, rng, 1.0, rarest=False, frames=comes + stays)
    drop = round(0.5 * clip.fps)

    def lying(row: int) -> float:
        return float(np.clip((row - comes) / drop, 0, 1)) if lies else 0.0

    make = sprites.walking if lies else sprites.suitcase
    note = "falls and lies" if lies else "a suitcase is left"
    return _pasted(
        "stays",
        clip,
        prior,
        rng,
        make,
        trajectory if lies else _still(trajectory),
        note,
        halts=comes,
        lying=lying,
        normal_until=comes,
    )


def _still(trajectory: _Trajectory) -> _Trajectory:
    return _Trajectory(trajectory.start, trajectory.frames, trajectory.x, trajectory.y, 0.0, 0.0)


def _usual_trajectory(
    clip: Clip,
    prior: MotionPrior,
    rng: np.random.Generator,
    factor: float,
    *,
    rarest: bool,
    frames: int | None = None,
    when: slice | None = None,
) -> _Trajectory:
    """Through a place where things move, at its usual speed times `factor`, in its commonest or rarest direction."""
    frames = when.stop - when.start if when else frames or _duration(clip, rng)
    start = int(rng.integers(1, max(len(clip.pictures) - frames, 2)))
    start = when.start if when else start
    share = prior.moving_share.ravel()
    place = int(rng.choice(len(share), p=share / share.sum()))
    row, column = divmod(place, prior.moving_share.shape[1])
    counts = prior.directions[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3].sum(axis=(0, 1))
    turned = rng.permutation(DIRECTIONS)
    octant = int(turned[np.argmin(counts[turned]) if rarest else np.argmax(counts[turned])])
    angle = 2 * np.pi * (octant + float(rng.uniform(-0.3, 0.3))) / DIRECTIONS
    x, y = middle_of(row, column)
    # The trajectory's middle is at the place; the foot of a thing is half its height below its middle.
    foot = y + prior.height_px(y + prior.usual_height_px / 2) / 2
    speed = factor * prior.speed_at(foot)
    dx, dy = speed * float(np.cos(angle)), speed * float(np.sin(angle))
    return _Trajectory(start, frames, x - dx * frames / 2, foot - dy * frames / 2, dx, dy)


def _unused_trajectory(clip: Clip, prior: MotionPrior, rng: np.random.Generator) -> _Trajectory | None:
    """The random trajectory whose places move least; None where all cross places that are used."""
    calmest, best = None, 0.01
    frames = _duration(clip, rng)
    start = int(rng.integers(1, max(len(clip.pictures) - frames, 2)))
    for _ in range(_TRIES):
        x, y = rng.uniform(12, _PICTURE_PX - 12, 2)
        if prior.height_line[0] + prior.height_line[1] * y < _MIN_HEIGHT * prior.usual_height_px:
            continue  # a walker so far away would be too small to be seen
        angle = float(rng.uniform(0, 2 * np.pi))
        speed = prior.speed_at(y)
        trajectory = _Trajectory(start, frames, x, y, speed * float(np.cos(angle)), speed * float(np.sin(angle)))
        ends = [trajectory.at(row) for row in (0, frames // 2, frames)]
        if not all(12 <= x < _PICTURE_PX - 12 and 20 <= y < _PICTURE_PX - 2 for x, y in ends):
            continue
        crossed = [
            prior.moving_share[windows_at(x, y - up * prior.height_px(y))] for x, y in ends for up in (0, 0.5, 1)
        ]
        if max(crossed) < best:
            calmest, best = trajectory, float(max(crossed))
    return calmest


def _pasted(
    kind: str,
    clip: Clip,
    prior: MotionPrior,
    rng: np.random.Generator,
    make: sprites.Maker,
    trajectory: _Trajectory,
    note: str,
    *,
    halts: int | None = None,
    lying: Callable[[int], float] | None = None,
    normal_until: int = 0,
) -> ChangedClip:
    """Paste a thing along a trajectory, where it `halts` at that frame; frames are abnormal from `normal_until` on."""
    squeeze = clip.squeeze
    middle_y = trajectory.at(trajectory.frames // 2)[1]
    px_per_m = prior.height_px(middle_y) / sprites.PERSON_M
    speed_m = float(np.hypot(trajectory.dx / squeeze, trajectory.dy)) * clip.fps / px_per_m
    frames = trajectory.frames if halts is None else max(halts, 1)
    sprite = make(rng, speed_m, clip.fps, frames)
    pictures = clip.pictures.copy()
    differs, abnormal = np.zeros((2, len(pictures)), np.bool_)
    fade = max(round(_FADE_SECONDS * clip.fps), 1)
    for row in range(min(trajectory.frames, len(pictures) - trajectory.start)):
        x, y = trajectory.at(row if halts is None else min(row, halts))
        scale = prior.height_px(y) / sprites.PERSON_M
        place = sprites.placed(x, y, scale, squeeze, to_left=trajectory.dx < 0, lying=lying(row) if lying else 0.0)
        opacity = float(np.clip(min(row + 1, trajectory.frames - row) / fade, 0, 1))
        t = trajectory.start + row
        covered = sprite.paste(pictures[t], row, place, opacity, rng)
        differs[t] = bool((pictures[t] != clip.pictures[t]).any())
        abnormal[t] = covered >= _MIN_COVERED_PX and row >= normal_until
    return ChangedClip(kind, pictures, differs, abnormal, note)


def _duration(clip: Clip, rng: np.random.Generator) -> int:
    return min(round(float(rng.uniform(MIN_SECONDS, MAX_SECONDS)) * clip.fps), len(clip.pictures) - 3)


def _sped_up(
    clip: Clip, measured: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator
) -> ChangedClip | None:
    factor = 2.0 if rng.random() < 0.5 else 1.6
    found = replays.replay(clip, measured, prior, rng, factor, _duration(clip, rng))
    return found and _replayed("sped up", clip, found, f"{factor:g} times as fast")


def _reversed(
    clip: Clip, measured: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator
) -> ChangedClip | None:
    found = replays.replay(clip, measured, prior, rng, -1.0, _duration(clip, rng))
    return found and _replayed("reversed", clip, found, "turns round and goes back")


def _delayed(
    clip: Clip, measured: ClipMeasurements, prior: MotionPrior, rng: np.random.Generator
) -> ChangedClip | None:
    found = replays.replay(clip, measured, prior, rng, 1.0, _duration(clip, rng))
    return found and _replayed("(replayed)", clip, found, "another moment, as it was")


def _replayed(kind: str, clip: Clip, found: replays.Replay, note: str) -> ChangedClip:
    pictures = clip.pictures.copy()
    abnormal = np.zeros(len(pictures), np.bool_)
    for t, picture in replays.pictures_of(found, clip):
        pictures[t], abnormal[t] = picture, True
    return ChangedClip(kind, pictures, abnormal.copy(), abnormal, note)


KINDS: dict[str, Callable[[Clip, ClipMeasurements, MotionPrior, np.random.Generator], ChangedClip | None]] = {
    "sped up": _sped_up,
    "reversed": _reversed,
    "too fast": _too_fast,
    "wrong way": _wrong_way,
    "unusual looks": _unusual_looks,
    "stays": _stays,
    "unused place": _unused_place,
    "(pasted)": _pasted_walker,
    "(replayed)": _delayed,
}
"""All kinds of change. Those in brackets are controls: changed, but not abnormal."""
CROSSINGS = {"too fast": _too_fast, "unusual looks": _unusual_looks}
"""Kinds in which a thing that does not belong there goes through the picture."""
CONTROLS = tuple(kind for kind in KINDS if kind.startswith("("))


def sheet(clip: Clip, change: ChangedClip, columns: int = 6) -> npt.NDArray[np.uint8]:
    """A picture to look at: some changed frames side by side, those of the unchanged clip below."""
    frames = np.flatnonzero(change.differs)
    chosen = frames[np.linspace(0, len(frames) - 1, columns).astype(int)]
    rows = [np.concatenate([pictures[t] for t in chosen], axis=1) for pictures in (change.pictures, clip.pictures)]
    title = np.zeros((24, rows[0].shape[1], 3), np.uint8)
    text = f"{change.kind}: {change.note}, {clip.name}, frames {frames[0]} to {frames[-1]}"
    cv2.putText(title, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([title, *rows])
