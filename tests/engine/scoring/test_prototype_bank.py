"""What looks as what moves usually does, and what does not."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scoring.motion import PLACES, Motion
from engine.scoring.prototype_bank import Appearance, MovingFeatures, PrototypeBank

CHANNELS = 6


def motion_of(speed: float, rows: slice = slice(None)) -> Motion:
    """Everything in these rows moves to the right; nothing else does."""
    motion = np.zeros((3, PLACES, PLACES), np.float32)
    motion[0, rows], motion[2, rows] = speed, speed
    return motion


def looks(seed: int) -> Appearance:
    """Two kinds of things, a little different from window to window."""
    rng = np.random.default_rng(seed)
    kinds = np.array([[4, 0, 0, 1, 0, 0], [0, 4, 0, 0, 1, 0]], np.float32)
    windows = kinds[rng.integers(0, 2, (PLACES, PLACES))]
    return windows + rng.normal(0, 0.2, (PLACES, PLACES, CHANNELS)).astype(np.float32)


def seen(seed: int, speed: float = 2.0, rows: slice = slice(None)) -> MovingFeatures:
    return MovingFeatures.of(looks(seed), motion_of(speed, rows), np.random.default_rng(seed))


@pytest.fixture(scope="module")
def normal() -> PrototypeBank:
    found = PrototypeBank.of([seen(seed) for seed in range(20)])
    assert found is not None
    return found


def test_what_looks_unlike_all_that_was_seen_is_far(normal: PrototypeBank) -> None:
    usual = [normal.distance(looks(seed), motion_of(2)) for seed in range(100, 110)]
    strange = looks(100)
    strange[10:13, 10:13] = (2, 2, 4, 0, 0, 2)
    assert normal.distance(strange, motion_of(2)) > 2 * max(usual)


def test_the_distance_is_that_of_the_nearest_prototype(normal: PrototypeBank) -> None:
    """Against the plain formula, window by window."""
    picture = looks(200)
    distances = []
    for window in picture.reshape(-1, CHANNELS):
        place = normal.basis.T @ (window - normal.mean)
        distances.append(min(float(np.linalg.norm(place - prototype)) for prototype in normal.prototypes))
    farthest = sorted(distances)[-4:]
    assert normal.distance(picture, motion_of(2)) == pytest.approx(np.mean(farthest), rel=1e-3)


def test_what_stands_still_says_nothing(normal: PrototypeBank) -> None:
    strange = looks(1)
    strange[10:13, 10:13] = 9
    assert normal.distance(strange, motion_of(0)) == 0
    assert normal.distance(strange, motion_of(2, slice(20, 30))) == pytest.approx(
        normal.distance(looks(1), motion_of(2, slice(20, 30)))
    )
    assert normal.distance(strange, motion_of(2)) > normal.distance(looks(1), motion_of(2))


def test_only_what_moves_is_learnt() -> None:
    """As slow as three in ten of what frames usually have at the most, things count as still."""
    assert len(seen(1, 0.05).features) == 0
    frames = [seen(seed, 2.0, slice(0, 15)) for seed in range(10)] + [seen(seed, 0.5) for seed in range(4)]
    found = PrototypeBank.of(frames)
    assert found is not None
    assert found.slowest_px == pytest.approx(0.6)


def test_the_same_frames_teach_the_same(normal: PrototypeBank) -> None:
    again = PrototypeBank.of([seen(seed) for seed in range(20)])
    assert again is not None
    np.testing.assert_array_equal(again.prototypes, normal.prototypes)


def test_where_hardly_anything_moved_nothing_is_learnt() -> None:
    assert PrototypeBank.of([]) is None
    assert PrototypeBank.of([seen(seed, 0.0) for seed in range(5)]) is None


def test_what_never_varies_does_not_become_noise() -> None:
    """Features that are the same everywhere have no spread to be told in."""
    plain = np.ones((PLACES, PLACES, CHANNELS), np.float32)
    found = PrototypeBank.of([MovingFeatures.of(plain, motion_of(2), np.random.default_rng(0))] * 5)
    assert found is not None
    assert found.distance(plain, motion_of(2)) == pytest.approx(0, abs=1e-3)


def test_more_footage_adds_its_looks_and_keeps_the_others(normal: PrototypeBank) -> None:
    strange = looks(3)
    strange[:] = (2, 2, 4, 0, 0, 2)
    motion = motion_of(2)
    more = normal.with_more([MovingFeatures.of(strange, motion, np.random.default_rng(0))])
    assert more.distance(strange, motion) < 0.1 * normal.distance(strange, motion)
    assert more.distance(looks(100), motion) <= normal.distance(looks(100), motion)
    assert len(normal.with_more([]).prototypes) == len(normal.prototypes)
