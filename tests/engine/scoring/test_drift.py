"""A camera that was moved, turned dark or out of focus is told from one at which things happen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import cv2
import numpy as np
import pytest

from engine.common.json_values import decode
from engine.scoring.drift import Drift, DriftKind, Reference, drifts_in_words, find_drifts
from engine.scoring.frame_signals import Predicted, measure
from engine.scoring.signals import RawSignals, missing_signals
from engine.video.frame import Pixels

SIDE = 256
Change = Callable[[Pixels], Pixels]


def scene() -> Pixels:
    """A yard twice as wide as the picture: large patches of light, edges, fine texture."""
    random = np.random.default_rng(4)
    grey = cv2.resize(
        random.uniform(60, 190, (8, 16)).astype(np.float32), (2 * SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    grey = cv2.GaussianBlur(grey, (0, 0), 6) + random.normal(0, 8, grey.shape)
    return np.clip(grey, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


SCENE = scene()


def unchanged(picture: Pixels) -> Pixels:
    return picture


def video(change: Change = unchanged, count: int = 60, left: int = 0, seed: int = 0) -> tuple[RawSignals, np.ndarray]:
    """Two frames a second of the yard, with sensor noise and somebody who walks through."""
    random = np.random.default_rng(seed)
    signals = missing_signals(count)
    still = np.zeros((2, SIDE, SIDE), np.float32)
    for number in range(1, count):
        picture = SCENE[:, left : left + SIDE].astype(np.float32)
        x = (number * 7 + 31 * seed) % SIDE
        picture[90:150, x : x + 20] = 30
        picture = np.clip(picture + random.normal(0, 2, picture.shape), 0, 255).astype(np.uint8)
        nothing = Predicted(np.zeros((SIDE, SIDE, 3), np.float32), still)
        signals[number], _ = measure(change(picture), still, None, nothing, None)
    signals["camera_motion_px"][1:] = random.gamma(1, 0.002, count - 1)
    return signals, np.arange(count) / 2


@pytest.fixture(scope="module")
def reference() -> Reference:
    made = Reference.of([video(seed=seed) for seed in (1, 2)])
    assert made is not None
    return made


def kinds(drifts: list[Drift]) -> list[DriftKind]:
    return [drift.kind for drift in drifts]


def darkened(picture: Pixels) -> Pixels:
    return (picture * 0.5).astype(np.uint8)


def brightened(picture: Pixels) -> Pixels:
    return np.minimum(picture * 1.6, 255).astype(np.uint8)


def blurred(picture: Pixels) -> Pixels:
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


def noisy(picture: Pixels) -> Pixels:
    random = np.random.default_rng(int(picture[0, 0, 0]))
    return np.clip(picture + random.normal(0, 30, picture.shape), 0, 255).astype(np.uint8)


def covered(picture: Pixels) -> Pixels:
    return np.full_like(picture, 12)


def a_van_parks(picture: Pixels) -> Pixels:
    changed = picture.copy()
    changed[90:150, 20:110] = 240
    return changed


def dimmed(picture: Pixels) -> Pixels:
    return (picture * 0.93).astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (darkened, DriftKind.DARKER),
        (brightened, DriftKind.BRIGHTER),
        (blurred, DriftKind.BLURRED),
        (noisy, DriftKind.NOISY),
        (covered, DriftKind.MOVED),
    ],
)
def test_what_changed_is_named_and_nothing_else(reference: Reference, change: Change, kind: DriftKind) -> None:
    drifts = find_drifts([reference], *video(change, seed=3))
    assert kinds(drifts) == [kind]
    assert drifts[0].seconds == pytest.approx(30, abs=1)


@pytest.mark.slow
@pytest.mark.parametrize("left", [60, 128, 256])
def test_a_moved_camera_is_one_thing_whatever_else_it_changes(reference: Reference, left: int) -> None:
    assert kinds(find_drifts([reference], *video(left=left, seed=3))) == [DriftKind.MOVED]
    assert kinds(find_drifts([reference], *video(darkened, left=left, seed=3))) == [DriftKind.MOVED]


def test_a_shaking_camera_is_no_moved_one(reference: Reference) -> None:
    signals, seconds = video(seed=3)
    signals["camera_motion_px"][1:] = 0.8
    assert kinds(find_drifts([reference], signals, seconds)) == [DriftKind.SHAKING]


@pytest.mark.parametrize("change", [unchanged, a_van_parks, dimmed])
@pytest.mark.parametrize("seed", [3, 4])
def test_normal_recordings_and_what_happens_in_them_are_no_drift(
    reference: Reference, change: Change, seed: int
) -> None:
    assert find_drifts([reference], *video(change, seed=seed)) == []


@pytest.mark.slow
def test_it_has_to_last(reference: Reference) -> None:
    signals, seconds = video(count=240, seed=3)
    dark, _ = video(darkened, count=240, seed=3)
    signals[100:130] = dark[100:130]  # a quarter of a minute: a cloud
    assert find_drifts([reference], signals, seconds) == []
    signals[100:150] = dark[100:150]
    assert find_drifts([reference], signals, seconds) == [Drift(DriftKind.DARKER, 50, 75)]
    signals[120:122] = video(count=240, seed=3)[0][120:122]  # a second of light in between
    assert find_drifts([reference], signals, seconds) == [Drift(DriftKind.DARKER, 50, 75)]


def test_half_of_a_short_recording_is_enough(reference: Reference) -> None:
    assert kinds(find_drifts([reference], *video(darkened, count=20, seed=3))) == [DriftKind.DARKER]
    signals, seconds = video(count=20, seed=3)
    signals[2:10] = video(darkened, count=20, seed=3)[0][2:10]
    assert find_drifts([reference], signals, seconds) == []


def test_what_was_not_analysed_says_nothing(reference: Reference) -> None:
    signals, seconds = video(darkened, count=120, seed=3)
    signals[30:90] = missing_signals(60)  # two quarters of a minute are not a whole half
    assert find_drifts([reference], signals, seconds) == []
    assert find_drifts([reference], missing_signals(50), np.arange(50) / 10) == []
    assert find_drifts([reference], missing_signals(0), np.empty(0)) == []
    assert Reference.of([]) is None
    assert Reference.of([(missing_signals(9), np.arange(9.0))]) is None


def test_without_known_camera_motion_nothing_shakes(reference: Reference) -> None:
    signals, seconds = video(seed=3)
    signals["camera_motion_px"] = np.nan
    assert find_drifts([reference], signals, seconds) == []
    alone = Reference.of([(signals, seconds)])
    assert alone is not None
    assert find_drifts([alone], *video(seed=4)) == []


def test_a_scene_without_pattern_can_not_tell_whether_it_moved() -> None:
    made = Reference.of([video(lambda picture: np.full_like(picture, 90))])
    assert made is not None
    assert made.likeness == 1
    assert DriftKind.MOVED not in kinds(find_drifts([made], *video()))


def test_survives_json(reference: Reference) -> None:
    assert decode(json.dumps(asdict(reference)), Reference) == reference


def test_says_each_kind_once() -> None:
    drifts = [
        Drift(DriftKind.DARKER, 0, 40), Drift(DriftKind.DARKER, 100, 200), Drift(DriftKind.BLURRED, 0, 7400)
    ]  # fmt: skip
    assert drifts_in_words(drifts) == "it is darker for 2.3 min, it is blurred for 2.1 h"
    assert drifts_in_words([]) == ""
