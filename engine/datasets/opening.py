"""Recognises datasets by their folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import DatasetError
from engine.datasets.avenue import avenue_training, is_avenue, load_avenue
from engine.datasets.clip_tree import is_clip_tree, load_clip_tree, training_clips
from engine.datasets.dataset import Dataset
from engine.datasets.file_access import odd_file
from engine.datasets.labelled_clips import clips_of_normal_life, has_labelled_clips, load_labelled_clips
from engine.datasets.ucsd import is_ucsd, load_ucsd, ucsd_training
from engine.video.naming import visible_entries


@dataclass(frozen=True)
class Layout:
    """One way in which datasets lie on disk."""

    is_here: Callable[[Path], bool]
    """Whether a folder has it; looks at names alone."""
    training: Callable[[Path], list[Path]]
    """The training videos of such a folder, whatever its labels are like."""
    load: Callable[[Path], Dataset]


LAYOUTS = (
    Layout(is_ucsd, ucsd_training, load_ucsd),
    Layout(is_avenue, avenue_training, load_avenue),
    Layout(is_clip_tree, training_clips, load_clip_tree),
    Layout(has_labelled_clips, clips_of_normal_life, load_labelled_clips),
)


def layout_of(root: Path) -> Layout | None:
    """How a folder's dataset lies there; None where it is no dataset."""
    return next((layout for layout in LAYOUTS if layout.is_here(root)), None)


def open_dataset(root: Path) -> Dataset:
    """The dataset in a folder, or in the only folder of it that holds one.

    Test videos in files are opened, to count their frames; that takes some 20 ms per 1,000 frames.

    Raises:
        DatasetError: no dataset is recognised, or something of it is missing or odd.
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
    # Avenue's ground truth is an archive of its own, with the test videos in it once more.
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
