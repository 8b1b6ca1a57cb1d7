"""What is counted as usual, and what is then rare."""

from __future__ import annotations

import numpy as np
import pytest

from engine.scoring.motion import PLACES, Motion
from engine.scoring.motion_histogram import MotionHistogram


def moving(dx: float, dy: float, rows: slice = slice(None), columns: slice = slice(None)) -> Motion:
    motion = np.zeros((3, PLACES, PLACES), np.float32)
    motion[0, rows, columns], motion[1, rows, columns] = dx, dy
    motion[2] = np.hypot(motion[0], motion[1])
    return motion


def rarest(normal: MotionHistogram, motion: Motion) -> tuple[float, float]:
    """Of all windows: by speed, and by speed in its direction."""
    by_speed, by_direction = normal.rarities(motion)
    return float(by_speed.max()), float(by_direction.max())


LOWER, UPPER = slice(20, 30), slice(0, 8)


@pytest.fixture(scope="module")
def walkers() -> MotionHistogram:
    """People walk to the right, quickly in the lower part and slowly in the upper one, where they look smaller."""
    normal, random = MotionHistogram(), np.random.default_rng(5)
    for _ in range(400):
        motion = moving(random.normal(2.0, 0.2), random.normal(0, 0.1), LOWER)
        normal.add(motion + moving(random.normal(0.5, 0.05), random.normal(0, 0.03), UPPER))
    return normal


def test_what_was_seen_is_not_rare_and_what_is_faster_is(walkers: MotionHistogram) -> None:
    usual, fast, faster = (rarest(walkers, moving(speed, 0, LOWER))[0] for speed in (2, 4, 8))
    assert usual < 2
    assert usual + 3 < fast < faster  # also beyond all that was seen


def test_a_speed_is_judged_at_its_place(walkers: MotionHistogram) -> None:
    below, above = rarest(walkers, moving(2, 0, LOWER))[0], rarest(walkers, moving(2, 0, UPPER))[0]
    assert above > below + 1


def test_neighbours_along_a_row_share_what_they_saw() -> None:
    normal = MotionHistogram()
    for _ in range(300):
        normal.add(moving(2, 0, LOWER, slice(0, 15)))
    beside = rarest(normal, moving(2, 0, LOWER, slice(18, 22)))[0]
    elsewhere = rarest(normal, moving(2, 0, slice(0, 4), slice(18, 22)))[0]
    assert beside < elsewhere


def test_a_direction_that_is_never_taken_is_rare_at_a_usual_speed(walkers: MotionHistogram) -> None:
    (speed_there, there), (speed_back, back) = (rarest(walkers, moving(dx, 0, LOWER)) for dx in (2, -2))
    assert speed_back == pytest.approx(speed_there)
    assert back > there + 3


def test_stillness_is_never_rare(walkers: MotionHistogram) -> None:
    assert rarest(walkers, moving(0, 0)) == pytest.approx((0, 0), abs=1e-3)


def test_what_moves_where_nothing_does_is_rare_however_slow() -> None:
    normal = MotionHistogram()
    for _ in range(3000):
        normal.add(moving(0.02, 0, LOWER))
    for dx in (0.02, -0.02):
        assert rarest(normal, moving(dx, 0, UPPER))[1] > 1
    assert rarest(normal, moving(0.02, 0, LOWER))[1] == pytest.approx(0, abs=0.1)


def test_parts_add_up_and_can_be_taken_out_again(walkers: MotionHistogram) -> None:
    other = MotionHistogram()
    other.add(moving(5, 5))
    both = MotionHistogram.sum_of([walkers, other])
    assert both.transitions == walkers.transitions + 1 == 401
    np.testing.assert_array_equal(both.without(other).counts, walkers.counts)
    assert rarest(walkers, moving(5, 5))[0] > rarest(both, moving(5, 5))[0]


def test_counting_more_changes_what_is_rare() -> None:
    normal = MotionHistogram()
    normal.add(moving(0, 0))
    before = rarest(normal, moving(3, 0))[0]
    for _ in range(200):
        normal.add(moving(3, 0))
    assert rarest(normal, moving(3, 0))[0] < before - 2


def test_any_speed_has_a_finite_rarity(walkers: MotionHistogram) -> None:
    for speed in (0.0, 1e-9, 51.2, 1000.0):
        assert np.isfinite(rarest(walkers, moving(speed, 0))).all()


def test_counts_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="not counts"):
        MotionHistogram(np.zeros((2, 2, 8, 64), np.int32))
