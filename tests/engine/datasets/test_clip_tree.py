import json
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from engine.common.errors import VideoError
from engine.datasets import footage_videos, open_dataset
from tests.clips import write_discs
from tests.engine.datasets.trees import clip, labels_of, leftovers, masks, pictures, refused, save_cells, ucsd_list

LABELS = {"01": "00111", "02": "011011", "03": "0000000"}


@pytest.fixture
def frames_tree(tmp_path: Path) -> Path:
    """The layout that much published code reads: picture names without zero padding from 0, and ped2.mat."""
    root = tmp_path / "ped2"
    for name in ("01", "02"):
        pictures(root / "training" / "frames" / name, 3, first=0, digits=1)
    for name, labels in LABELS.items():
        pictures(root / "testing" / "frames" / name, len(labels), first=0, digits=1)
    save_cells(root / "ped2.mat", "gt", [[[3], [5]], [[2, 5], [3, 6]], np.zeros((0, 0))])
    return root


@pytest.fixture
def file_tree(tmp_path: Path) -> Path:
    """One video file per clip, and four label files that agree."""
    root = tmp_path / "ped2"
    clip(root / "training" / "01.mp4", 3)
    for name, labels in LABELS.items():
        clip(root / "testing" / f"{name}.mp4", len(labels))
    shown = {name: np.array(list(labels), np.uint8) for name, labels in LABELS.items()}
    np.savez(root / "frame_labels.npz", **shown)
    packed = {name: np.packbits(masks(labels, (32, 32)), axis=-1) for name, labels in shown.items()}
    np.savez_compressed(root / "pixel_masks_packbits_axis-1.npz", **packed)
    ucsd_list(root / "UCSDped2.m", ["3:5", "2:3, 5:6", ""])
    write_json(root, {"01": [[3, 5]], "02": [[2, 3], [5, 6]], "03": []})
    return root


@pytest.fixture
def shanghaitech(tmp_path: Path) -> Path:
    root = tmp_path / "shanghaitech"
    for name in ("01_001", "13_007"):
        clip(root / "training" / "videos" / f"{name}.avi", 3)
    for name, shown in (("01_0014", [0, 1, 1]), ("01_0015", [0, 0]), ("12_0142", [1, 1, 0, 0])):
        pictures(root / "testing" / "frames" / name, len(shown), first=0)
        for kind, labels in (("frame", np.array(shown, np.uint8)), ("pixel", masks(shown))):
            folder = root / "testing" / f"test_{kind}_mask"
            folder.mkdir(exist_ok=True)
            np.save(folder / f"{name}.npy", labels)
    return root


def write_json(root: Path, intervals: object, frames: object = None, dataset: str = "UCSD ped2") -> None:
    content = {"dataset": dataset, "intervals_1based_inclusive": intervals, "frames": {"testing": frames or {}}}
    (root / "labels.json").write_text(json.dumps(content))


def test_the_frames_layout_is_read_with_ped2_mat(frames_tree: Path) -> None:
    leftovers(frames_tree)
    dataset = open_dataset(frames_tree)
    assert (dataset.name, dataset.complete) == ("UCSD Ped2 01+02+03 (part)", False)
    assert labels_of(dataset) == LABELS
    assert dataset.training == tuple(frames_tree / "training" / "frames" / name for name in ("01", "02"))
    assert footage_videos([frames_tree]) == list(dataset.training)


def test_picture_folders_may_be_directly_in_training_and_testing(frames_tree: Path) -> None:
    for split in ("training", "testing"):
        for folder in (frames_tree / split / "frames").iterdir():
            folder.rename(frames_tree / split / folder.name)
        (frames_tree / split / "frames").rmdir()
    assert labels_of(open_dataset(frames_tree)) == LABELS


@pytest.mark.parametrize("kept", ["labels.json", "frame_labels.npz", "UCSDped2.m"])
def test_one_label_file_is_enough(file_tree: Path, kept: str) -> None:
    for name in {"labels.json", "frame_labels.npz", "UCSDped2.m"} - {kept}:
        (file_tree / name).unlink()
    dataset = open_dataset(file_tree)
    assert dataset.name == "UCSD Ped2 01+02+03 (part)"
    assert labels_of(dataset) == LABELS
    assert footage_videos([file_tree]) == [file_tree / "training" / "01.mp4"]


def test_masks_are_unpacked_to_the_width_of_the_video(file_tree: Path) -> None:
    read = open_dataset(file_tree).testing[1].masks
    assert read is not None
    assert np.array_equal(read(), masks([0, 1, 1, 0, 1, 1], (32, 32)) > 0)


