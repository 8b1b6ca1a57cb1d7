"""Datasets with folders `training` and `testing`: a video file or picture folder per clip, and label files.

These are ShanghaiTech (`training/videos/*.avi`, `testing/frames/01_0014/*.jpg`, `testing/test_frame_mask/*.npy`), the
copies of UCSD and Avenue that much published code reads (`training/frames/01/*.jpg`, `ped2.mat`), and other datasets
with one of the label files below.
"""

from __future__ import annotations

import re
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.errors import DatasetError
from engine.common.paths import resolved
from engine.datasets.dataset import BoolArray, Dataset, LabelledVideo
from engine.datasets.file_access import check_length, frame_count, name_of, odd_file, read_array, read_arrays, videos_in
from engine.datasets.label_files import LabelFile, find_label_list, json_list, mat_list, npz_list, ucsd_list
from engine.datasets.labels import labels_of_vector, unpacked_masks
from engine.datasets.official import SHANGHAITECH, checked_dataset, official_dataset, unofficial_dataset
from engine.video import open_video

_FRAME_MASKS, _PIXEL_MASKS = "test_frame_mask", "test_pixel_mask"
_PACKED_MASKS = "pixel_masks_packbits_axis-1.npz"
_LABEL_PATTERNS = ("labels.json", "frame_labels.npz", "*.m", "*.mat", _FRAME_MASKS, f"testing/{_FRAME_MASKS}")
_SHANGHAITECH_CLIP = re.compile(r"\d\d_\d{3,4}")
"""Camera and clip number: 01_0014 for a test video, 01_001 for a training video."""


def is_clip_tree(root: Path) -> bool:
    """Whether a folder has this layout; without training videos, it must have labels to be recognised."""
    if not (root / "testing").is_dir():
        return False
    return (root / "training").is_dir() or any(any(root.glob(pattern)) for pattern in _LABEL_PATTERNS)


def training_clips(root: Path) -> list[Path]:
    """The training videos of a folder with this layout; empty if it has only test videos.

    Raises:
        DatasetError: one of its folders holds no pictures.
    """
    return _clips(root / "training")


def load_clip_tree(root: Path) -> Dataset:
    """Load the dataset of a folder with this layout.

    Raises:
        DatasetError: labels are missing or malformed, or do not match the videos.
        VideoError: a test video can't be opened.
    """
    clips = _clips(root / "testing")
    if not clips:
        raise DatasetError(
            "There are no test videos here",
            subject=root / "testing",
            advice="Put them there: a file a video, or frames/01/*.jpg.",
        )
    for folder in (root / "testing", root):
        if (folder / _FRAME_MASKS).is_dir():
            return _with_frame_masks(root, clips, folder)
    files = _label_files(root)
    if not files:
        raise DatasetError(
            "There are no labels here",
            subject=root,
            advice="Put the dataset's label file there: UCSDped2.m, ped2.mat, avenue.mat, labels.json or "
            "frame_labels.npz; for ShanghaiTech the folder testing/test_frame_mask.",
        )
    testing = [_labelled_clip(root, clip, files) for clip in clips]
    if (root / _PACKED_MASKS).exists():
        _packed_shapes_checked(root / _PACKED_MASKS, testing)
    official = official_dataset(*(file.dataset for file in files), resolved(root).name)
    if official:
        return checked_dataset(
            official, root, training_clips(root), testing, labels=files[0].path, official_labels=False
        )
    return unofficial_dataset(root, training_clips(root), testing, max(file.videos for file in files))


def _with_frame_masks(root: Path, clips: list[Path], folder: Path) -> Dataset:
    """A dataset with ShanghaiTech's label format, which other datasets may use too."""
    testing = [_frame_masked_clip(folder, clip) for clip in clips]
    names_match = all(_SHANGHAITECH_CLIP.fullmatch(video.name) for video in testing)
    official = SHANGHAITECH if names_match else official_dataset(resolved(root).name)
    labels = folder / _FRAME_MASKS
    if not official:
        return unofficial_dataset(root, training_clips(root), testing, len(list(labels.glob("[!.]*.npy"))))
    is_official = official is SHANGHAITECH
    return checked_dataset(official, root, training_clips(root), testing, labels=labels, official_labels=is_official)


