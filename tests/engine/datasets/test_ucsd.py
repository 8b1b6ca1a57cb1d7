import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import DatasetError
from engine.datasets import footage_videos, open_dataset
from tests.engine.datasets.trees import labels_of, leftovers, masks, pictures, refused, ucsd_list, write_picture


@pytest.fixture
def ucsd(tmp_path: Path) -> Path:
    """UCSD's layout with three test videos of 5, 6 and 7 frames; the second one has masks."""
    root = tmp_path / "UCSD_Anomaly_Dataset.v1p2" / "UCSDped2"
    for number in (1, 2, 10):
        pictures(root / "Train" / f"Train{number:03d}", 4, ".tif")
    for number, frames in ((1, 5), (2, 6), (3, 7)):
        pictures(root / "Test" / f"Test{number:03d}", frames, ".tif")
    (root / "Test" / "Test002_gt").mkdir()
    for number, mask in enumerate(masks([0, 1, 1, 0, 1, 1]), start=1):
        write_picture(root / "Test" / "Test002_gt" / f"{number:03d}.bmp", mask * 255)
    ucsd_list(root / "Test" / "UCSDped2.m", ["3:5", "2:3, 5:6", ""])
    (root / "Test" / "UCSDped2.m~").write_text("a backup")
    return root


def test_a_partial_dataset_says_so_in_its_name(ucsd: Path) -> None:
    dataset = open_dataset(ucsd)
    assert (dataset.name, dataset.complete) == ("UCSD Ped2 Test001+Test002+Test003 (part)", False)
    assert [video.name for video in dataset.training] == ["Train001", "Train002", "Train010"]
    assert labels_of(dataset) == {"Test001": "00111", "Test002": "011011", "Test003": "0000000"}


def test_masks_are_those_of_the_gt_folder(ucsd: Path) -> None:
    first, second, _ = open_dataset(ucsd).testing
    assert first.masks is None
    assert second.masks is not None
    assert np.array_equal(second.masks(), masks([0, 1, 1, 0, 1, 1]) > 0)


def test_macos_metadata_files_are_ignored(ucsd: Path) -> None:
    before = labels_of(open_dataset(ucsd))
    leftovers(ucsd.parent)
    assert labels_of(open_dataset(ucsd)) == before
    assert len(footage_videos([ucsd.parent])) == 3


def test_labels_match_the_video_number_if_videos_are_missing(ucsd: Path) -> None:
    shutil.rmtree(ucsd / "Test" / "Test001")
    assert labels_of(open_dataset(ucsd)) == {"Test002": "011011", "Test003": "0000000"}


def test_a_folder_with_a_single_dataset_can_be_opened(ucsd: Path) -> None:
    above = ucsd.parent
    assert open_dataset(above).root == ucsd
    shutil.copytree(ucsd, above / "UCSDped1")
    with pytest.raises(DatasetError, match="several datasets") as caught:
        open_dataset(above)
    assert str(above / "UCSDped1") in caught.value.advice
    assert str(ucsd) in caught.value.advice


def test_footage_of_a_parent_folder_is_only_training_videos(ucsd: Path) -> None:
    training = list(open_dataset(ucsd).training)
    assert footage_videos([ucsd]) == training
    assert footage_videos([ucsd.parent.parent]) == training


def _no_list(root: Path) -> None:
    (root / "Test" / "UCSDped2.m").unlink()


def _two_lists(root: Path) -> None:
    for name in ("a.m", "b.m", "UCSDped2.m"):
        (root / "Test" / name).write_text("TestVideoFile{end+1}.gt_frame = [1:2];")
    root.joinpath("Test", "UCSDped2.m").unlink()


def _nonsense_list(root: Path) -> None:
    (root / "Test" / "UCSDped2.m").write_bytes(b"\xff\xfe\0\0")


def _short_list(root: Path) -> None:
    ucsd_list(root / "Test" / "UCSDped2.m", ["3:5", "2:3"])


