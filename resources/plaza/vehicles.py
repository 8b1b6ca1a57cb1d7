"""A cyclist and a cart: anomalies on wheels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from resources.plaza.actors import Actor, Track, actor_on_track, joint
from resources.plaza.camera import Floats
from resources.plaza.people import (
    ANKLE,
    FOREARM,
    SHIN,
    THIGH,
    TORSO,
    UPPER_ARM,
    Appearance,
    Posture,
    body_parts,
    reach,
    skeleton,
)
from resources.plaza.sprites import Colour, Part, Sketch, darker

_BIKE_WHEEL_M = 0.34
_REAR_AXLE, _FRONT_AXLE = -0.52, 0.56
_CRANK: tuple[float, float] = (-0.02, 0.30)
_CRANK_M = 0.165
_SADDLE: tuple[float, float] = (-0.24, 0.97)
_HANDLEBAR: tuple[float, float] = (0.40, 1.02)
_METRES_A_PEDAL_TURN = 4.6
_PAINTS: tuple[Colour, ...] = ((152, 62, 52), (52, 96, 110), (70, 84, 62), (178, 140, 60))

_CART_WHEEL_M = 0.29
_CART_AXLES = (-0.78, 0.82)
_CART_SEAT: tuple[float, float] = (-0.24, 0.86)
_CART_WHEEL_RIM: tuple[float, float] = (0.36, 1.12)


def cyclist(appearance: Appearance, track: Track, first_frame: int, rng: np.random.Generator) -> Actor:
    """A person on a bicycle."""
    count = len(track.x)
    pedal = -2 * np.pi * track.travelled / _METRES_A_PEDAL_TURN
    height = appearance.height_m
    thighs, knees, feet = [], [], []
    for turn in (pedal, pedal + np.pi):
        ankle_x = _CRANK[0] + _CRANK_M * np.cos(turn) - 0.08 - _SADDLE[0]
        ankle_y = _CRANK[1] + _CRANK_M * np.sin(turn) + ANKLE * height + 0.02 - _SADDLE[1]
        angle, bend = reach(ankle_x, ankle_y, THIGH * height, SHIN * height)
        thighs.append(angle)
        knees.append(bend)
        feet.append(-0.2 + 0.15 * np.sin(turn))
    posture = _seated(appearance, count, -0.5, _SADDLE, _HANDLEBAR, (thighs[0], thighs[1]), (knees[0], knees[1]))
    posture = replace(posture, feet=(feet[0], feet[1]))
    rider = joint(*_SADDLE, 0.0) @ skeleton(appearance, posture)[0]
    roll = -track.travelled / _BIKE_WHEEL_M
    rear = joint(_REAR_AXLE, _BIKE_WHEEL_M, roll)
    front = joint(_FRONT_AXLE, _BIKE_WHEEL_M, roll + 0.4)
    crank = joint(*_CRANK, pedal)
    frame = np.broadcast_to(np.eye(3), (count, 3, 3))

    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    bones = body_parts(appearance, rng)
    far, near = slice(0, 5), slice(5, 13)
    parts = (*bones[far], _bike_wheel(), _bike_wheel(), _bike_frame(paint, rng), _bike_crank(), *bones[near])
    body = np.concatenate([rider[:, far], np.stack([rear, front, frame, crank], axis=1), rider[:, near]], axis=1)
    return actor_on_track(parts, body, track, first_frame, np.ones(count, np.bool_))


def cart(appearance: Appearance, track: Track, first_frame: int, rng: np.random.Generator) -> Actor:
    """A small electric cart with a driver."""
    count = len(track.x)
    flat = np.zeros(count)
    legs = ((flat + 1.4, flat + 1.4), (flat + 0.8, flat + 0.65))
    driver = (
        joint(*_CART_SEAT, 0.0)
        @ skeleton(appearance, _seated(appearance, count, -0.05, _CART_SEAT, _CART_WHEEL_RIM, *legs))[0]
    )
    # The road shakes cart and driver slightly, as one rigid body.
    shake = 0.006 * np.sin(track.travelled * 7.0)
    shell = joint(0.0, shake, 0.0)[:, None]
    driver = shell @ driver
    roll = -track.travelled / _CART_WHEEL_M
    wheels = np.stack([joint(axle, _CART_WHEEL_M, roll + axle) for axle in _CART_AXLES], axis=1)
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    parts = (
        _cart_back(paint, rng),
        *body_parts(appearance, rng),
        _cart_shell(paint, rng),
        _cart_wheel(),
        _cart_wheel(),
    )
    body = np.concatenate([shell, driver, shell, wheels], axis=1)
    return actor_on_track(parts, body, track, first_frame, np.ones(count, np.bool_))


def _seated(
    appearance: Appearance,
    count: int,
    lean: float,
    hips: tuple[float, float],
    hands: tuple[float, float],
    thighs: tuple[Floats, Floats],
    knees: tuple[Floats, Floats],
) -> Posture:
    """The posture of a seated person: given legs, the torso at `lean`, both hands on the handlebar or wheel."""
    height = appearance.height_m
    upright = TORSO * height - 0.02
    shoulder = (hips[0] - np.sin(lean) * upright, hips[1] + np.cos(lean) * upright)
    dx, dy = np.array([hands[0] - shoulder[0]]), np.array([hands[1] - shoulder[1]])
    angle, bend = reach(dx, dy, UPPER_ARM * height, (FOREARM + 0.03) * height)
    arm = np.full(count, float((2 * np.arctan2(dx, -dy) - angle)[0]) - lean)
    elbow = np.full(count, float(bend[0]))
    still = np.zeros(count)
    return Posture(still + lean, still - 0.6 * lean, thighs, knees, (still, still), (arm, arm + 0.06), (elbow, elbow))


def _bike_wheel() -> Part:
    radius = _BIKE_WHEEL_M
    wheel = Sketch(-radius, radius, -radius, radius)
    turn = np.linspace(0, 2 * np.pi, 41)
    ring = [(float((radius - 0.025) * np.cos(a)), float((radius - 0.025) * np.sin(a))) for a in turn]
    wheel.line(ring, 0.05, (38, 38, 40))
    for angle in np.arange(4) * np.pi / 4:
        tip = (float((radius - 0.04) * np.cos(angle)), float((radius - 0.04) * np.sin(angle)))
        wheel.line([tip, (-tip[0], -tip[1])], 0.012, (150, 150, 148))
    wheel.ellipse((0.0, 0.0), 0.04, 0.04, (70, 70, 70))
    return wheel.part()


def _bike_frame(paint: Colour, rng: np.random.Generator) -> Part:
    rear, front = (_REAR_AXLE, _BIKE_WHEEL_M), (_FRONT_AXLE, _BIKE_WHEEL_M)
    saddle, head = (_SADDLE[0] + 0.02, 0.84), (0.36, 0.86)
    frame = Sketch(-0.6, 0.65, 0.2, 1.1)
    for tube in ([rear, _CRANK, saddle, rear], [_CRANK, head, saddle]):
        frame.line(tube, 0.045, paint)
    frame.line([(0.33, 0.94), front], 0.045, darker(paint, 0.85))
    frame.line([(0.33, 0.94), (0.33, 1.02), (0.44, 1.02)], 0.04, (46, 46, 48))
    frame.limb([(_SADDLE[0] - 0.1, 0.89), (_SADDLE[0] + 0.12, 0.88)], [0.045, 0.02], (40, 36, 34))
    frame.grain(rng, 4)
    return frame.part()


def _bike_crank() -> Part:
    crank = Sketch(-0.2, 0.2, -0.1, 0.1)
    crank.ellipse((0.0, 0.0), 0.075, 0.075, (92, 92, 92))
    crank.line([(-_CRANK_M, 0.0), (_CRANK_M, 0.0)], 0.03, (60, 60, 62))
    return crank.part()


def _cart_wheel() -> Part:
    radius = _CART_WHEEL_M
    wheel = Sketch(-radius, radius, -radius, radius)
    wheel.ellipse((0.0, 0.0), radius, radius, (40, 40, 42))
    wheel.ellipse((0.0, 0.0), radius * 0.6, radius * 0.6, (168, 168, 164))
    for angle in np.arange(5) * 2 * np.pi / 5:
        tip = (float(radius * 0.55 * np.cos(angle)), float(radius * 0.55 * np.sin(angle)))
        wheel.line([(0.0, 0.0), tip], 0.06, (98, 98, 98))
    return wheel.part()


def _cart_back(paint: Colour, rng: np.random.Generator) -> Part:
    back = Sketch(-1.3, 1.3, 0.2, 2.0)
    for post in ([(-0.62, 0.8), (-0.72, 1.86)], [(0.62, 0.9), (0.42, 1.86)]):
        back.line(post, 0.05, (70, 72, 72))
    back.polygon([(-0.55, 0.55), (0.1, 0.55), (0.08, 0.74), (-0.5, 0.74)], (66, 58, 52))
    back.polygon([(-0.62, 0.7), (-0.44, 0.7), (-0.5, 1.28), (-0.66, 1.28)], (78, 68, 60))
    back.polygon([(0.45, 0.6), (0.75, 0.6), (0.6, 1.12), (0.5, 1.12)], darker(paint, 0.7))
    back.grain(rng, 5)
    return back.part()


def _cart_shell(paint: Colour, rng: np.random.Generator) -> Part:
    shell = Sketch(-1.35, 1.35, 0.15, 2.05)
    shell.polygon([(-1.25, 0.32), (1.2, 0.32), (1.24, 0.5), (-1.27, 0.55)], (72, 72, 72))
    shell.polygon([(0.52, 0.42), (1.22, 0.42), (1.2, 0.78), (0.7, 0.98), (0.56, 0.94)], paint)
    shell.polygon([(-1.27, 0.45), (-0.42, 0.45), (-0.36, 0.74), (-0.56, 0.8), (-1.27, 0.84)], paint)
    shell.polygon([(-0.42, 0.42), (0.54, 0.42), (0.54, 0.5), (-0.42, 0.52)], darker(paint, 0.8))
    shell.polygon([(-1.22, 0.62), (-0.5, 0.58), (-0.5, 0.64), (-1.22, 0.69)], darker(paint, 1.45))
    shell.polygon([(0.66, 0.6), (1.21, 0.6), (1.2, 0.66), (0.66, 0.66)], darker(paint, 1.45))
    shell.ellipse((1.17, 0.7), 0.05, 0.06, (236, 228, 196))
    shell.line([(-0.6, 0.78), (-0.7, 1.86)], 0.05, (96, 98, 98))
    shell.line([(0.66, 0.96), (0.44, 1.86)], 0.05, (96, 98, 98))
    shell.line([(0.5, 0.94), (0.36, 1.14)], 0.04, (50, 50, 52))
    shell.polygon([(-0.92, 1.84), (0.66, 1.84), (0.62, 1.93), (-0.86, 1.95)], (206, 200, 186))
    shell.polygon([(-0.92, 1.84), (0.66, 1.84), (0.66, 1.86), (-0.92, 1.87)], (150, 146, 136))
    shell.grain(rng, 4, 0.06)
    return shell.part()
