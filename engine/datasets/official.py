"""Published counts of the known datasets, and the names of copies that differ from them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from engine.common.errors import DatasetError
from engine.common.paths import resolved
from engine.datasets.dataset import Dataset, LabelledVideo

_NAMED_VIDEOS = 6  # a partial dataset with more test videos is named by their number instead of their names


@dataclass(frozen=True)
class PublishedCounts:
    """Published counts of a dataset."""

    name: str
    training_videos: int
    test_videos: int
    test_frames: int
    abnormal_frames: int | None = None
    """None if published counts differ."""
    other_labels: bool = False
    """Whether other frame labels than the official ones are in use too."""


UCSD_PED1 = PublishedCounts("UCSD Ped1", training_videos=34, test_videos=36, test_frames=7_200)
UCSD_PED2 = PublishedCounts("UCSD Ped2", training_videos=16, test_videos=12, test_frames=2_010, abnormal_frames=1_648)
# The official masks have 3,712 abnormal frames; a widely used label file has 3,867.
CUHK_AVENUE = PublishedCounts(
    "CUHK Avenue",
    training_videos=16,
    test_videos=21,
    test_frames=15_324,
    abnormal_frames=3_712,
    other_labels=True,
)
SHANGHAITECH = PublishedCounts(
    "ShanghaiTech", training_videos=330, test_videos=107, test_frames=40_791, abnormal_frames=17_326
)
_NAME_PATTERNS = {
    r"(ucsd)?ped1": UCSD_PED1,
    r"(ucsd)?ped2": UCSD_PED2,
    r"(cuhk)?avenue(dataset)?": CUHK_AVENUE,
    r"shanghai(tech)?(dataset)?": SHANGHAITECH,
}


def official_dataset(*names: str) -> PublishedCounts | None:
    """The known dataset of the first matching name, of a label file or folder; None if no name matches."""
    for name in names:
        letters = re.sub(r"[^a-z0-9]", "", name.lower())
        for pattern, official in _NAME_PATTERNS.items():
            if re.fullmatch(pattern, letters):
                return official
    return None


def checked_dataset(
    official: PublishedCounts,
    root: Path,
    training: list[Path],
    testing: list[LabelledVideo],
    *,
    labels: Path,
    official_labels: bool = True,
) -> Dataset:
    """A copy of a known dataset; its counts are checked if all test videos are there, and its name says what lacks.

    Labels that are not the official ones may have another number of abnormal frames if the dataset allows other labels;
    the dataset's name then says so.

    Raises:
        DatasetError: there are too many videos, or a complete copy has other numbers of frames or abnormal frames than
            published.
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


def unofficial_dataset(root: Path, training: list[Path], testing: list[LabelledVideo], labelled: int) -> Dataset:
    """A dataset without published counts; it is complete if all `labelled` test videos are there."""
    complete = len(testing) >= labelled
    name = resolved(root).name + ("" if complete else f" {_named(testing, labelled)} (part)")
    return Dataset(name, root, complete, tuple(training), tuple(testing))


def _named(testing: list[LabelledVideo], of: int) -> str:
    """The names of a few test videos, such as 17+20; the number of many."""
    if len(testing) > _NAMED_VIDEOS:
        return f"{len(testing)} of {of} test videos"
    return "+".join(video.name for video in testing)


def _check_frames(official: PublishedCounts, testing: list[LabelledVideo], root: Path) -> None:
    frames = sum(len(video.abnormal) for video in testing)
    if frames != official.test_frames:
        raise DatasetError(
            f"The {len(testing)} test videos have {frames:,} frames; {official.name} has {official.test_frames:,}",
            subject=root,
            advice="Unpack or extract the test videos again: frames are missing, or there are too many.",
        )
