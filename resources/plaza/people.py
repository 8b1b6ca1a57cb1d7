"""Appearance and motion of people: bodies of thirteen parts seen from the side, which walk, run, stand and fall."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from resources.plaza.actors import Actor, Track, actor_on_track, joint
from resources.plaza.camera import FPS, Floats
from resources.plaza.sprites import Colour, Part, Sketch, darker

_SKIN: tuple[Colour, ...] = ((226, 186, 160), (203, 156, 124), (150, 106, 78), (104, 72, 54), (236, 200, 178))
_HAIR: tuple[Colour, ...] = ((58, 44, 36), (34, 30, 30), (120, 88, 54), (168, 138, 96), (140, 136, 132))
_TOPS: tuple[Colour, ...] = (
    (146, 74, 66),
    (62, 92, 124),
    (198, 184, 158),
    (84, 112, 92),
    (206, 206, 202),
    (172, 132, 70),
    (92, 84, 112),
    (58, 66, 76),
    (120, 146, 162),
    (176, 116, 102),
)
_TROUSERS: tuple[Colour, ...] = ((52, 58, 74), (40, 42, 46), (110, 100, 84), (74, 86, 104), (136, 126, 110))
_SHOES: tuple[Colour, ...] = ((36, 34, 34), (92, 66, 48), (198, 196, 190))
_PACKS: tuple[Colour, ...] = ((96, 58, 48), (54, 72, 66), (60, 62, 84), (142, 112, 64))

# Lengths of body parts as fractions of body height.
THIGH, SHIN, TORSO, UPPER_ARM, FOREARM = 0.245, 0.235, 0.30, 0.165, 0.175
ANKLE = 0.04


@dataclass(frozen=True)
class Appearance:
    """Size and clothes of a person."""

    height_m: float
    girth: float
    """Width of the body relative to the average."""
    skin: Colour
    hair: Colour
    top: Colour
    trousers: Colour
    shoes: Colour
    pattern: int
    """0 plain, 1 hoops, 2 a jacket with a lighter panel."""
    pack: Colour | None
    """Colour of a backpack."""


def random_appearance(rng: np.random.Generator) -> Appearance:
    """The appearance of a random person."""

    def pick(colours: tuple[Colour, ...]) -> Colour:
        return darker(colours[int(rng.integers(len(colours)))], float(rng.uniform(0.88, 1.1)))

    return Appearance(
        height_m=float(np.clip(rng.normal(1.71, 0.09), 1.48, 1.92)),
        girth=float(rng.uniform(0.9, 1.2)),
        skin=pick(_SKIN),
        hair=pick(_HAIR),
        top=pick(_TOPS),
        trousers=pick(_TROUSERS),
        shoes=pick(_SHOES),
        pattern=int(rng.integers(3)),
        pack=pick(_PACKS) if rng.random() < 0.4 else None,
    )


@dataclass(frozen=True, eq=False)
class Posture:
    """Joint angles [T] in radians; positive is forward. Pairs are (near side, far side)."""

    torso: Floats
    head: Floats
    thighs: tuple[Floats, Floats]
    """Angle of the thighs to the vertical, independent of the torso."""
    knees: tuple[Floats, Floats]
    """Bend of the knees; 0 is straight."""
    feet: tuple[Floats, Floats]
    """Angle of the feet to the ground."""
    arms: tuple[Floats, Floats]
    """Angle of the upper arms to the torso."""
    elbows: tuple[Floats, Floats]


def body_parts(appearance: Appearance, rng: np.random.Generator) -> tuple[Part, ...]:
    """The thirteen parts in drawing order: far arm, far leg, near leg, pack, torso, head, near arm."""
    far = 0.8
    return (
        *_arm(appearance, rng, far),
        *_leg(appearance, rng, far),
        *_leg(appearance, rng, 1.0),
        _pack(appearance, rng),
        _torso(appearance, rng),
        _head(appearance, rng),
        *_arm(appearance, rng, 1.0),
    )


def _arm(appearance: Appearance, rng: np.random.Generator, light: float) -> tuple[Part, Part]:
    height, radius = appearance.height_m, 0.031 * appearance.girth * appearance.height_m
    upper = Sketch(-0.1, 0.1, -0.42, 0.1)
    upper.limb([(0, 0), (0, -UPPER_ARM * height)], [radius * 1.15, radius * 0.9], darker(appearance.top, 0.93 * light))
    upper.grain(rng, 7)
    lower = Sketch(-0.1, 0.1, -0.45, 0.1)
    length = FOREARM * height
    lower.limb([(0, -length), (0, -length - 0.05)], [0.036, 0.03], darker(appearance.skin, light))
    lower.limb([(0, 0), (0, -length)], [radius * 0.9, radius * 0.72], darker(appearance.top, 0.9 * light))
    lower.grain(rng, 7)
    return upper.part(), lower.part()


def _leg(appearance: Appearance, rng: np.random.Generator, light: float) -> tuple[Part, Part, Part]:
    height, radius = appearance.height_m, 0.047 * appearance.girth * appearance.height_m
    colour = darker(appearance.trousers, light)
    upper = Sketch(-0.14, 0.14, -0.56, 0.14)
    upper.limb([(0, 0), (0, -THIGH * height)], [radius * 1.15, radius * 0.82], colour)
    upper.shade(0.12)
    upper.grain(rng, 8)
    lower = Sketch(-0.12, 0.12, -0.54, 0.12)
    lower.limb([(0, 0), (0, -SHIN * height)], [radius * 0.82, radius * 0.56], darker(colour, 0.95))
    lower.grain(rng, 8)
    foot = Sketch(-0.12, 0.24, -0.1, 0.08)
    sole = -ANKLE * height
    foot.polygon(
        [(-0.07, sole), (-0.065, 0.03), (0.04, 0.035), (0.17, sole + 0.045), (0.195, sole)],
        darker(appearance.shoes, light),
    )
    return upper.part(), lower.part(), foot.part()


def _pack(appearance: Appearance, rng: np.random.Generator) -> Part:
    pack = Sketch(-0.4, 0.05, 0.0, 0.62)
    if appearance.pack:
        pack.limb([(-0.17, 0.2), (-0.18, 0.42)], [0.1, 0.09], appearance.pack)
        pack.limb([(-0.24, 0.2), (-0.24, 0.27)], [0.05, 0.05], darker(appearance.pack, 0.8))
        pack.grain(rng, 8)
    return pack.part()


def _torso(appearance: Appearance, rng: np.random.Generator) -> Part:
    top = TORSO * appearance.height_m
    wide = 0.072 * appearance.height_m * appearance.girth
    torso = Sketch(-0.28, 0.28, -0.14, top + 0.14)
    torso.limb([(0, 0), (0, 0.1)], [wide * 0.98, wide * 0.95], darker(appearance.trousers, 0.95))
    torso.limb([(0, 0.08), (0.01, top * 0.62), (0, top)], [wide * 0.98, wide * 1.14, wide * 0.66], appearance.top)
    torso.limb([(0.012, top), (0.03, top + 0.08)], [0.05, 0.045], darker(appearance.skin, 0.85))
    if appearance.pattern == 1:
        for share in (0.25, 0.45, 0.65, 0.85):
            torso.polygon(
                [(-wide, top * share), (wide, top * share), (wide, top * (share + 0.1)), (-wide, top * (share + 0.1))],
                darker(appearance.top, 1.35 if sum(appearance.top) < 390 else 0.7),
            )
    elif appearance.pattern == 2:
        torso.polygon([(wide * 0.25, 0.05), (wide * 0.95, 0.1), (wide * 0.75, top * 0.85)], darker(appearance.top, 1.4))
    if appearance.pack:
        torso.line([(-0.03, top), (0.05, top * 0.75), (-0.03, top * 0.45)], 0.045, darker(appearance.pack, 0.75))
    torso.shade(0.14)
    torso.grain(rng, 9)
    return torso.part()


def _head(appearance: Appearance, rng: np.random.Generator) -> Part:
    radius = 0.062 * appearance.height_m
    head = Sketch(-0.18, 0.2, -0.06, 0.34)
    middle = radius * 1.12
    head.ellipse((0, middle), radius * 0.92, radius * 1.2, appearance.skin)
    head.polygon(
        [(radius * 0.75, middle + 0.03), (radius * 1.2, middle - 0.03), (radius * 0.8, middle - 0.04)], appearance.skin
    )
    head.ellipse((-radius * 0.28, middle + radius * 0.32), radius * 0.85, radius * 1.02, appearance.hair)
    head.ellipse((radius * 0.1, middle + radius * 0.82), radius * 0.86, radius * 0.5, appearance.hair)
    head.shade(0.1, across=False)
    head.grain(rng, 5, 0.03)
    return head.part()


def skeleton(appearance: Appearance, posture: Posture) -> tuple[Floats, Floats]:
    """Transforms [T, 13, 3, 3] of the parts with the hips at the origin, and the hips' height above the ground [T]."""
    height = appearance.height_m
    torso = joint(0.0, 0.0, posture.torso)
    head = torso @ joint(0.03, TORSO * height + 0.055, posture.head)
    legs, arms = [], []
    for side in (0, 1):
        thigh = joint(0.0, 0.0, posture.thighs[side])
        shin = thigh @ joint(0.0, -THIGH * height, -posture.knees[side])
        ankle = (shin @ np.array([0.0, -SHIN * height, 1.0]))[:, :2]
        legs.append((thigh, shin, joint(ankle[:, 0], ankle[:, 1], posture.feet[side])))
        upper = torso @ joint(0.0, TORSO * height - 0.02, posture.arms[side])
        arms.append((upper, upper @ joint(0.0, -UPPER_ARM * height, posture.elbows[side])))
    near, far = 0, 1
    ordered = [*arms[far], *legs[far], *legs[near], torso, torso, head, *arms[near]]
    parts = np.stack(np.broadcast_arrays(*ordered), axis=1)

    sole = -ANKLE * height
    touching = [(torso, (0.0, 0.0), 0.11), (torso, (0.0, TORSO * height), 0.1)]
    for thigh, _, foot in legs:
        touching += [(thigh, (0.0, -THIGH * height), 0.06), (foot, (-0.06, sole), 0.0), (foot, (0.17, sole), 0.0)]
    touching += [(forearm, (0.0, -FOREARM * height), 0.04) for _, forearm in arms]
    heights = [(matrix @ np.array([*point, 1.0]))[:, 1] - radius for matrix, point, radius in touching]
    return parts, -np.min(np.stack(np.broadcast_arrays(*heights)), axis=0)


