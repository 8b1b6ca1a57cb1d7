"""PSNR and flow error against the equations written out, pixel by pixel."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scoring.psnr import flow_error, prediction_psnr

Array = npt.NDArray[np.float32]


def pictures(seed: int, noise: float = 0.05) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    frame = random.random((256, 256, 3), dtype=np.float32)
    return frame, np.clip(frame + random.normal(0, noise, frame.shape), 0, 1).astype(np.float32)


def eq_9_and_10(frame: Array, predicted: Array, max_i: float) -> float:
    squares = (frame.astype(np.float64) - predicted) ** 2
    return float(10 * np.log10(max_i**2 / (squares.sum() / squares.size)))


@given(seed=st.integers(0, 2**31), noise=st.floats(0.01, 0.5), brightest=st.floats(0.2, 1))
@settings(max_examples=25)
def test_frame_and_every_patch_follow_the_equations(seed: int, noise: float, brightest: float) -> None:
    frame, predicted = pictures(seed, noise)
    frame *= np.float32(brightest)
    max_i = float(frame.max())
    psnr_db, patches, worst = prediction_psnr(frame, predicted, max_i=None)
    assert psnr_db == pytest.approx(eq_9_and_10(frame, predicted, max_i), abs=1e-3)
    for row in range(4):
        for column in range(4):
            patch = np.s_[64 * row : 64 * row + 64, 64 * column : 64 * column + 64]
            assert patches[row, column] == pytest.approx(eq_9_and_10(frame[patch], predicted[patch], max_i), abs=1e-3)
    windows = [np.s_[8 * row : 8 * row + 24, 8 * column : 8 * column + 24] for row in range(30) for column in range(30)]
    assert worst == pytest.approx(min(eq_9_and_10(frame[at], predicted[at], max_i) for at in windows), abs=1e-3)


def test_max_i_is_one_as_opencv_has_it() -> None:
    frame, predicted = pictures(1)
    psnr_db, _, _ = prediction_psnr(frame, predicted)
    assert psnr_db == pytest.approx(cv2.PSNR(frame, predicted, 1.0), abs=1e-3)


def test_a_darker_frame_scores_lower_where_max_i_is_its_maximum() -> None:
    frame, predicted = pictures(2)
    frame, predicted = frame / 2, predicted / 2
    psnr_db, patches, _ = prediction_psnr(frame, predicted, max_i=None)
    fixed_db, fixed_patches, _ = prediction_psnr(frame, predicted)
    expected = -20 * np.log10(float(frame.max()))
    assert fixed_db - psnr_db == pytest.approx(expected, abs=1e-3)
    np.testing.assert_allclose(fixed_patches - patches, expected, atol=1e-3)


def test_an_error_in_one_patch_shows_in_that_patch_alone() -> None:
    frame, _ = pictures(3)
    predicted = frame.copy()
    predicted[130:140, 70:80] += 0.1
    _, patches, _ = prediction_psnr(frame, predicted)
    assert np.unravel_index(patches.argmin(), patches.shape) == (2, 1)
    assert np.delete(patches.ravel(), 2 * 4 + 1) == pytest.approx(100, abs=0.01)


@pytest.mark.parametrize("frame_value", [0.0, 1.0])
@pytest.mark.parametrize("predicted_value", [0.0, 1.0])
def test_black_frames_and_perfect_predictions_stay_finite(frame_value: float, predicted_value: float) -> None:
    frame = np.full((256, 256, 3), frame_value, np.float32)
    predicted = np.full((256, 256, 3), predicted_value, np.float32)
    with np.errstate(all="raise"):
        psnr_db, patches, _ = prediction_psnr(frame, predicted)
    assert np.isfinite([psnr_db, *patches.ravel()]).all()
    assert psnr_db <= 100 + 1e-6


def test_pictures_that_are_views_give_the_same() -> None:
    frame, predicted = pictures(4)
    planes = np.ascontiguousarray(frame.transpose(2, 0, 1))
    psnr_db, patches, _ = prediction_psnr(planes.transpose(1, 2, 0), predicted)
    expected_db, expected_patches, _ = prediction_psnr(frame, predicted)
    assert psnr_db == pytest.approx(expected_db, abs=1e-4)
    np.testing.assert_allclose(patches, expected_patches, atol=1e-4)


@given(seed=st.integers(0, 2**31), spread=st.floats(0.01, 30))
@settings(max_examples=25)
def test_flow_error_is_the_mean_end_point_distance(seed: int, spread: float) -> None:
    random = np.random.default_rng(seed)
    teacher, predicted = random.normal(0, spread, (2, 2, 256, 256)).astype(np.float32)
    kept = teacher.copy()
    error_px, patches, _ = flow_error(teacher, predicted)
    distance = np.hypot(*(teacher.astype(np.float64) - predicted))
    assert error_px == pytest.approx(distance.mean(), rel=1e-5)
    assert patches[1, 2] == pytest.approx(distance[64:128, 128:192].mean(), rel=1e-5)
    assert patches[3, 0] == pytest.approx(distance[192:, :64].mean(), rel=1e-5)
    np.testing.assert_array_equal(teacher, kept)


def test_flow_that_is_off_by_three_and_four_is_off_by_five() -> None:
    teacher = np.zeros((2, 256, 256), np.float32)
    predicted = np.stack([np.full((256, 256), 3, np.float32), np.full((256, 256), -4, np.float32)])
    error_px, patches, _ = flow_error(teacher, predicted)
    assert error_px == pytest.approx(5)
    np.testing.assert_allclose(patches, 5)
