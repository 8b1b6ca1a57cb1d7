"""Recognises datasets by their folder layout, and opens them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import DatasetError
from engine.datasets.avenue import avenue_training, is_avenue, load_avenue
from engine.datasets.clip_tree import is_clip_tree, load_clip_tree, training_clips
from engine.datasets.dataset import Dataset
from engine.datasets.file_access import odd_file
from engine.datasets.labelled_clips import has_labelled_clips, load_labelled_clips, normal_clips
from engine.datasets.ucsd import is_ucsd, load_ucsd, ucsd_training
from engine.video.naming import visible_entries


@dataclass(frozen=True)
class Layout:
    """A folder layout of datasets on disk."""

    matches: Callable[[Path], bool]
    """Whether a folder has this layout, judging only by names."""
    training: Callable[[Path], list[Path]]
    """The training videos of such a folder; does not read labels."""
    load: Callable[[Path], Dataset]


LAYOUTS = (
    Layout(is_ucsd, ucsd_training, load_ucsd),
    Layout(is_avenue, avenue_training, load_avenue),
    Layout(is_clip_tree, training_clips, load_clip_tree),
    Layout(has_labelled_clips, normal_clips, load_labelled_clips),
)


def layout_of(root: Path) -> Layout | None:
    """The layout of a folder; None if it is not a dataset."""
    return next((layout for layout in LAYOUTS if layout.matches(root)), None)


def open_dataset(root: Path) -> Dataset:
    """Open the dataset in a folder, or in its only subfolder that holds one.

    Opens the test video files to count their frames, which takes about 20 ms per 1,000 frames.

    Raises:
        DatasetError: no dataset is recognised, or a part of it is missing or malformed.
        VideoError: a test video can't be opened.
    """
    root = Path(root)
    if not root.is_dir():
        raise DatasetError(
            "A dataset is a folder" if root.exists() else "There is no such folder",
            subject=root,
            advice="Name the folder that the dataset was unpacked to.",
        )
    layout = layout_of(root)
    if layout:
        return layout.load(root)
    with odd_file(root):
        below = [folder for folder in visible_entries(root) if folder.is_dir() and layout_of(folder)]
    # Avenue's ground-truth archive contains a copy of the test videos, and so looks like a second dataset.
    below = [folder for folder in below if len(below) == 1 or folder.name != "ground_truth_demo"]
    if len(below) == 1:
        return open_dataset(below[0])
    if below:
        raise DatasetError(
            "There are several datasets here",
            subject=root,
            advice=f"Name one of them: {', '.join(str(folder) for folder in below)}.",
        )
    raise DatasetError(
        "No dataset is recognised here",
        subject=root,
        advice="Known are UCSD (Train, Test), CUHK Avenue (training_videos, testing_videos), ShanghaiTech and others "
        "with training and testing, and clips with a .labels.npz beside them.",
    )
