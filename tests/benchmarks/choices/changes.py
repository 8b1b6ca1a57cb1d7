"""Changed footage: a normal clip in which, for some seconds, something is as it never is."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tests.benchmarks.choices import replays, sprites
from tests.benchmarks.choices.clips import Clip, Pictures
from tests.benchmarks.choices.habits import DIRECTIONS, Habits, middle_of, windows_at
from tests.benchmarks.choices.measured import Measured

MIN_SECONDS, MAX_SECONDS = 1.5, 4.0
_STAYS_SECONDS = (3.0, 6.0)
_ENTERS_SECONDS = 1.0
_FADE_SECONDS = 0.3
"""Pasted things come and go softly: a sudden one would be found by its appearing, whatever it is."""
_TRIES = 200
_PICTURE_PX = 256
_MIN_COVERED_PX = 12
_MIN_HEIGHT = 0.75

Labels = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Changed:
    """A changed clip."""

    kind: str
    pictures: Pictures
    differs: Labels
    """Frames [N] that are not those of the clip."""
    abnormal: Labels
    """Frames [N] in which the change is to be found."""
    note: str
    """What was done, for people."""


@dataclass(frozen=True)
class _Way:
    """A straight way over the picture."""

    start: int
    frames: int
    x: float
    y: float
    dx: float
    dy: float

    def at(self, row: int) -> tuple[float, float]:
        return self.x + row * self.dx, self.y + row * self.dy


def changed(kind: str, clip: Clip, measured: Measured, habits: Habits, seed: int) -> Changed | None:
    """The clip with one change of a kind; the same for the same seed. None where the clip has no room for it."""
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), zlib.crc32(clip.name.encode())])
    return KINDS[kind](clip, measured, habits, rng)


def _too_fast(clip: Clip, _: Measured, habits: Habits, rng: np.random.Generator) -> Changed:
    make = sprites.running if rng.random() < 0.5 else sprites.cycling
    factor = float(rng.uniform(1.8, 2.6))
    way = _usual_way(clip, habits, rng, factor, rarest=False)
    return _pasted("too fast", clip, habits, rng, make, way, f"{factor:.1f} times as fast")


def _wrong_way(clip: Clip, _: Measured, habits: Habits, rng: np.random.Generator) -> Changed:
    way = _usual_way(clip, habits, rng, 1.0, rarest=True)
    return _pasted("wrong way", clip, habits, rng, sprites.walking, way, "walks where nobody goes that way")


def _unusual_looks(clip: Clip, _: Measured, habits: Habits, rng: np.random.Generator) -> Changed:
    make = sprites.driving if rng.random() < 0.5 else sprites.board
    way = _usual_way(clip, habits, rng, 1.0, rarest=False)
    return _pasted("unusual looks", clip, habits, rng, make, way, make.__name__)


def _unused_place(clip: Clip, _: Measured, habits: Habits, rng: np.random.Generator) -> Changed | None:
    way = _way_where_nothing_moves(clip, habits, rng)
    if way is None:
        return None
    return _pasted("unused place", clip, habits, rng, sprites.walking, way, "walks where nothing moves")


def _usual(clip: Clip, _: Measured, habits: Habits, rng: np.random.Generator) -> Changed:
    way = _usual_way(clip, habits, rng, 1.0, rarest=False)
    return _pasted("(pasted)", clip, habits, rng, sprites.walking, way, "walks as everybody")


def _stays(clip: Clip, _: Measured, habits: Habits, rng: np.random.Generator) -> Changed:
    """A walker who comes, falls and lies there, or a suitcase."""
    lies = bool(rng.random() < 0.5)
    comes = round(_ENTERS_SECONDS * clip.fps) if lies else 0
    stays = round(float(rng.uniform(*_STAYS_SECONDS)) * clip.fps)
    stays = min(stays, len(clip.pictures) - comes - 2)
    way = _usual_way(clip, habits, rng, 1.0, rarest=False, frames=comes + stays)
    drop = round(0.5 * clip.fps)

    def lying(row: int) -> float:
        return float(np.clip((row - comes) / drop, 0, 1)) if lies else 0.0

    make = sprites.walking if lies else sprites.suitcase
    note = "falls and lies" if lies else "a suitcase is left"
    return _pasted(
        "stays",
        clip,
        habits,
        rng,
        make,
        way if lies else _still(way),
        note,
        halts=comes,
        lying=lying,
        normal_until=comes,
    )


def _still(way: _Way) -> _Way:
    return _Way(way.start, way.frames, way.x, way.y, 0.0, 0.0)


def _usual_way(
    clip: Clip, habits: Habits, rng: np.random.Generator, factor: float, *, rarest: bool, frames: int | None = None
) -> _Way:
    """Through a place where things move, as fast as there, times `factor`, in its commonest or rarest direction."""
    frames = frames or _duration(clip, rng)
    start = int(rng.integers(1, max(len(clip.pictures) - frames, 2)))
    share = habits.moving_share.ravel()
    place = int(rng.choice(len(share), p=share / share.sum()))
    row, column = divmod(place, habits.moving_share.shape[1])
    counts = habits.directions[max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3].sum(axis=(0, 1))
    turned = rng.permutation(DIRECTIONS)
    octant = int(turned[np.argmin(counts[turned]) if rarest else np.argmax(counts[turned])])
    angle = 2 * np.pi * (octant + float(rng.uniform(-0.3, 0.3))) / DIRECTIONS
    x, y = middle_of(row, column)
    # The place is met halfway; the foot is below the middle of what moves there.
    foot = y + habits.height_px(y + habits.usual_height_px / 2) / 2
    speed = factor * habits.speed_at(foot)
    dx, dy = speed * float(np.cos(angle)), speed * float(np.sin(angle))
    return _Way(start, frames, x - dx * frames / 2, foot - dy * frames / 2, dx, dy)


def _way_where_nothing_moves(clip: Clip, habits: Habits, rng: np.random.Generator) -> _Way | None:
    """The calmest of many random ways; None where all cross places that are used."""
    calmest, best = None, 0.01
    frames = _duration(clip, rng)
    start = int(rng.integers(1, max(len(clip.pictures) - frames, 2)))
    for _ in range(_TRIES):
        x, y = rng.uniform(12, _PICTURE_PX - 12, 2)
        if habits.height_line[0] + habits.height_line[1] * y < _MIN_HEIGHT * habits.usual_height_px:
            continue  # nothing could be seen of a walker so far away
        angle = float(rng.uniform(0, 2 * np.pi))
        speed = habits.speed_at(y)
        way = _Way(start, frames, x, y, speed * float(np.cos(angle)), speed * float(np.sin(angle)))
        ends = [way.at(row) for row in (0, frames // 2, frames)]
        if not all(12 <= x < _PICTURE_PX - 12 and 20 <= y < _PICTURE_PX - 2 for x, y in ends):
            continue
        crossed = [
            habits.moving_share[windows_at(x, y - up * habits.height_px(y))] for x, y in ends for up in (0, 0.5, 1)
        ]
        if max(crossed) < best:
            calmest, best = way, float(max(crossed))
    return calmest


def _pasted(
    kind: str,
    clip: Clip,
    habits: Habits,
    rng: np.random.Generator,
    make: sprites.Maker,
    way: _Way,
    note: str,
    *,
    halts: int | None = None,
    lying: Callable[[int], float] | None = None,
    normal_until: int = 0,
) -> Changed:
    """A thing pasted along a way, on which it `halts` at a frame; abnormal where it is seen after `normal_until`."""
    squeeze = clip.squeeze
    middle_y = way.at(way.frames // 2)[1]
    px_per_m = habits.height_px(middle_y) / sprites.PERSON_M
    speed_m = float(np.hypot(way.dx / squeeze, way.dy)) * clip.fps / px_per_m
    frames = way.frames if halts is None else max(halts, 1)
    sprite = make(rng, speed_m, clip.fps, frames)
    pictures = clip.pictures.copy()
    differs, abnormal = np.zeros((2, len(pictures)), np.bool_)
    fade = max(round(_FADE_SECONDS * clip.fps), 1)
    for row in range(min(way.frames, len(pictures) - way.start)):
        x, y = way.at(row if halts is None else min(row, halts))
        scale = habits.height_px(y) / sprites.PERSON_M
        place = sprites.placed(x, y, scale, squeeze, to_left=way.dx < 0, lying=lying(row) if lying else 0.0)
        opacity = float(np.clip(min(row + 1, way.frames - row) / fade, 0, 1))
        t = way.start + row
        covered = sprite.paste(pictures[t], row, place, opacity, rng)
        differs[t] = bool((pictures[t] != clip.pictures[t]).any())
        abnormal[t] = covered >= _MIN_COVERED_PX and row >= normal_until
    return Changed(kind, pictures, differs, abnormal, note)


def _duration(clip: Clip, rng: np.random.Generator) -> int:
    return min(round(float(rng.uniform(MIN_SECONDS, MAX_SECONDS)) * clip.fps), len(clip.pictures) - 3)


def _sped_up(clip: Clip, measured: Measured, habits: Habits, rng: np.random.Generator) -> Changed | None:
    factor = 2.0 if rng.random() < 0.5 else 1.6
    found = replays.replay(clip, measured, habits, rng, factor, _duration(clip, rng))
    return found and _replayed("sped up", clip, found, f"{factor:g} times as fast")


def _reversed(clip: Clip, measured: Measured, habits: Habits, rng: np.random.Generator) -> Changed | None:
    found = replays.replay(clip, measured, habits, rng, -1.0, _duration(clip, rng))
    return found and _replayed("reversed", clip, found, "turns round and goes back")


def _delayed(clip: Clip, measured: Measured, habits: Habits, rng: np.random.Generator) -> Changed | None:
    found = replays.replay(clip, measured, habits, rng, 1.0, _duration(clip, rng))
    return found and _replayed("(replayed)", clip, found, "another moment, as it was")


def _replayed(kind: str, clip: Clip, found: replays.Replay, note: str) -> Changed:
    pictures = clip.pictures.copy()
    abnormal = np.zeros(len(pictures), np.bool_)
    for t, picture in replays.pictures_of(found, clip):
        pictures[t], abnormal[t] = picture, True
    return Changed(kind, pictures, abnormal.copy(), abnormal, note)


KINDS: dict[str, Callable[[Clip, Measured, Habits, np.random.Generator], Changed | None]] = {
    "sped up": _sped_up,
    "reversed": _reversed,
    "too fast": _too_fast,
    "wrong way": _wrong_way,
    "unusual looks": _unusual_looks,
    "stays": _stays,
    "unused place": _unused_place,
    "(pasted)": _usual,
    "(replayed)": _delayed,
}
"""All kinds of change. Those in brackets are controls, in which nothing is abnormal but that footage was changed."""
CONTROLS = tuple(kind for kind in KINDS if kind.startswith("("))


def sheet(clip: Clip, change: Changed, columns: int = 6) -> npt.NDArray[np.uint8]:
    """Some frames of a change side by side above those of the clip, to look at."""
    at = np.flatnonzero(change.differs)
    chosen = at[np.linspace(0, len(at) - 1, columns).astype(int)]
    rows = [np.concatenate([pictures[t] for t in chosen], axis=1) for pictures in (change.pictures, clip.pictures)]
    title = np.zeros((24, rows[0].shape[1], 3), np.uint8)
    text = f"{change.kind}: {change.note}, {clip.name}, frames {at[0]} to {at[-1]}"
    cv2.putText(title, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return np.concatenate([title, *rows])