def reach(dx: Floats, dy: Floats, upper: float, lower: float) -> tuple[Floats, Floats]:
    """Inverse kinematics: the angle of an upper limb and the bend of its joint that reach (dx, dy) from the root.

    The bend points forward, as a knee does; an elbow takes the angle `2 * atan2(dx, -dy) - angle`.
    """
    distance = np.minimum(np.hypot(dx, dy), 0.999 * (upper + lower))
    opening = np.arccos((upper**2 + distance**2 - lower**2) / (2 * upper * distance))
    bend = np.pi - np.arccos((upper**2 + lower**2 - distance**2) / (2 * upper * lower))
    return np.arctan2(dx, -dy) + opening, bend


@dataclass(frozen=True)
class Gait:
    """Parameters of walking or running; angles in radians."""

    cycle_m: float
    """Metres per two steps at a body height of 1.7 m."""
    swing: float
    """Largest angle of a thigh."""
    knee_lift: float
    lean: float
    elbow: float
    arm_swing: float
    hop_m: float


WALK = Gait(cycle_m=1.42, swing=0.43, knee_lift=0.85, lean=-0.04, elbow=0.25, arm_swing=0.5, hop_m=0.0)
RUN = Gait(cycle_m=2.7, swing=0.78, knee_lift=1.75, lean=-0.24, elbow=1.45, arm_swing=0.85, hop_m=0.07)
_TYPICAL_WALK_M_PER_S = 1.3


