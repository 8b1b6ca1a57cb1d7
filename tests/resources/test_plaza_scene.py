"""Ground truth of the plaza, checked against the drawn pictures."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from resources.plaza.scene import ANOMALY_KINDS, PlannedAnomaly, Scene, SceneFrame

_SIDE = 256  # what the models see


def _one_of_each() -> Scene:
    plan = [PlannedAnomaly(kind, 1.0 + 7.0 * number) for number, kind in enumerate(ANOMALY_KINDS)]
    return Scene(11, 30.0, plan, noise=False)


@pytest.fixture(scope="module")
def pairs() -> list[tuple[SceneFrame, SceneFrame]]:
    """Pairs of consecutive noise-free frames, a few with each anomaly."""
    scene = _one_of_each()
    starts = [round((1.0 + 7.0 * number) * 25) + offset for number in range(4) for offset in (20, 32, 44)]
    return [(first, second) for start in starts for first, second in [tuple(scene.frames(start, start + 2))]]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_frames() -> None:
    plan = [PlannedAnomaly("cyclist", 0.5)]
    first, again = (list(Scene(5, 3.0, plan).frames(40, 44)) for _ in range(2))
    other = list(Scene(6, 3.0, plan).frames(40, 44))
    for a, b, c in zip(first, again, other, strict=True):
        assert np.array_equal(a.pixels, b.pixels)
        assert np.array_equal(a.flow, b.flow)
        assert np.array_equal(a.anomaly_mask, b.anomaly_mask)
        assert not np.array_equal(a.pixels, c.pixels)


@pytest.mark.slow
def test_a_frame_does_not_depend_on_where_iterating_began() -> None:
    scene = Scene(5, 1.0, [PlannedAnomaly("runner", 0.0)])
    frames = list(scene)
    assert [frame.index for frame in frames] == list(range(len(scene)))
    (jumped,) = scene.frames(20, 21)
    assert np.array_equal(jumped.pixels, frames[20].pixels)
    assert np.array_equal(jumped.flow, frames[20].flow)


def test_frame_0_has_no_flow() -> None:
    assert not next(iter(Scene(5, 1.0))).flow.any()


@pytest.mark.slow
def test_normal_scenes_hold_no_anomaly_but_motion() -> None:
    for seed in (100, 9000):
        scene = Scene(seed, 10.0)
        for start in (0, 120, 240):
            for frame in scene.frames(start, start + 2):
                assert not frame.abnormal
                assert frame.visible == ()
        assert np.hypot(*frame.flow).max() > 0.5


@pytest.mark.slow
def test_an_anomaly_adds_to_the_same_normal_life() -> None:
    normal, abnormal = Scene(5, 8.0), Scene(5, 8.0, [PlannedAnomaly("cart", 1.0)])
    (without,), (with_cart,) = normal.frames(80, 81), abnormal.frames(80, 81)
    changed = np.abs(with_cart.pixels.astype(int) - without.pixels).max(axis=2) > 0
    assert with_cart.abnormal
    assert changed[with_cart.anomaly_mask].mean() > 0.95
    # Outside the cart's mask, only its soft edge and its shadow change.
    assert changed[~with_cart.anomaly_mask].mean() < 0.05


@pytest.mark.slow
def test_every_anomaly_kind_is_visible_and_masked(pairs: list[tuple[SceneFrame, SceneFrame]]) -> None:
    seen = {number for pair in pairs for number in pair[1].visible}
    assert seen == set(range(len(ANOMALY_KINDS)))
    for _, frame in pairs:
        assert frame.abnormal == bool(frame.visible)
        assert frame.abnormal == bool(frame.anomaly_mask.any())


def test_unknown_anomalies_are_refused() -> None:
    with pytest.raises(ValueError, match="dragon"):
        Scene(1, 2.0, [PlannedAnomaly("dragon", 1.0)])


@pytest.mark.slow
def test_exact_flow_carries_each_frame_onto_the_next(pairs: list[tuple[SceneFrame, SceneFrame]]) -> None:
    v, u = np.mgrid[0 : pairs[0][0].pixels.shape[0], 0 : pairs[0][0].pixels.shape[1]].astype(np.float32)
    for before, after in pairs:
        moving = np.hypot(*after.flow) > 0.5
        arrived = cv2.remap(after.pixels, u + after.flow[0], v + after.flow[1], cv2.INTER_LINEAR)
        error_by_flow = np.abs(arrived.astype(float) - before.pixels)[moving]
        error_unmoved = np.abs(after.pixels.astype(float) - before.pixels)[moving]
        assert moving.sum() > 500
        assert np.median(error_by_flow) < 4
        assert np.median(error_by_flow) < 0.4 * np.median(error_unmoved)


def test_only_actors_move(pairs: list[tuple[SceneFrame, SceneFrame]]) -> None:
    for before, after in pairs:
        still = np.hypot(*after.flow) == 0
        changed = np.abs(after.pixels.astype(int) - before.pixels).max(axis=2) > 12
        # Appearing, uncovered or shadowed pixels change without flow, but they are few.
        assert changed[still].mean() < 0.03


@pytest.mark.slow
def test_a_cart_s_flow_matches_the_motion_of_its_mask() -> None:
    scene = Scene(5, 8.0, [PlannedAnomaly("cart", 1.0)], noise=False)
    before, after = scene.frames(70, 72)
    (cart,) = after.visible
    assert scene.anomalies[cart].kind == "cart"
    by_flow = after.flow[:, before.anomaly_mask].mean(axis=1)
    centres = [np.argwhere(frame.anomaly_mask).mean(axis=0)[::-1] for frame in (before, after)]
    assert np.hypot(*by_flow) > 3
    # Turning wheels and occluding walkers shift the average slightly.
    assert np.allclose(by_flow, centres[1] - centres[0], atol=0.6)


def test_dis_measures_the_flow_that_was_drawn(pairs: list[tuple[SceneFrame, SceneFrame]]) -> None:
    """DIS at the models' resolution agrees with the exact flow, which validates both."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    errors, speeds = [], []
    for before, after in pairs:
        grey = [
            cv2.cvtColor(cv2.resize(frame.pixels, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
            for frame in (before, after)
        ]
        measured = dis.calc(grey[0], grey[1], None)
        height, width = before.pixels.shape[:2]
        exact = cv2.resize(np.moveaxis(after.flow, 0, 2), (_SIDE, _SIDE), interpolation=cv2.INTER_NEAREST)
        exact *= np.array([_SIDE / width, _SIDE / height], np.float32)
        speed = np.hypot(exact[..., 0], exact[..., 1])
        moving = speed > 0.3
        errors.append(np.hypot(*np.moveaxis(measured - exact, 2, 0))[moving])
        speeds.append(speed[moving])
    error, speed = np.median(np.concatenate(errors)), np.median(np.concatenate(speeds))
    assert error < 0.8
    assert error < 0.5 * speed


def test_runners_and_vehicles_are_faster_than_anyone_walking(pairs: list[tuple[SceneFrame, SceneFrame]]) -> None:
    fast = {ANOMALY_KINDS.index(kind) for kind in ("cyclist", "runner", "cart")}
    for before, after in pairs:
        if set(after.visible) & fast and set(before.visible) == set(after.visible):
            speed = np.hypot(*after.flow)
            normal = speed[~before.anomaly_mask & (speed > 0.3)]
            assert np.median(speed[before.anomaly_mask]) > 1.5 * np.median(normal)
