from pathlib import Path

import pytest

from engine.common.errors import DatasetError
from engine.datasets import any_video, footage_videos


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "b.mp4",
        "A.AVI",
        "notes.txt",
        "day 2/c.mkv",
        "clips/001/0001.jpg",
        "clips/001/0002.jpg",
        "clips/2/1.tif",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def test_a_file_is_footage_whatever_its_name(tree: Path) -> None:
    assert footage_videos([tree / "notes.txt"]) == [tree / "notes.txt"]


def test_a_folder_gives_its_videos_and_picture_folders_in_order(tree: Path) -> None:
    found = [video.relative_to(tree).as_posix() for video in footage_videos([tree])]
    assert found == ["A.AVI", "b.mp4", "clips/001", "clips/2", "day 2/c.mkv"]


def test_a_folder_of_pictures_is_one_video(tree: Path) -> None:
    assert footage_videos([tree / "clips" / "001"]) == [tree / "clips" / "001"]


def test_the_order_of_the_paths_is_kept(tree: Path) -> None:
    assert footage_videos([tree / "b.mp4", tree / "A.AVI"]) == [tree / "b.mp4", tree / "A.AVI"]


def test_a_missing_path_and_a_folder_without_footage_have_different_errors(tree: Path) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(DatasetError, match="no footage") as caught:
        footage_videos([tree / "empty"])
    assert caught.value.subject.endswith("empty")
    with pytest.raises(DatasetError, match="no such file"):
        footage_videos([tree / "b.mp4", tree / "gone"])


def test_any_video_is_the_first_one(tree: Path) -> None:
    assert any_video(tree) == tree / "A.AVI"
    assert any_video(tree / "clips") == any_video(tree / "clips" / "001") == tree / "clips" / "001"
    assert any_video(tree / "b.mp4") == tree / "b.mp4"
    (tree / "empty").mkdir()
    for path in (tree / "empty", tree / "gone"):
        with pytest.raises(DatasetError):
            any_video(path)


def test_any_video_of_a_dataset_may_be_a_test_video_without_labels(tmp_path: Path) -> None:
    (tmp_path / "testing" / "01").mkdir(parents=True)
    (tmp_path / "testing" / "01" / "0.png").touch()
    (tmp_path / "training").mkdir()
    with pytest.raises(DatasetError, match="no training videos"):
        footage_videos([tmp_path])
    assert any_video(tmp_path) == tmp_path / "testing" / "01"


def test_videos_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("clip10.mp4", "clip9.mp4", "day10/1.jpg", "day9/1.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [video.relative_to(tmp_path).as_posix() for video in footage_videos([tmp_path])]
    assert found == ["clip9.mp4", "clip10.mp4", "day9", "day10"]


def test_system_files_are_not_footage(tree: Path) -> None:
    expected = footage_videos([tree])
    for name in ("._b.mp4", "day 2/._c.mkv", "__MACOSX/b.mp4", ".cache/b.mp4", "day 2/._001.jpg"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).touch()
    assert footage_videos([tree]) == expected


def test_a_dataset_among_footage_gives_its_training_videos(tree: Path) -> None:
    expected = footage_videos([tree])
    for name in ("camera/training/videos/01.avi", "camera/testing/videos/02.avi"):
        (tree / name).parent.mkdir(parents=True)
        (tree / name).touch()
    assert set(footage_videos([tree])) - set(expected) == {tree / "camera/training/videos/01.avi"}
    assert footage_videos([tree / "camera" / "testing"]) == [tree / "camera/testing/videos/02.avi"]
