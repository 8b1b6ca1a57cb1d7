"""Behaviour that all teachers share, and their lookup by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.common.errors import DeviceError, TeacherError
from engine.common.paths import weights_folder
from engine.flow.files import end_point_error, read_flow
from engine.flow.teachers import TEACHER_NAMES, Teacher, teacher_by_name
from engine.video.picture_folder import read_picture


@pytest.fixture
def textured() -> np.ndarray:
    noise = np.random.default_rng(3).integers(0, 255, (160, 200, 3), np.uint8)
    return cv2.GaussianBlur(noise, (0, 0), 2.5)


def test_teachers_find_a_known_shift_with_its_sign(teacher: Teacher, textured: np.ndarray) -> None:
    if teacher.name == "pwcnet":
        pytest.skip("finds nothing without trained weights, which may not be passed on")
    shifted = np.roll(textured, (2, 3), axis=(0, 1))  # 3 px to the right, 2 px down
    flow = teacher.flow(textured, shifted)
    assert np.median(flow[0]) == pytest.approx(3, abs=0.2)
    assert np.median(flow[1]) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("size", [(160, 200), (61, 93), (12, 190), (1, 1)])
def test_teachers_take_pictures_of_any_size_and_do_not_change_them(
    size: tuple[int, int], teacher: Teacher, textured: np.ndarray
) -> None:
    before = textured[: size[0], : size[1]]
    after = before[:, ::-1]
    before.flags.writeable = False  # as frames of a video are
    flow = teacher.flow(before, after)
    assert flow.shape == (2, *size)
    assert flow.dtype == np.float32
    assert flow.flags.c_contiguous
    assert np.isfinite(flow).all()


@pytest.mark.slow
def test_teachers_keep_no_state_between_calls(teacher: Teacher, textured: np.ndarray) -> None:
    shifted = np.roll(textured, 4, axis=1)
    first = teacher.flow(textured, shifted)
    teacher.flow(shifted, textured[::-1].copy())
    np.testing.assert_array_equal(teacher.flow(textured, shifted), first)


def test_teachers_are_found_by_name_and_have_distinct_fingerprints(teacher: Teacher) -> None:
    assert teacher.name in TEACHER_NAMES
    assert teacher.fingerprint.startswith(teacher.name)


def test_the_short_name_means_the_default() -> None:
    assert teacher_by_name("dis").name == "dis-medium"


@pytest.mark.parametrize("name", ["", "farneback", "dis-slow", "raft-large", "RAFT"])
def test_an_unknown_teacher_is_named_in_the_error(name: str) -> None:
    with pytest.raises(TeacherError, match="Unknown") as caught:
        teacher_by_name(name)
    assert "dis-medium, raft, pwcnet" in caught.value.advice


@pytest.mark.parametrize(("name", "file"), [("raft", "raft-small.pth"), ("pwcnet", "pwcnet.pth")])
def test_missing_weights_say_what_is_needed_and_where(
    name: str, file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VADGUI_WEIGHTS", str(tmp_path))
    with pytest.raises(TeacherError, match=f"{name} needs a file of weights") as caught:
        teacher_by_name(name)
    assert caught.value.subject == str(tmp_path / file)
    for hint in ("github.com/", "VADGUI_WEIGHTS", "--weights", "--teacher-weights"):
        assert hint in caught.value.advice


def test_a_missing_weights_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="no such weights file") as caught:
        teacher_by_name("raft", weights=tmp_path / "gone.pth")
    assert caught.value.subject == str(tmp_path / "gone.pth")


def test_weights_for_a_teacher_without_weights_are_an_error(pwcnet_file: Path) -> None:
    with pytest.raises(TeacherError, match="needs no weights") as caught:
        teacher_by_name("dis", weights=pwcnet_file)
    assert "pwcnet" in caught.value.advice


def test_weights_are_found_in_their_folder(pwcnet_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert weights_folder().name == "weights"
    monkeypatch.setenv("VADGUI_WEIGHTS", str(tmp_path))
    shutil.copy(pwcnet_file, tmp_path / "pwcnet.pth")
    assert teacher_by_name("pwcnet").name == "pwcnet"


def test_an_absent_device_is_an_error(pwcnet_file: Path) -> None:
    with pytest.raises(DeviceError):
        teacher_by_name("pwcnet", weights=pwcnet_file, device="cuda:99")


def test_a_missing_weights_file_is_reported_without_importing_torch(tmp_path: Path) -> None:
    code = """
import sys
from engine.common.errors import TeacherError
from engine.flow.teachers import teacher_by_name
try:
    teacher_by_name("raft")
except TeacherError:
    sys.exit("torch" in sys.modules)
"""
    environment = {**os.environ, "VADGUI_WEIGHTS": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3], env=environment)
    assert ran.returncode == 0


def test_a_detector_whose_teacher_lacks_its_weights_says_so() -> None:
    from engine.common.device import choose_compute
    from engine.models.detector import Detector, DetectorSettings
    from engine.models.predictor import Predictor

    detector = Detector(DetectorSettings("x", "fast", "raft", 4.0))
    with pytest.raises(TeacherError, match="raft needs a file of weights"):
        Predictor(detector, "fingerprint", choose_compute("cpu"))


def test_a_detector_takes_its_teacher_s_weights_from_any_file(pwcnet_file: Path) -> None:
    from engine.common.device import choose_compute
    from engine.models.detector import Detector, DetectorSettings
    from engine.models.predictor import Predictor

    detector = Detector(DetectorSettings("x", "fast", "pwcnet", 4.0))
    predictor = Predictor(detector, "fingerprint", choose_compute("cpu"), teacher_weights=pwcnet_file)
    assert predictor.teacher.fingerprint == teacher_by_name("pwcnet", weights=pwcnet_file).fingerprint


def test_end_point_error_on_real_ground_truth(shared_data: Path) -> None:
    """Middlebury's RubberWhale, where DIS had an error of 0.23 px in other measurements."""
    folder = shared_data / "flow" / "RubberWhale"
    flow = teacher_by_name("dis").flow(read_picture(folder / "frame10.png"), read_picture(folder / "frame11.png"))
    assert end_point_error(flow, read_flow(folder / "flow10.flo")) == pytest.approx(0.23, abs=0.02)
