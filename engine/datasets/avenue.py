"""CUHK Avenue as published: `training_videos/01.avi`, `testing_videos/01.avi`, and masks from a second archive.

The masks are `ground_truth_demo/testing_label_mask/1_label.mat`, each with a cell array `volLabel` of one mask a frame.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from engine.common.errors import DatasetError
from engine.common.paths import resolved
from engine.datasets.dataset import BoolArray, Dataset, LabelledVideo
from engine.datasets.file_access import check_length, frame_count, odd_file, read_mat, videos_in
from engine.datasets.label_files import LabelFile, find_label_list, mat_list
from engine.datasets.labels import frames_with_masks, mask_volume, video_number
from engine.datasets.official import CUHK_AVENUE, checked_dataset


def is_avenue(root: Path) -> bool:
    """Whether a folder has Avenue's layout; without training videos, it must have masks to be recognised."""
    if not (root / "testing_videos").is_dir():
        return False
    return (root / "training_videos").is_dir() or _masks_folder(root) is not None


def avenue_training(root: Path) -> list[Path]:
    """The training videos of a folder with Avenue's layout.

    Raises:
        DatasetError: a folder of frames among them holds no pictures.
    """
    folder = root / "training_videos"
    return videos_in(folder) if folder.is_dir() else []


def load_avenue(root: Path) -> Dataset:
    """Load the dataset of a folder with Avenue's layout.

    Raises:
        DatasetError: masks are missing or malformed, or a video and its masks have different lengths.
        VideoError: a test video can't be opened.
    """
    videos = videos_in(root / "testing_videos")
    if not videos:
        raise DatasetError(
            "There are no test videos here",
            subject=root / "testing_videos",
            advice="Unpack the dataset again: it needs testing_videos/01.avi and so on.",
        )
    folder, list_path = _masks_folder(root), find_label_list(root, ".mat")
    if folder:
        testing = [_masked_video(video, folder) for video in videos]
        return checked_dataset(CUHK_AVENUE, root, avenue_training(root), testing, labels=folder)
    if list_path:
        labels = mat_list(list_path)
        testing = [_listed_video(video, labels) for video in videos]
        return checked_dataset(
            CUHK_AVENUE, root, avenue_training(root), testing, labels=list_path, official_labels=False
        )
    raise DatasetError(
        "The masks of CUHK Avenue are missing",
        subject=root / "ground_truth_demo" / "testing_label_mask",
        advice="Unpack its ground-truth archive (ground_truth_demo) there; it is apart from the videos.",
    )


def _masks_folder(root: Path) -> Path | None:
    """The folder of masks: in the dataset's folder, beside it, or in the given folder if that is the ground truth's."""
    parents = (root / "ground_truth_demo", root, resolved(root).parent / "ground_truth_demo")
    folders = (parent / "testing_label_mask" for parent in parents)
    return next((folder for folder in folders if folder.is_dir()), None)


def _masked_video(video: Path, folder: Path) -> LabelledVideo:
    with odd_file(video, "Name the videos as the dataset does: 01.avi to 21.avi."):
        number = video_number(video.stem)
    masks = folder / f"{number}_label.mat"
    cells = read_mat(masks, "volLabel")
    with odd_file(masks):
        abnormal = frames_with_masks(cells)
    check_length(abnormal, frame_count(video), video, masks)
    return LabelledVideo(video.stem, video, abnormal, partial(_read_masks, masks))


def _listed_video(video: Path, labels: LabelFile) -> LabelledVideo:
    return LabelledVideo(video.stem, video, labels.labels(video, frame_count(video)))


def _read_masks(path: Path) -> BoolArray:
    cells = read_mat(path, "volLabel")
    with odd_file(path):
        return mask_volume(cells)
