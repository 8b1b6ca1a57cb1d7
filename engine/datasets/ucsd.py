"""UCSD Ped1 and Ped2 as published: `Train/Train001/*.tif`, `Test/Test001/*.tif`, masks in `Test/Test001_gt/*.bmp`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from engine.common.errors import DatasetError
from engine.common.paths import resolved
from engine.datasets.dataset import BoolArray, Dataset, LabelledVideo
from engine.datasets.file_access import check_length, frame_count, odd_file, videos_in
from engine.datasets.label_files import LabelFile, find_label_list, ucsd_list
from engine.datasets.official import checked_dataset, official_dataset, unofficial_dataset
from engine.video.naming import picture_files, visible_entries
from engine.video.picture_file import decode_picture, read_picture_bytes

_MASKS = "_gt"


def is_ucsd(root: Path) -> bool:
    """Whether a folder has UCSD's layout; without `Train`, it must have a label list to be recognised."""
    return (root / "Test").is_dir() and ((root / "Train").is_dir() or any((root / "Test").glob("UCSD*.m")))


def ucsd_training(root: Path) -> list[Path]:
    """The training videos of a folder with UCSD's layout.

    Raises:
        DatasetError: one of its folders holds no pictures.
    """
    return videos_in(root / "Train") if (root / "Train").is_dir() else []


def load_ucsd(root: Path) -> Dataset:
    """Load the dataset of a folder with UCSD's layout.

    Raises:
        DatasetError: the label list is missing or malformed, or a video has another number of masks than frames.
    """
    list_path = find_label_list(root / "Test", ".m") or find_label_list(root, ".m")
    if not list_path:
        raise DatasetError(
            "The list of abnormal frames is missing",
            subject=root / "Test" / "UCSDped2.m",
            advice="Copy UCSDped1.m or UCSDped2.m there from the dataset's archive.",
        )
    labels = ucsd_list(list_path)
    testing = [_video(video, labels) for video in videos_in(root / "Test", skip=(_MASKS,))]
    if not testing:
        raise DatasetError(
            "There are no test videos here",
            subject=root / "Test",
            advice="Unpack the dataset again: it needs Test/Test001/001.tif and so on.",
        )
    training = ucsd_training(root)
    official = official_dataset(labels.dataset, resolved(root).name)
    if official:
        return checked_dataset(official, root, training, testing, labels=list_path)
    return unofficial_dataset(root, training, testing, labels.videos)


def _video(video: Path, labels: LabelFile) -> LabelledVideo:
    frames = frame_count(video)
    abnormal = labels.labels(video, frames)
    masks = video.with_name(video.name + _MASKS)
    if not masks.is_dir():
        return LabelledVideo(video.name, video, abnormal)
    check_length(_mask_files(masks), frames, video, masks)
    return LabelledVideo(video.name, video, abnormal, partial(_read_masks, masks))


def _mask_files(folder: Path) -> list[Path]:
    with odd_file(folder):
        return picture_files(visible_entries(folder))


def _read_masks(folder: Path) -> BoolArray:
    masks: list[BoolArray] = []
    for path in _mask_files(folder):
        with odd_file(path):
            mask = decode_picture(read_picture_bytes(path), cv2.IMREAD_GRAYSCALE)
            if masks and mask.shape != masks[0].shape:
                raise ValueError(f"it has another size than {masks[0].shape[1]}x{masks[0].shape[0]}, the first one's")
        masks.append(mask != 0)
    return np.stack(masks)