def _clips(split: Path) -> list[Path]:
    """Videos of `training` or `testing`: in `frames` or `videos`, whichever has more, else directly in the folder."""
    folders = [folder for folder in (split / "frames", split / "videos") if folder.is_dir()]
    if not folders and not split.is_dir():
        return []
    candidates = [videos_in(folder, skip=("_mask", "_gt")) for folder in folders or [split]]
    # People sometimes extract frames of only some videos; if both folders are complete, frames are used.
    return max(candidates, key=len)


def _label_files(root: Path) -> list[LabelFile]:
    """All label files of the clips; if there are several, they must agree."""
    named = [
        read(root / name)
        for name, read in (("labels.json", json_list), ("frame_labels.npz", npz_list))
        if (root / name).exists()
    ]
    lists = [(find_label_list(root, suffix), read) for suffix, read in ((".m", ucsd_list), (".mat", mat_list))]
    return named + [read(path) for path, read in lists if path]


def _labelled_clip(root: Path, clip: Path, files: list[LabelFile]) -> LabelledVideo:
    """A test clip with its labels, which must be the same in every label file."""
    frames = frame_count(clip)
    labels_by_file = [file.labels(clip, frames) for file in files]
    for file, labels in zip(files, labels_by_file, strict=True):
        check_length(labels, frames, clip, file.path)
        if not np.array_equal(labels, labels_by_file[0]):
            raise DatasetError(
                f"{files[0].path.name} and {file.path.name} label it differently",
                subject=clip,
                advice="Find out which is right, and take the other away.",
            )
    name = name_of(clip)
    packed = root / _PACKED_MASKS
    masks = partial(_packed_masks, packed, clip) if packed.exists() else None
    return LabelledVideo(name, clip, labels_by_file[0], masks)


def _packed_shapes_checked(packed: Path, clips: list[LabelledVideo]) -> None:
    masks = read_arrays(packed)
    for clip in clips:
        if clip.name not in masks:
            raise DatasetError(
                f"There are no pixel masks of {clip.name}", subject=packed, advice="Copy it again, or take it out."
            )
        check_length(masks[clip.name], len(clip.abnormal), clip.path, packed)


def _packed_masks(packed: Path, clip: Path) -> BoolArray:
    masks = read_arrays(packed)
    with closing(open_video(clip)) as video:
        width, _ = video.info.stored_px
    with odd_file(packed):
        return unpacked_masks(masks[name_of(clip)], width)


def _frame_masked_clip(folder: Path, clip: Path) -> LabelledVideo:
    name = name_of(clip)
    frames = frame_count(clip)
    path = folder / _FRAME_MASKS / f"{name}.npy"
    values = read_array(path)
    with odd_file(path):
        abnormal = labels_of_vector(values)
    check_length(abnormal, frames, clip, path)
    pixels = folder / _PIXEL_MASKS / f"{name}.npy"
    if not pixels.parent.is_dir():
        return LabelledVideo(name, clip, abnormal)
    check_length(_pixel_masks(pixels), frames, clip, pixels)
    return LabelledVideo(name, clip, abnormal, partial(_loaded_masks, pixels))


def _pixel_masks(path: Path) -> npt.NDArray[Any]:
    masks = read_array(path)
    with odd_file(path):
        if masks.ndim != 3 or masks.dtype.kind not in "bui":
            raise ValueError(f"pixel masks must be whole numbers [N, H, W], not {masks.dtype} {list(masks.shape)}")
    return masks


def _loaded_masks(path: Path) -> BoolArray:
    return np.asarray(_pixel_masks(path) != 0)
