"""Up to which change pictures are still is measured: by what the motion model makes of pairs of them."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.calibrating.still_pairs import StillPairs
from engine.scoring.picture_change import highest_change
from engine.video.frame import Pixels


class Seeing:
    """Predicts motion where the picture is lighter than 128; where it is darker, as much as it is `sensitive`."""

    def __init__(self, sensitive: float = 0.0) -> None:
        self.settings = SimpleNamespace(flow_radius_px=4.0)
        self.sensitive = sensitive

    def predict_motion(self, pictures: list[Pixels]) -> list[Any]:
        found = []
        for picture in pictures:
            flow_rgb = np.ones((256, 256, 3), np.float32)
            red = picture[..., 0].astype(np.float32)
            flow_rgb[..., 0] -= np.where(red > 128, 0.5, self.sensitive * red / 255)
            found.append(SimpleNamespace(flow_rgb=flow_rgb))
        return found


def picture(number: int, noise: float = 1.0, thing_at: int | None = None) -> npt.NDArray[np.uint8]:
    pixels = np.random.default_rng(number).normal(80, noise, (256, 256, 1)).repeat(3, axis=2)
    if thing_at is not None:
        pixels[100:130, thing_at : thing_at + 20] = 200
    return np.clip(pixels, 0, 255).astype(np.uint8)


def pairs_of(pictures: list[npt.NDArray[np.uint8]]) -> StillPairs:
    pairs = StillPairs()
    pairs.begin_video()
    for each in pictures:
        pairs.offer(each)
    return pairs


def test_it_is_the_cameras_noise() -> None:
    for noise in (0.5, 2.0):
        pictures = [picture(number, noise) for number in range(60)]
        change = pairs_of(pictures).still_change(Seeing())  # type: ignore[arg-type]
        usual = [highest_change(a, b) for a, b in pairwise(pictures)]
        assert change is not None
        assert np.median(usual) <= change <= 1.2 * max(usual)


def test_things_that_pass_do_not_count_as_noise() -> None:
    pictures = [picture(number, thing_at=4 * number % 200 if number % 10 == 0 else None) for number in range(120)]
    quiet = pairs_of([picture(number) for number in range(60)]).still_change(Seeing())  # type: ignore[arg-type]
    change = pairs_of(pictures).still_change(Seeing())  # type: ignore[arg-type]
    assert change is not None
    assert quiet is not None
    assert abs(change - quiet) < 0.3


def test_nothing_is_known_of_a_scene_that_never_rests_or_hardly_any_footage() -> None:
    always = [picture(number, thing_at=4 * number % 200) for number in range(60)]
    assert pairs_of(always).still_change(Seeing()) is None  # type: ignore[arg-type]
    assert pairs_of([picture(number) for number in range(10)]).still_change(Seeing()) is None  # type: ignore[arg-type]
    assert StillPairs().still_change(Seeing()) is None  # type: ignore[arg-type]


def test_where_noise_changes_the_prediction_no_picture_is_still() -> None:
    noisy = pairs_of([picture(number, 4.0) for number in range(60)])
    assert noisy.still_change(Seeing()) is not None  # type: ignore[arg-type]
    assert noisy.still_change(Seeing(sensitive=4.0)) is None  # type: ignore[arg-type]


def test_pictures_of_two_videos_make_no_pair() -> None:
    pairs = StillPairs()
    for number in range(60):
        pairs.begin_video()
        pairs.offer(picture(number))
    assert pairs.still_change(Seeing()) is None  # type: ignore[arg-type]
