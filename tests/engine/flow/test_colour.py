import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.flow.colour import flow_radius, flow_to_rgb, rgb_to_flow, wheel_legend


def middlebury_colour(dx: float, dy: float) -> np.ndarray:
    """One pixel by the published formula (colorcode.cpp), independent of the code under test."""
    wheel = [(255, 255 * i // 15, 0) for i in range(15)]
    wheel += [(255 - 255 * i // 6, 255, 0) for i in range(6)]
    wheel += [(0, 255, 255 * i // 4) for i in range(4)]
    wheel += [(0, 255 - 255 * i // 11, 255) for i in range(11)]
    wheel += [(255 * i // 13, 0, 255) for i in range(13)]
    wheel += [(255, 0, 255 - 255 * i // 6) for i in range(6)]
    radius = np.hypot(dx, dy)
    place = (np.arctan2(-dy, -dx) / np.pi + 1) / 2 * (len(wheel) - 1)
    k0 = int(place)
    k1 = (k0 + 1) % len(wheel)
    share = place - k0
    colour = ((1 - share) * np.array(wheel[k0]) + share * np.array(wheel[k1])) / 255
    return 255 * (1 - radius * (1 - colour))


@given(st.floats(-np.pi, np.pi), st.floats(0, 1))
def test_colours_are_middleburys(angle: float, radius: float) -> None:
    assume(abs(angle) > 1e-3)  # the two ends of the wheel have different colours
    dx, dy = radius * np.cos(angle), radius * np.sin(angle)
    pixel = flow_to_rgb(np.array([[[dx]], [[dy]]], np.float32) * 7, radius_px=7.0)[0, 0]
    # The published code rounds the wheel to bytes before interpolating, hence the tolerance of two levels.
    assert np.abs(pixel - middlebury_colour(dx, dy)).max() <= 2


@given(st.integers(0, 2**32 - 1), st.floats(0.5, 40))
def test_flow_survives_the_round_trip(seed: int, radius_px: float) -> None:
    rng = np.random.default_rng(seed)
    angle, speed = rng.uniform(-np.pi, np.pi, (16, 16)), rng.uniform(0, radius_px, (16, 16))
    flow = np.stack([speed * np.cos(angle), speed * np.sin(angle)]).astype(np.float32)
    back = rgb_to_flow(flow_to_rgb(flow, radius_px).astype(np.float32) / 255, radius_px)
    assert np.hypot(*(back - flow)).max() < 0.02 * radius_px


@given(st.floats(-np.pi, np.pi), st.floats(0.05, 1))
def test_middlebury_s_colours_are_read_back(angle: float, radius: float) -> None:
    """Checks the inverse against the published formula only, so that errors in `flow_to_rgb` can not cancel out."""
    assume(abs(angle) > 1e-3)
    dx, dy = radius * np.cos(angle), radius * np.sin(angle)
    picture = np.array(middlebury_colour(dx, dy), np.float32)[None, None] / 255
    assert rgb_to_flow(picture, radius_px=7.0)[:, 0, 0] == pytest.approx([7 * dx, 7 * dy], abs=0.02 * 7)


def test_speeds_beyond_the_radius_keep_their_direction_at_full_saturation() -> None:
    flow = np.zeros((2, 1, 2), np.float32)
    flow[0] = [3, 30]
    colours = flow_to_rgb(flow, radius_px=3.0)
    assert (colours[0, 0] == colours[0, 1]).all()


def test_no_motion_is_white() -> None:
    assert (flow_to_rgb(np.zeros((2, 4, 4), np.float32), 5.0) == 255).all()


def test_the_legend_shows_each_direction_where_it_points() -> None:
    legend = wheel_legend(101).astype(np.float32) / 255
    flow = rgb_to_flow(legend, 1.0)
    assert flow[0, 50, 100] == pytest.approx(1, abs=0.02)
    assert flow[1, 100, 50] == pytest.approx(1, abs=0.02)
    assert (legend[50, 50] > 0.99).all()


def test_the_radius_ignores_rare_outliers_and_still_footage() -> None:
    speeds = np.concatenate([np.full(10_000, 2.0), [500.0]])
    assert flow_radius(speeds) == pytest.approx(2.0)
    assert flow_radius(np.zeros(100)) == 0.5
