from pathlib import Path

import numpy as np
import pytest

import resources
from engine.common.errors import DatasetError
from engine.datasets import footage_videos, open_dataset
from tests.engine.datasets.trees import clip, masks


def save_labels(path: Path, shown: list[int], **changed: object) -> None:
    packed = np.packbits(masks(shown, (32, 32)), axis=-1)
    content = {"frames": np.array(shown, np.bool_), "masks_packed": packed, "width_px": 32} | changed
    np.savez_compressed(path, **{name: value for name, value in content.items() if value is not None})


@pytest.fixture
def plaza(tmp_path: Path) -> Path:
    clip(tmp_path / "plaza.mp4", 4)
    save_labels(tmp_path / "plaza.labels.npz", [0, 1, 1, 0])
    clip(tmp_path / "normal" / "plaza-normal-100.mp4", 3)
    clip(tmp_path / "held-out" / "plaza-normal-9000.mp4", 3)
    return tmp_path


def test_a_clip_with_its_labels_is_a_dataset(plaza: Path) -> None:
    dataset = open_dataset(plaza)
    assert (dataset.name, dataset.complete) == ("plaza", True)
    (video,) = dataset.testing
    assert video.events == [(1, 3)]
    assert video.masks is not None
    assert np.array_equal(video.masks(), masks([0, 1, 1, 0], (32, 32)) > 0)
    assert footage_videos([plaza]) == list(dataset.training) == [plaza / "normal" / "plaza-normal-100.mp4"]


@pytest.mark.slow
def test_the_demo_scene_is_a_dataset_without_training_videos() -> None:
    demo = Path(resources.__file__).parent / "demo"
    dataset = open_dataset(demo)
    assert dataset.training == ()
    assert len(dataset.testing[0].events) == 5
    with pytest.raises(DatasetError, match="no training videos"):
        footage_videos([demo])
    assert footage_videos([demo / "plaza.mp4"]) == [demo / "plaza.mp4"]


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"width_px": None}, "no width_px"),
        ({"width_px": 99}, "99 pixels wide"),
        ({"frames": np.zeros(3, np.bool_)}, "4 masks and 3 frame labels"),
        ({"frames": np.full(4, 3)}, "0 or 1"),
    ],
)
def test_malformed_labels_of_a_clip_are_refused(plaza: Path, changed: dict[str, object], what: str) -> None:
    save_labels(plaza / "plaza.labels.npz", [0, 1, 1, 0], **changed)
    with pytest.raises(DatasetError, match=what) as caught:
        open_dataset(plaza)
    assert caught.value.subject == str(plaza / "plaza.labels.npz")


def test_labels_of_another_clip_are_refused(plaza: Path) -> None:
    save_labels(plaza / "plaza.labels.npz", [0, 1, 1])
    with pytest.raises(DatasetError, match="for 3 frames, but the video has 4"):
        open_dataset(plaza)
    (plaza / "plaza.mp4").unlink()
    with pytest.raises(DatasetError, match="no clip plaza beside"):
        open_dataset(plaza)


def test_folders_without_a_dataset_have_specific_errors(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.mp4").touch()
    (tmp_path / "training").mkdir()
    for name, what in (
        ("empty", "No dataset is recognised"),
        ("file.mp4", "A dataset is a folder"),
        ("gone", "no such folder"),
        ("", "No dataset is recognised"),
    ):
        with pytest.raises(DatasetError, match=what) as caught:
            open_dataset(tmp_path / name)
        assert caught.value.subject == str(tmp_path / name)
        assert caught.value.advice