def _frame_missing(root: Path) -> None:
    (root / "Test" / "Test001" / "005.tif").unlink()


def _mask_missing(root: Path) -> None:
    (root / "Test" / "Test002_gt" / "003.bmp").unlink()


def _empty_video(root: Path) -> None:
    (root / "Test" / "Test004").mkdir()


def _empty_training_video(root: Path) -> None:
    (root / "Train" / "Train011").mkdir()


def _no_test_videos(root: Path) -> None:
    for folder in (root / "Test").glob("Test*"):
        shutil.rmtree(folder)


def _unnumbered(root: Path) -> None:
    (root / "Test" / "Test003").rename(root / "Test" / "Test")


def _too_many(root: Path) -> None:
    for number in range(4, 14):
        pictures(root / "Test" / f"Test{number:03d}", 2, ".tif")
    ucsd_list(root / "Test" / "UCSDped2.m", ["1:2"] * 13)


@pytest.mark.parametrize(
    ("damage", "what", "subject"),
    [
        (_no_list, "list of abnormal frames is missing", "Test/UCSDped2.m"),
        (_two_lists, "several lists of labels: a.m, b.m", "Test"),
        (_nonsense_list, "no line like", "Test/UCSDped2.m"),
        (_short_list, "UCSDped2.m leave this video out", "Test/Test003"),
        (_frame_missing, "frames 3 to 5 are labelled, of 4", "Test/Test001"),
        (_mask_missing, "Test002_gt is for 5 frames, but the video has 6", "Test/Test002"),
        (_empty_video, "no pictures", "Test/Test004"),
        (_empty_training_video, "no pictures", "Train/Train011"),
        (_no_test_videos, "no test videos", "Test"),
        (_unnumbered, "'Test' has no single number", "Test/Test"),
        (_too_many, "UCSD Ped2 has 16 and 12", ""),
    ],
)
def test_missing_or_malformed_files_are_named(
    ucsd: Path, damage: Callable[[Path], None], what: str, subject: str
) -> None:
    refused(ucsd, damage, what, subject)


def test_other_ped2_labels_are_refused_for_a_complete_dataset(ucsd: Path) -> None:
    frames = [180, 180, 150, 180, 150, 180, 180, 180, 120, 150, 180, 180]
    picture = (ucsd / "Test" / "Test001" / "001.tif").read_bytes()
    shutil.rmtree(ucsd / "Test" / "Test002_gt")
    for number, count in enumerate(frames, start=1):
        folder = ucsd / "Test" / f"Test{number:03d}"
        folder.mkdir(exist_ok=True)
        for frame in range(1, count + 1):
            (folder / f"{frame:03d}.tif").write_bytes(picture)
    official = ["61:180", "95:180", "1:146", "31:180", "1:129", "1:159", "46:180", "1:180", "1:120", "1:150", "1:180"]
    ucsd_list(ucsd / "Test" / "UCSDped2.m", [*official, "88:180"])
    assert open_dataset(ucsd).name == "UCSD Ped2 (3 of 16 training videos)"
    ucsd_list(ucsd / "Test" / "UCSDped2.m", [*official[:5], "1:162", *official[6:], "88:180"])
    refused(ucsd, lambda _: None, r"1,651 abnormal frames; UCSD Ped2 has 1,648", "Test/UCSDped2.m")


def test_damaged_masks_are_refused_when_read(ucsd: Path) -> None:
    mask = ucsd / "Test" / "Test002_gt" / "003.bmp"
    read = open_dataset(ucsd).testing[1].masks
    assert read is not None
    for content in (b"", b"BM nothing"):
        mask.write_bytes(content)
        with pytest.raises(DatasetError, match="no picture") as caught:
            read()
        assert caught.value.subject == str(mask)
    write_picture(mask, np.zeros((3, 3), np.uint8))
    with pytest.raises(DatasetError, match="another size than 24x16"):
        read()
