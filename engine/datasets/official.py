"""What was published about the known datasets, and what a copy of one is called when it differs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import DatasetError
from engine.datasets.dataset import Dataset, LabelledVideo

_NAMED_VIDEOS = 6  # more test videos than these are counted in a part's name, not listed


@dataclass(frozen=True)
class Official:
    """Published counts of a dataset."""

    name: str
    training_videos: int
    test_videos: int
    test_frames: int
    abnormal_frames: int | None = None
    """None where no count of them is agreed upon."""
    other_labels: bool = False
    """Whether people measure with other frame labels than the official ones, too."""


UCSD_PED1 = Official("UCSD Ped1", training_videos=34, test_videos=36, test_frames=7_200)
UCSD_PED2 = Official("UCSD Ped2", training_videos=16, test_videos=12, test_frames=2_010, abnormal_frames=1_648)
# The official masks say 3,712; a label file that circulates says 3,867.
CUHK_AVENUE = Official(
    "CUHK Avenue",
    training_videos=16,
    test_videos=21,
    test_frames=15_324,
    abnormal_frames=3_712,
    other_labels=True,
)
SHANGHAITECH = Official(
    "ShanghaiTech", training_videos=330, test_videos=107, test_frames=40_791, abnormal_frames=17_326
)
_KNOWN_BY = {
    r"(ucsd)?ped1": UCSD_PED1,
    r"(ucsd)?ped2": UCSD_PED2,
    r"(cuhk)?avenue(dataset)?": CUHK_AVENUE,
    r"shanghai(tech)?(dataset)?": SHANGHAITECH,
}


def known_dataset(*names: str) -> Official | None:
    """The known dataset that the first telling of some names (of label files, of folders) speaks of."""
    for name in names:
        letters = re.sub(r"[^a-z0-9]", "", name.lower())
        for pattern, official in _KNOWN_BY.items():
            if re.fullmatch(pattern, letters):
                return official
    return None


def checked_dataset(
    official: Official,
    root: Path,
    training: list[Path],
    testing: list[LabelledVideo],
    *,
    labels: Path,
    official_labels: bool = True,
) -> Dataset:
    """A copy of a known dataset, its counts checked where all test videos are there, its name saying what is not.

    Labels other than the `official_labels` may count other abnormal frames, where people use such; they are then named.

    Raises:
        DatasetError: a complete copy does not have the published numbers of frames and abnormal frames.
    """
    if len(testing) > official.test_videos or len(training) > official.training_videos:
        raise DatasetError(
            f"There are {len(training)} training and {len(testing)} test videos; {official.name} has "
            f"{official.training_videos} and {official.test_videos}",
            subject=root,
            advice="Take out what does not belong to it.",
        )
    name = official.name
    if len(testing) < official.test_videos:
        name += f" {_named(testing, official.test_videos)} (part)"
        return Dataset(name, root, False, tuple(training), tuple(testing))
    _check_frames(official, testing, root)
    abnormal = sum(int(video.abnormal.sum()) for video in testing)
    if official.abnormal_frames not in (None, abnormal):
        if official_labels or not official.other_labels:
            raise DatasetError(
                f"The labels count {abnormal:,} abnormal frames; {official.name} has {official.abnormal_frames:,}",
                subject=labels,
                advice="Replace the labels with those of the dataset's authors; a score with others can't be compared.",
            )
        name += f" (other labels: {abnormal:,} abnormal frames, not {official.abnormal_frames:,})"
    if len(training) < official.training_videos:
        name += f" ({len(training)} of {official.training_videos} training videos)"
    return Dataset(name, root, len(training) == official.training_videos, tuple(training), tuple(testing))


def other_dataset(root: Path, training: list[Path], testing: list[LabelledVideo], labelled: int) -> Dataset:
    """A dataset that nothing was published about: whole if all `labelled` videos are there."""
    complete = len(testing) >= labelled
    name = root.resolve().name + ("" if complete else f" {_named(testing, labelled)} (part)")
    return Dataset(name, root, complete, tuple(training), tuple(testing))


def _named(testing: list[LabelledVideo], of: int) -> str:
    """A few test videos by their names: 17+20."""
    if len(testing) > _NAMED_VIDEOS:
        return f"{len(testing)} of {of} test videos"
    return "+".join(video.name for video in testing)


def _check_frames(official: Official, testing: list[LabelledVideo], root: Path) -> None:
    frames = sum(len(video.abnormal) for video in testing)
    if frames != official.test_frames:
        raise DatasetError(
            f"The {len(testing)} test videos have {frames:,} frames; {official.name} has {official.test_frames:,}",
            subject=root,
            advice="Unpack or extract the test videos again: frames are missing, or there are too many.",
        )
