"""Camera and limbs against independent formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resources.plaza.actors import crossing, joint, straight_track
from resources.plaza.camera import FPS, HEIGHT_PX, WIDTH_PX, ground_at, half_width_m, project, scale_px
from resources.plaza.people import fall_speed_factors, reach


@given(x=st.floats(-20, 20), z=st.floats(4, 40))
def test_ground_at_inverts_project(x: float, z: float) -> None:
    u, v = project(np.array(x), np.array(z))
    assert np.allclose(ground_at(u, v), (x, z), rtol=1e-9, atol=1e-9)


def test_farther_points_are_higher_in_the_picture_and_smaller() -> None:
    z = np.linspace(6, 22, 50)
    _, v = project(np.zeros(50), z)
    assert (np.diff(v) < 0).all()
    assert (np.diff(scale_px(z)) < 0).all()
    assert v[-1] > 0
    assert v[0] > 0.8 * HEIGHT_PX


def test_half_width_ends_at_the_picture_s_edge() -> None:
    u, _ = project(np.array(half_width_m(12.0)), np.array(12.0))
    assert u == pytest.approx(WIDTH_PX)


@given(angle=st.floats(-3, 3), share=st.floats(0.3, 0.99), upper=st.floats(0.2, 0.6), ratio=st.floats(0.8, 1.2))
def test_reach_ends_at_its_target(angle: float, share: float, upper: float, ratio: float) -> None:
    lower = upper * ratio
    dx, dy = (np.array([share * (upper + lower) * c]) for c in (np.sin(angle), -np.cos(angle)))
    limb, bend = reach(dx, dy, upper, lower)
    end = joint(0.0, 0.0, limb) @ joint(0.0, -upper, -bend) @ np.array([0.0, -lower, 1.0])
    assert np.allclose(end[0, :2], (dx[0], dy[0]), atol=1e-9)
    assert bend[0] >= 0


@given(speed=st.floats(0.8, 6), z=st.floats(7, 20), to_right=st.booleans())
def test_a_crossing_leads_from_outside_to_outside_at_its_speed(speed: float, z: float, to_right: bool) -> None:
    track = crossing(z, z, speed, to_right)
    assert track.faces_right == to_right
    assert abs(track.x[0]) > half_width_m(z) < abs(track.x[-1])
    steps = np.hypot(np.diff(track.x), np.diff(track.z)) * FPS
    assert np.allclose(steps, speed)


def test_a_pausing_walker_stands_still_and_then_goes_on() -> None:
    speed_factors = np.concatenate([np.ones(20), np.zeros(30)])
    track = straight_track((0.0, 10.0), (6.0, 10.0), 1.5, speed_factors)
    assert np.ptp(track.x[20:50]) == 0
    assert track.x[-1] == pytest.approx(6.0, abs=1.5 / FPS + 1e-9)
    assert (np.diff(track.x) >= 0).all()


def test_a_faller_walks_then_lies_then_walks() -> None:
    speed_factors = fall_speed_factors(40)
    assert (speed_factors[:40] == 1).all()
    assert (speed_factors[60:160] == 0).all()
    assert speed_factors[-1] > 0.9
