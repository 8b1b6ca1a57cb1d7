"""Trees of `training` and `testing`: a file or folder of pictures a clip, and labels beside them.

That is ShanghaiTech (`training/videos/*.avi`, `testing/frames/01_0014/*.jpg`, `testing/test_frame_mask/*.npy`), the
copies of UCSD and Avenue that much published code reads (`training/frames/01/*.jpg`, `ped2.mat`), and any others with
one of the label files below.
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
from engine.datasets.dataset import BoolArray, Dataset, LabelledVideo
from engine.datasets.file_access import check_length, frame_count, name_of, odd_file, read_array, read_arrays, videos_in
from engine.datasets.label_files import LabelFile, json_list, list_in, mat_list, npz_list, ucsd_list
from engine.datasets.labels import labels_of_vector, unpacked_masks
from engine.datasets.official import SHANGHAITECH, checked_dataset, known_dataset, other_dataset
from engine.video import open_video

_FRAME_MASKS, _PIXEL_MASKS = "test_frame_mask", "test_pixel_mask"
_PACKED_MASKS = "pixel_masks_packbits_axis-1.npz"
_LABEL_PATTERNS = ("labels.json", "frame_labels.npz", "*.m", "*.mat", _FRAME_MASKS, f"testing/{_FRAME_MASKS}")
_SHANGHAITECH_CLIP = re.compile(r"\d\d_\d{3,4}")
"""Camera and clip: 01_0014 among the test videos, 01_001 among the training ones."""


def is_clip_tree(root: Path) -> bool:
    """Whether a folder is such a tree; one without training videos must have labels to be told from other folders."""
    if not (root / "testing").is_dir():
        return False
    return (root / "training").is_dir() or any(any(root.glob(pattern)) for pattern in _LABEL_PATTERNS)


def training_clips(root: Path) -> list[Path]:
    """Training videos of such a tree; none where it has only test videos.

    Raises:
        DatasetError: one of its folders holds no pictures.
    """
    return _clips(root / "training")


def load_clip_tree(root: Path) -> Dataset:
    """The tree's dataset.

    Raises:
        DatasetError: labels are missing, odd, or of other videos than are there.
        VideoError: a test video can't be opened.
    """
    clips = _clips(root / "testing")
    if not clips:
        raise DatasetError(
            "There are no test videos here",
            subject=root / "testing",
            advice="Put them there: a file a video, or frames/01/*.jpg.",
        )
    for place in (root / "testing", root):
        if (place / _FRAME_MASKS).is_dir():
            return _with_frame_masks(root, clips, place)
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
    official = known_dataset(*(file.dataset for file in files), root.resolve().name)
    if official:
        return checked_dataset(
            official, root, training_clips(root), testing, labels=files[0].path, official_labels=False
        )
    return other_dataset(root, training_clips(root), testing, max(file.videos for file in files))


def _with_frame_masks(root: Path, clips: list[Path], place: Path) -> Dataset:
    """A tree with ShanghaiTech's kind of labels, which may be another dataset."""
    testing = [_frame_masked_clip(place, clip) for clip in clips]
    looks_like_it = all(_SHANGHAITECH_CLIP.fullmatch(video.name) for video in testing)
    official = SHANGHAITECH if looks_like_it else known_dataset(root.resolve().name)
    labels = place / _FRAME_MASKS
    if not official:
        return other_dataset(root, training_clips(root), testing, len(list(labels.glob("[!.]*.npy"))))
    theirs = official is SHANGHAITECH
    return checked_dataset(official, root, training_clips(root), testing, labels=labels, official_labels=theirs)


def _clips(split: Path) -> list[Path]:
    """Videos of `training` or `testing`: its frames or its videos, whichever are more, else what lies right in it."""
    folders = [folder for folder in (split / "frames", split / "videos") if folder.is_dir()]
    if not folders and not split.is_dir():
        return []
    found = [videos_in(folder, skip=("_mask", "_gt")) for folder in folders or [split]]
    # People extract frames from videos, sometimes not of all; frames are as good, and exact.
    return max(found, key=len)


def _label_files(root: Path) -> list[LabelFile]:
    """What labels the clips; several may, and must then say the same."""
    named = [
        read(root / name)
        for name, read in (("labels.json", json_list), ("frame_labels.npz", npz_list))
        if (root / name).exists()
    ]
    lists = [(list_in(root, suffix), read) for suffix, read in ((".m", ucsd_list), (".mat", mat_list))]
    return named + [read(path) for path, read in lists if path]


def _labelled_clip(root: Path, clip: Path, files: list[LabelFile]) -> LabelledVideo:
    """A test clip, its labels the same in every label file."""
    frames = frame_count(clip)
    found = [file.labels(clip, frames) for file in files]
    for file, labels in zip(files, found, strict=True):
        check_length(labels, frames, clip, file.path)
        if not np.array_equal(labels, found[0]):
            raise DatasetError(
                f"{files[0].path.name} and {file.path.name} label it differently",
                subject=clip,
                advice="Find out which is right, and take the other away.",
            )
    name = name_of(clip)
    packed = root / _PACKED_MASKS
    masks = partial(_packed_masks, packed, clip) if packed.exists() else None
    return LabelledVideo(name, clip, found[0], masks)


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
        width = video.info.width_px
    with odd_file(packed):
        return unpacked_masks(masks[name_of(clip)], width)


def _frame_masked_clip(place: Path, clip: Path) -> LabelledVideo:
    name = name_of(clip)
    frames = frame_count(clip)
    path = place / _FRAME_MASKS / f"{name}.npy"
    values = read_array(path)
    with odd_file(path):
        abnormal = labels_of_vector(values)
    check_length(abnormal, frames, clip, path)
    pixels = place / _PIXEL_MASKS / f"{name}.npy"
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
