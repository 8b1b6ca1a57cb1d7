from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.models.picture import PICTURE_SIZE, model_picture
from engine.video.scaling import SquareScaler


def textured(width: int, height: int) -> np.ndarray:
    """A picture with coarse and fine texture and all grey levels."""
    dice = np.random.default_rng(width * height)
    coarse = cv2.resize(dice.integers(0, 256, (5, 7, 3), np.uint8), (width, height), interpolation=cv2.INTER_CUBIC)
    fine = dice.integers(-40, 40, (height, width, 3))
    return np.clip(coarse + fine, 0, 255).astype(np.uint8)


@given(st.integers(20, 700), st.integers(20, 700))
@settings(max_examples=60)
def test_squares_match_the_model_pictures_within_a_grey_level(width: int, height: int) -> None:
    picture = textured(width, height)
    square = SquareScaler(width, height, PICTURE_SIZE).scale(picture)
    difference = np.abs(square.astype(int) - model_picture(picture))
    assert difference.max() <= 1
    assert difference.mean() < 0.02


def test_squares_do_not_share_memory() -> None:
    scaler = SquareScaler(300, 200, 64)
    first = scaler.scale(textured(300, 200))
    kept = first.copy()
    scaler.scale(np.zeros((200, 300, 3), np.uint8))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("level", [0, 1, 128, 254, 255])
def test_uniform_pictures_keep_their_level(level: int) -> None:
    picture = np.full((500, 333, 3), level, np.uint8)
    assert (SquareScaler(333, 500, 100).scale(picture) == level).all()