def walk_at(speed: float) -> Gait:
    """The gait at a speed in m/s: faster walkers take longer steps, so that a single picture shows the speed."""
    longer = (speed / _TYPICAL_WALK_M_PER_S) ** 0.7
    return replace(WALK, cycle_m=WALK.cycle_m * longer, swing=WALK.swing * longer, arm_swing=WALK.arm_swing * longer)


def stride(gait: Gait, appearance: Appearance, track: Track, phase: float) -> tuple[Posture, Floats]:
    """Posture and hop height [T] along a track; legs move with the distance travelled, not with time."""
    turn = 2 * np.pi * track.travelled / (gait.cycle_m * appearance.height_m / 1.7) + phase
    speed_factors = track.speed_factors
    turns = (turn, turn + np.pi)

    def both(angle: Floats, other: Floats) -> tuple[Floats, Floats]:
        return speed_factors * angle, speed_factors * other

    thighs = both(*(gait.swing * (np.sin(t) + 0.12) for t in turns))
    # A knee bends while its leg swings forward, slightly earlier.
    knees = both(*(0.1 + gait.knee_lift * np.maximum(0, np.cos(t + 0.35)) ** 1.5 for t in turns))
    feet = both(*(-0.75 * np.maximum(0, np.cos(t + 1.0)) ** 2 + 0.2 * np.maximum(0, np.sin(t)) ** 3 for t in turns))
    arms = both(*(-gait.arm_swing * np.sin(t) for t in turns))
    at_rest = 0.12 * (1 - speed_factors)
    near, far = both(*(gait.elbow - 0.2 * np.sin(t) for t in turns))
    torso = gait.lean * speed_factors + 0.015 * np.sin(2 * turn) * speed_factors
    hop = gait.hop_m * speed_factors * np.maximum(0, np.cos(2 * turn))
    return Posture(torso, -0.5 * torso, thighs, knees, feet, arms, (near + at_rest, far + at_rest)), hop