def test_masks_are_of_stored_pixels(file_tree: Path) -> None:
    video = file_tree / "testing" / "02.mp4"
    video.unlink()
    write_discs(video, (32, 32), Fraction(2), frames=6)
    read = open_dataset(file_tree).testing[1].masks
    assert read is not None
    assert np.array_equal(read(), masks([0, 1, 1, 0, 1, 1], (32, 32)) > 0)


def test_an_unknown_dataset_is_named_after_its_folder(file_tree: Path) -> None:
    for name in ("UCSDped2.m", "frame_labels.npz", "pixel_masks_packbits_axis-1.npz"):
        (file_tree / name).unlink()
    own = file_tree.rename(file_tree.with_name("back yard"))
    write_json(own, {"01": [[3, 5]], "02": [], "03": []}, dataset="")
    assert (open_dataset(own).name, open_dataset(own).complete) == ("back yard", True)
    (own / "testing" / "02.mp4").unlink()
    assert (open_dataset(own).name, open_dataset(own).complete) == ("back yard 01+03 (part)", False)


def test_shanghaitech_has_a_mask_file_per_video(shanghaitech: Path) -> None:
    leftovers(shanghaitech)
    dataset = open_dataset(shanghaitech)
    assert (dataset.name, dataset.complete) == ("ShanghaiTech 01_0014+01_0015+12_0142 (part)", False)
    assert labels_of(dataset) == {"01_0014": "011", "01_0015": "00", "12_0142": "1100"}
    assert [video.name for video in dataset.training] == ["01_001.avi", "13_007.avi"]
    assert footage_videos([shanghaitech]) == list(dataset.training)
    read = dataset.testing[2].masks
    assert read is not None
    assert read().dtype == np.bool_
    assert np.array_equal(read(), masks([1, 1, 0, 0]) > 0)


def test_shanghaitech_may_lack_pixel_masks_and_have_extracted_frames(shanghaitech: Path) -> None:
    shutil.rmtree(shanghaitech / "testing" / "test_pixel_mask")
    pictures(shanghaitech / "training" / "frames" / "01_001", 3)
    assert [video.name for video in open_dataset(shanghaitech).training] == ["01_001.avi", "13_007.avi"]
    pictures(shanghaitech / "training" / "frames" / "13_007", 3)
    dataset = open_dataset(shanghaitech)
    assert [video.name for video in dataset.training] == ["01_001", "13_007"]
    assert dataset.testing[0].masks is None


def test_a_test_video_that_cannot_be_opened_is_named(file_tree: Path) -> None:
    (file_tree / "testing" / "02.mp4").write_bytes(b"not a video")
    with pytest.raises(VideoError) as caught:
        open_dataset(file_tree)
    assert caught.value.subject == str(file_tree / "testing" / "02.mp4")


def _no_labels(root: Path) -> None:
    for path in root.glob("*.*"):
        path.unlink()


def _no_testing(root: Path) -> None:
    shutil.rmtree(root / "testing" / "frames")
    (root / "testing" / "frames").mkdir()


def _frame_too_few(root: Path) -> None:
    (root / "testing" / "frames" / "02" / "3.jpg").unlink()


def _odd_cells(root: Path) -> None:
    save_cells(root / "ped2.mat", "gt", [[[3], [5]], [1, 2, 3], [[1], [2]]])


def _two_mats(root: Path) -> None:
    shutil.copy(root / "ped2.mat", root / "a.mat")
    (root / "ped2.mat").rename(root / "b.mat")


def _empty_clip(root: Path) -> None:
    (root / "testing" / "frames" / "04").mkdir()


@pytest.mark.parametrize(
    ("damage", "what", "subject"),
    [
        (_no_labels, "no labels", ""),
        (_no_testing, "no test videos", "testing"),
        (_frame_too_few, "frames 5 to 6 are labelled, of 5", "testing/frames/02"),
        (_odd_cells, "cell 2 of gt", "ped2.mat"),
        (_two_mats, "several lists of labels: a.mat, b.mat", ""),
        (_empty_clip, "no pictures", "testing/frames/04"),
    ],
)
def test_malformed_frames_layouts_are_refused(
    frames_tree: Path, damage: Callable[[Path], None], what: str, subject: str
) -> None:
    refused(frames_tree, damage, what, subject)


def test_of_several_mat_files_the_one_named_like_the_folder_is_used(frames_tree: Path) -> None:
    save_cells(frames_tree / "avenue.mat", "gt", [[[1], [1]]] * 3)
    assert labels_of(open_dataset(frames_tree)) == LABELS


