import cv2
import numpy as np
import pytest

from engine.errors import TeacherError
from engine.flow.teachers import TEACHER_NAMES, teacher_by_name


@pytest.fixture
def textured() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 255, (160, 200, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2.5)


@pytest.mark.parametrize("name", TEACHER_NAMES)
def test_finds_a_known_shift_with_its_sign(name: str, textured: np.ndarray) -> None:
    moved = np.roll(textured, (2, 3), axis=(0, 1))  # 3 px to the right, 2 px down
    flow = teacher_by_name(name).flow(textured, moved)
    assert flow.shape == (2, 160, 200)
    assert flow.dtype == np.float32
    assert np.median(flow[0]) == pytest.approx(3, abs=0.1)
    assert np.median(flow[1]) == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("name", TEACHER_NAMES)
def test_keeps_nothing_between_calls(name: str, textured: np.ndarray) -> None:
    teacher = teacher_by_name(name)
    moved = np.roll(textured, 4, axis=1)
    first = teacher.flow(textured, moved)
    teacher.flow(moved, textured[::-1].copy())
    np.testing.assert_array_equal(teacher.flow(textured, moved), first)


def test_the_short_name_means_the_default() -> None:
    assert teacher_by_name("dis").name == "dis-medium"


@pytest.mark.parametrize("name", ["", "farneback", "dis-slow"])
def test_an_unknown_teacher_is_named_in_the_error(name: str) -> None:
    with pytest.raises(TeacherError, match="Unknown") as caught:
        teacher_by_name(name)
    assert "dis-medium" in caught.value.advice


def test_end_point_error_on_real_ground_truth(shared_data) -> None:
    """Middlebury's RubberWhale; DIS measured at 0.23 px elsewhere."""
    folder = shared_data / "flow" / "RubberWhale"
    before, after = (cv2.imread(str(folder / f"frame{n}.png"))[..., ::-1].copy() for n in (10, 11))
    raw = (folder / "flow10.flo").read_bytes()
    width, height = np.frombuffer(raw, "<i4", 2, 4)
    truth = np.frombuffer(raw, "<f4", offset=12).reshape(height, width, 2).transpose(2, 0, 1)
    known = np.abs(truth).max(axis=0) < 1e8
    error = np.hypot(*(teacher_by_name("dis").flow(before, after) - truth))[known]
    assert error.mean() < 0.3