def walker(appearance: Appearance, track: Track, speed: float, first_frame: int, rng: np.random.Generator) -> Actor:
    """A person who walks along a track: normal."""
    return _pedestrian(walk_at(speed), appearance, track, first_frame, rng, anomalous=False)


def runner(appearance: Appearance, track: Track, first_frame: int, rng: np.random.Generator) -> Actor:
    """A person who runs along a track, leaning forward, in long strides: an anomaly."""
    return _pedestrian(RUN, appearance, track, first_frame, rng, anomalous=True)


def _pedestrian(
    gait: Gait, appearance: Appearance, track: Track, first_frame: int, rng: np.random.Generator, *, anomalous: bool
) -> Actor:
    posture, hop = stride(gait, appearance, track, float(rng.uniform(0, 2 * np.pi)))
    parts, hips = skeleton(appearance, posture)
    body = joint(0.0, hips + hop, 0.0)[:, None] @ parts
    return actor_on_track(body_parts(appearance, rng), body, track, first_frame, np.full(len(track.x), anomalous))


# Key postures of a fall, added to the stride, which comes to a stop: seconds since the stumble, then angles in the
# order of `_stack`, then the offset of the hips along the track in metres.
_FALL: tuple[tuple[float, tuple[float, ...]], ...] = (
    (0.0, (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
    (0.32, (-0.55, -0.1, 0.55, -0.45, 0.7, 0.5, 0, -0.6, 1.5, 1.1, 0.3, 0.2, 0.15)),
    (0.72, (-1.46, 0.25, -1.3, -1.42, 0.3, 0.12, -1.2, -1.3, 2.7, 2.2, 0.5, 0.9, 0.75)),
    (1.5, (-1.5, 0.1, -1.5, -1.45, 0.1, 0.5, -1.3, -1.3, 2.9, 2.5, 0.3, 0.7, 0.75)),
    (2.3, (-1.45, 0.3, -1.45, -1.45, 0.5, 0.1, -1.3, -1.3, 2.5, 2.8, 0.8, 0.4, 0.75)),
    (3.1, (-1.5, 0.1, -1.4, -1.5, 0.15, 0.3, -1.3, -1.3, 2.8, 2.4, 0.5, 0.9, 0.75)),
    (4.1, (-0.75, 0.2, 1.25, -0.2, 1.75, 1.5, 0, -1.2, 0.7, 0.5, 0.5, 0.6, 0.55)),
    (4.7, (-0.5, 0.1, 1.0, 0.15, 1.3, 0.9, 0, -0.7, 0.6, 0.3, 0.4, 0.4, 0.65)),
    (5.3, (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.75)),
)
FALL_SECONDS = _FALL[-1][0]


def fall_speed_factors(fall_frame: int) -> Floats:
    """Speed factors of a person who stumbles `fall_frame` frames after the start of the track and later walks on."""
    seconds = np.arange(fall_frame + int((FALL_SECONDS + 1.0) * FPS)) / FPS - fall_frame / FPS
    return np.interp(seconds, [0.0, 0.7, FALL_SECONDS - 0.1, FALL_SECONDS + 0.8], [1.0, 0.0, 0.0, 1.0])


def faller(
    appearance: Appearance, track: Track, speed: float, fall_frame: int, first_frame: int, rng: np.random.Generator
) -> Actor:
    """A walker who falls, lies and gets up; anomalous from the stumble until standing again."""
    posture, _ = stride(walk_at(speed), appearance, track, float(rng.uniform(0, 2 * np.pi)))
    seconds = (np.arange(len(track.x)) - fall_frame) / FPS
    times = np.array([time for time, _ in _FALL])
    values = np.array([angles for _, angles in _FALL])
    step = np.clip(np.searchsorted(times, seconds, side="right") - 1, 0, len(times) - 2)
    share = np.clip((seconds - times[step]) / (times[step + 1] - times[step]), 0, 1)
    eased = (share * share * (3 - 2 * share))[:, None]
    key = values[step] * (1 - eased) + values[step + 1] * eased
    parts, hips = skeleton(appearance, _unstack(_stack(posture) + key[:, :-1]))
    body = joint(key[:, -1], hips, 0.0)[:, None] @ parts
    anomalous = (seconds >= 0) & (seconds < FALL_SECONDS)
    return actor_on_track(body_parts(appearance, rng), body, track, first_frame, anomalous)


def _stack(posture: Posture) -> Floats:
    pairs = (posture.thighs, posture.knees, posture.feet, posture.arms, posture.elbows)
    return np.stack([posture.torso, posture.head, *(angle for pair in pairs for angle in pair)], axis=1)


def _unstack(angles: Floats) -> Posture:
    columns = angles.T
    return Posture(columns[0], columns[1], *((columns[i], columns[i + 1]) for i in range(2, 12, 2)))
