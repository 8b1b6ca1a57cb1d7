from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.errors import Cancelled, DatasetError
from engine.flow.teachers import teacher_by_name
from engine.footage import load_footage, prepare_footage


@pytest.fixture
def sliding_videos(tmp_path: Path) -> list[Path]:
    """Three picture folders of texture sliding right by 3 px a frame: 4, 5 and 6 frames."""
    texture = cv2.GaussianBlur(np.random.default_rng(2).integers(0, 256, (256, 400, 3), np.uint8), (0, 0), 2.5)
    videos = []
    for count in (4, 5, 6):
        folder = tmp_path / f"day {count}"
        folder.mkdir()
        for number in range(count):
            cv2.imwrite(str(folder / f"{number}.png"), texture[:, 100 - 3 * number : 356 - 3 * number])
        videos.append(folder)
    return videos


@pytest.fixture
def prepared(sliding_videos: list[Path], tmp_path: Path) -> Path:
    list(prepare_footage(sliding_videos, tmp_path / "footage", teacher_by_name("dis")))
    return tmp_path / "footage"


def test_every_picture_is_kept_in_order(prepared: Path, sliding_videos: list[Path]) -> None:
    footage = load_footage(prepared)
    assert footage.pictures.shape == (15, 256, 256, 3)
    third_of_second = cv2.imread(str(sliding_videos[1] / "2.png"), cv2.IMREAD_COLOR_RGB)
    np.testing.assert_array_equal(footage.pictures[4 + 2], third_of_second)


def test_transitions_never_cross_from_one_video_to_the_next(prepared: Path) -> None:
    footage = load_footage(prepared)
    assert sorted([*footage.training, *footage.held_out]) == [0, 1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 13]


def test_whole_videos_are_held_out(prepared: Path) -> None:
    assert load_footage(prepared).held_out.tolist() == [4, 5, 6, 7]


def test_the_flow_is_the_teachers(prepared: Path) -> None:
    footage = load_footage(prepared)
    for transition in footage.training:
        assert np.median(footage.flow[transition][0]) == pytest.approx(3, abs=0.1)
        assert np.median(footage.flow[transition][1]) == pytest.approx(0, abs=0.1)
    assert 2.9 < footage.radius_px < 20
    assert footage.teacher_rgb(footage.training[:2]).shape == (2, 256, 256, 3)


def test_prepared_footage_is_not_prepared_again(prepared: Path, sliding_videos: list[Path]) -> None:
    assert list(prepare_footage(sliding_videos, prepared, teacher_by_name("dis"))) == []


def test_stopped_in_the_middle_it_begins_anew(sliding_videos: list[Path], tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        list(prepare_footage(sliding_videos, tmp_path / "footage", teacher_by_name("dis"), lambda: True))
    assert not (tmp_path / "footage" / "footage.npz").exists()
    list(prepare_footage(sliding_videos, tmp_path / "footage", teacher_by_name("dis")))
    assert len(load_footage(tmp_path / "footage").pictures) == 15


def test_a_single_video_is_all_for_training(sliding_videos: list[Path], tmp_path: Path) -> None:
    list(prepare_footage(sliding_videos[:1], tmp_path / "footage", teacher_by_name("dis")))
    footage = load_footage(tmp_path / "footage")
    assert footage.training.tolist() == [0, 1, 2]
    assert footage.held_out.tolist() == []


def test_a_video_of_one_frame_leaves_the_other_for_training(sliding_videos: list[Path], tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (sliding_videos[0] / f"{number}.png").unlink()
    list(prepare_footage(sliding_videos[:2], tmp_path / "footage", teacher_by_name("dis")))
    footage = load_footage(tmp_path / "footage")
    assert footage.training.tolist() == [1, 2, 3, 4]
    assert footage.held_out.tolist() == []


def test_footage_without_a_single_step_is_refused(sliding_videos: list[Path], tmp_path: Path) -> None:
    for number in (1, 2, 3):
        (sliding_videos[0] / f"{number}.png").unlink()
    with pytest.raises(DatasetError, match="nothing to learn"):
        list(prepare_footage(sliding_videos[:1], tmp_path / "footage", teacher_by_name("dis")))