def _disagreeing(root: Path) -> None:
    ucsd_list(root / "UCSDped2.m", ["3:5", "2:3", ""])


def _json_without_a_video(root: Path) -> None:
    write_json(root, {"01": [[3, 5]], "02": [[2, 3], [5, 6]]})


def _json_of_other_counts(root: Path) -> None:
    write_json(root, {"01": [[3, 5]], "02": [[2, 3], [5, 6]], "03": []}, {"01": 5, "02": 9})


def _json_without_intervals(root: Path) -> None:
    (root / "labels.json").write_text('{"dataset": "ped2"}')


def _broken_json(root: Path) -> None:
    (root / "labels.json").write_text('{"dataset": ')


def _vector_too_short(root: Path) -> None:
    vectors = {name: np.array(list(labels), np.uint8) for name, labels in LABELS.items()}
    np.savez(root / "frame_labels.npz", **(vectors | {"03": np.zeros(3)}))


def _broken_npz(root: Path) -> None:
    (root / "frame_labels.npz").write_bytes(b"PK\3\4")


def _mask_missing(root: Path) -> None:
    np.savez(root / "pixel_masks_packbits_axis-1.npz", **{"01": np.zeros((5, 32, 4), np.uint8)})


def _mask_too_short(root: Path) -> None:
    np.savez(root / "pixel_masks_packbits_axis-1.npz", **{name: np.zeros((5, 32, 4), np.uint8) for name in LABELS})


def _twice(root: Path) -> None:
    shutil.copy(root / "testing" / "01.mp4", root / "testing" / "01.mkv")


@pytest.mark.parametrize(
    ("damage", "what", "subject"),
    [
        (_disagreeing, "labels.json and UCSDped2.m label it differently", "testing/02.mp4"),
        (_json_without_a_video, "labels.json leave this video out", "testing/03.mp4"),
        (_json_of_other_counts, "they are for 9 frames, it has 6", "testing/02.mp4"),
        (_json_without_intervals, "no intervals_1based_inclusive", "labels.json"),
        (_broken_json, "not as it should be", "labels.json"),
        (_vector_too_short, "frame_labels.npz is for 3 frames, but the video has 7", "testing/03.mp4"),
        (_broken_npz, "damaged", "frame_labels.npz"),
        (_mask_missing, "no pixel masks of 02", "pixel_masks_packbits_axis-1.npz"),
        (_mask_too_short, "for 5 frames, but the video has 6", "testing/02.mp4"),
        (_twice, "Two videos are called 01", "testing"),
    ],
)
def test_malformed_file_layouts_are_refused(
    file_tree: Path, damage: Callable[[Path], None], what: str, subject: str
) -> None:
    refused(file_tree, damage, what, subject)


def _no_frame_mask(root: Path) -> None:
    (root / "testing" / "test_frame_mask" / "01_0015.npy").unlink()


def _long_frame_mask(root: Path) -> None:
    np.save(root / "testing" / "test_frame_mask" / "01_0015.npy", np.zeros(3, np.uint8))


def _odd_frame_mask(root: Path) -> None:
    np.save(root / "testing" / "test_frame_mask" / "01_0015.npy", np.array([0, 7]))


def _short_pixel_mask(root: Path) -> None:
    np.save(root / "testing" / "test_pixel_mask" / "01_0015.npy", masks([0]))


def _flat_pixel_mask(root: Path) -> None:
    np.save(root / "testing" / "test_pixel_mask" / "01_0015.npy", np.zeros(2))


def _no_npy(root: Path) -> None:
    (root / "testing" / "test_frame_mask" / "01_0015.npy").write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "what", "subject"),
    [
        (_no_frame_mask, "no such file", "testing/test_frame_mask/01_0015.npy"),
        (_long_frame_mask, "01_0015.npy is for 3 frames, but the video has 2", "testing/frames/01_0015"),
        (_odd_frame_mask, "labels must be 0 or 1", "testing/test_frame_mask/01_0015.npy"),
        (_short_pixel_mask, "is for 1 frames, but the video has 2", "testing/frames/01_0015"),
        (_flat_pixel_mask, r"\[N, H, W\]", "testing/test_pixel_mask/01_0015.npy"),
        (_no_npy, "No data left|damaged", "testing/test_frame_mask/01_0015.npy"),
    ],
)
def test_malformed_shanghaitech_layouts_are_refused(
    shanghaitech: Path, damage: Callable[[Path], None], what: str, subject: str
) -> None:
    refused(shanghaitech, damage, what, subject)
