import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import DatasetError
from engine.datasets import footage_videos, open_dataset
from tests.engine.datasets.trees import clip, labels_of, leftovers, masks, pictures, refused, save_cells

LABELS = {17: [0, 1, 1, 0, 0, 1], 2: [1, 1, 0, 0]}


def mask_file(root: Path, number: int) -> Path:
    return root / "ground_truth_demo" / "testing_label_mask" / f"{number}_label.mat"


@pytest.fixture
def avenue(tmp_path: Path) -> Path:
    root = tmp_path / "avenue"
    for number in (1, 12):
        clip(root / "training_videos" / f"{number:02d}.avi", 3)
    for number, shown in LABELS.items():
        clip(root / "testing_videos" / f"{number:02d}.avi", len(shown))
        save_cells(mask_file(root, number), "volLabel", list(masks(shown)))
    return root


def test_a_partial_dataset_is_named_after_its_videos(avenue: Path) -> None:
    leftovers(avenue)
    dataset = open_dataset(avenue)
    assert (dataset.name, dataset.complete) == ("CUHK Avenue 02+17 (part)", False)
    assert labels_of(dataset) == {"02": "1100", "17": "011001"}
    assert [video.name for video in dataset.training] == ["01.avi", "12.avi"]
    assert footage_videos([avenue]) == list(dataset.training)


def test_masks_are_those_of_the_mat_file(avenue: Path) -> None:
    read = open_dataset(avenue).testing[1].masks
    assert read is not None
    assert np.array_equal(read(), masks(LABELS[17]) > 0)


def test_the_ground_truth_may_be_beside_the_videos_with_a_copy_of_them(avenue: Path) -> None:
    videos = avenue / "Avenue Dataset"
    videos.mkdir()
    shutil.copytree(avenue / "testing_videos", avenue / "ground_truth_demo" / "testing_videos")
    for name in ("training_videos", "testing_videos"):
        (avenue / name).rename(videos / name)
    dataset = open_dataset(avenue)
    assert dataset.root == videos
    assert labels_of(dataset) == {"02": "1100", "17": "011001"}
    assert footage_videos([avenue]) == list(dataset.training)


def test_a_label_list_can_replace_masks(avenue: Path) -> None:
    shutil.rmtree(avenue / "ground_truth_demo")
    save_cells(avenue / "avenue.mat", "gt", [[[1], [1]], [[1], [2]], *[np.zeros((0, 0))] * 14, [[2, 6], [3, 6]]])
    dataset = open_dataset(avenue)
    assert labels_of(dataset) == {"02": "1100", "17": "011001"}
    assert dataset.testing[0].masks is None


def _no_mask_file(root: Path) -> None:
    mask_file(root, 17).unlink()


def _no_masks(root: Path) -> None:
    shutil.rmtree(root / "ground_truth_demo")


def _too_few_masks(root: Path) -> None:
    save_cells(mask_file(root, 17), "volLabel", list(masks([0, 1, 1])))


def _other_variable(root: Path) -> None:
    save_cells(mask_file(root, 17), "volume", list(masks([0, 1, 1])))


def _no_cells(root: Path) -> None:
    save_cells(mask_file(root, 17), "volLabel", [])


def _cut_mat(root: Path) -> None:
    content = mask_file(root, 17).read_bytes()
    mask_file(root, 17).write_bytes(content[: len(content) // 2])


def _no_mat(root: Path) -> None:
    mask_file(root, 17).write_bytes(b"<html>404</html>")


def _empty_mat(root: Path) -> None:
    mask_file(root, 17).write_bytes(b"")


def _mat_7_3(root: Path) -> None:
    text = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan 06 18:00:32 2014 HDF5 schema 1.00 ."
    mask_file(root, 17).write_bytes(text.ljust(124) + b"\x00\x02IM" + b"\x89HDF\r\n\x1a\n" + bytes(500))


def _unnumbered(root: Path) -> None:
    (root / "testing_videos" / "17.avi").rename(root / "testing_videos" / "lobby.avi")


def _twice(root: Path) -> None:
    pictures(root / "testing_videos" / "17", 6)


def _no_videos(root: Path) -> None:
    for video in (root / "testing_videos").iterdir():
        video.unlink()


@pytest.mark.parametrize(
    ("damage", "what", "subject"),
    [
        (_no_mask_file, "no such file", "ground_truth_demo/testing_label_mask/17_label.mat"),
        (_no_masks, "masks of CUHK Avenue are missing", "ground_truth_demo/testing_label_mask"),
        (_too_few_masks, "17_label.mat is for 3 frames, but the video has 6", "testing_videos/17.avi"),
        (_other_variable, "no variable 'volLabel'", "ground_truth_demo/testing_label_mask/17_label.mat"),
        (_no_cells, "one mask a frame", "ground_truth_demo/testing_label_mask/17_label.mat"),
        (_cut_mat, "damaged|complete", "ground_truth_demo/testing_label_mask/17_label.mat"),
        (_no_mat, "not as it should be", "ground_truth_demo/testing_label_mask/17_label.mat"),
        (_empty_mat, "empty|not as it should", "ground_truth_demo/testing_label_mask/17_label.mat"),
        (_mat_7_3, r"MATLAB 7.3 files \(HDF5\)", "ground_truth_demo/testing_label_mask/17_label.mat"),
        (_unnumbered, "'lobby' has no single number", "testing_videos/lobby.avi"),
        (_twice, "Two videos are called 17: 17 and 17.avi", "testing_videos"),
        (_no_videos, "no test videos", "testing_videos"),
    ],
)
def test_missing_or_malformed_files_are_named(
    avenue: Path, damage: Callable[[Path], None], what: str, subject: str
) -> None:
    error = refused(avenue, damage, what, subject)
    if damage is _mat_7_3:
        assert "-v7'" in error.advice


def test_masks_of_different_sizes_are_refused_when_read(avenue: Path) -> None:
    read = open_dataset(avenue).testing[1].masks
    assert read is not None
    save_cells(mask_file(avenue, 17), "volLabel", [*masks([1] * 5), np.zeros((2, 2))])
    with pytest.raises(DatasetError, match="pictures of one size") as caught:
        read()
    assert caught.value.subject == str(mask_file(avenue, 17))
