"""Label files with the labels of all test videos of a dataset, by video number or by video name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt

from engine.common.errors import DatasetError
from engine.common.paths import resolved
from engine.datasets.dataset import BoolArray
from engine.datasets.file_access import name_of, odd_file, read_arrays, read_json, read_mat
from engine.datasets.labels import (
    Ranges,
    labels_from_ranges,
    labels_of_vector,
    parse_ucsd_list,
    ranges_of_cells,
    ranges_of_pairs,
    video_number,
)
from engine.datasets.official import official_dataset
from engine.video.naming import visible_entries


@dataclass(frozen=True, eq=False)
class LabelFile:
    """A file with the labels of several videos."""

    path: Path
    dataset: str
    """Name of the labelled dataset, from the file's content or name; may be empty."""
    videos: int
    """Number of videos that it labels."""
    find: Callable[[str, int], BoolArray]
    """Labels of a video, by name and number of frames; raises KeyError if there are none, ValueError if malformed."""

    def labels(self, video: Path, frames: int) -> BoolArray:
        """Labels [N] of a test video with `frames` frames; some files determine N themselves, so it may differ.

        Raises:
            DatasetError: the video has no labels, or they are malformed.
        """
        name = name_of(video)
        try:
            return self.find(name, frames)
        except KeyError as error:
            raise DatasetError(
                f"The labels of {self.path.name} leave this video out",
                subject=video,
                advice=f"Add its labels to {self.path}, or take the video out.",
            ) from error
        except ValueError as error:
            raise DatasetError(
                f"The labels of this video in {self.path.name} are odd: {error}",
                subject=video,
                advice=f"Copy {self.path} and the video again: they must be of the same dataset, and whole.",
            ) from error


def find_label_list(folder: Path, suffix: str) -> Path | None:
    """The label list, a `.m` or `.mat` file, directly in a folder; None if there is none.

    Raises:
        DatasetError: there are several, and not exactly one of them is named after the dataset that the folder or its
            parent is named after.
    """
    with odd_file(folder):
        lists = [entry for entry in visible_entries(folder) if entry.suffix == suffix]
    if len(lists) > 1:
        official = official_dataset(resolved(folder).name, resolved(folder).parent.name)
        matching = [path for path in lists if official and official_dataset(path.stem) is official]
        if len(matching) != 1:
            raise DatasetError(
                f"There are several lists of labels: {', '.join(path.name for path in lists)}",
                subject=folder,
                advice="Keep that of this dataset there alone.",
            )
        lists = matching
    return lists[0] if lists else None


def ucsd_list(path: Path) -> LabelFile:
    """Read UCSDped1.m or UCSDped2.m.

    Raises:
        DatasetError: the file is missing or can't be understood.
    """
    with odd_file(path):
        return _numbered_list(path, parse_ucsd_list(path.read_text("utf-8", errors="replace")))


def mat_list(path: Path) -> LabelFile:
    """Read ped1.mat, ped2.mat, avenue.mat or another MATLAB file with a cell array `gt`.

    Raises:
        DatasetError: the file is missing or can't be understood.
    """
    cells = read_mat(path, "gt")
    with odd_file(path):
        return _numbered_list(path, ranges_of_cells(cells))


def json_list(path: Path) -> LabelFile:
    """Read labels.json: `intervals_1based_inclusive`, and optionally `dataset` and `frames` of the `testing` videos.

    Raises:
        DatasetError: the file is missing or can't be understood.
    """
    content = read_json(path)
    with odd_file(path, "It needs intervals_1based_inclusive: {video: [[first, last], ...]}."):
        intervals = content.get("intervals_1based_inclusive")
        if not isinstance(intervals, dict):
            raise ValueError("no intervals_1based_inclusive")
        ranges = {name: ranges_of_pairs(pairs) for name, pairs in intervals.items()}
    frames = content.get("frames", {})
    counts = frames.get("testing", {}) if isinstance(frames, dict) else {}
    find = partial(_by_name_in_ranges, ranges, counts if isinstance(counts, dict) else {})
    return LabelFile(path, str(content.get("dataset", "")), len(ranges), find)


def npz_list(path: Path) -> LabelFile:
    """Read frame_labels.npz: for each video name a vector with a 0 or 1 per frame.

    Raises:
        DatasetError: the file is missing or can't be understood.
    """
    vectors = read_arrays(path)
    return LabelFile(path, "", len(vectors), partial(_by_name_in_vectors, vectors))


def _numbered_list(path: Path, ranges: list[Ranges]) -> LabelFile:
    return LabelFile(path, path.stem, len(ranges), partial(_by_number, ranges))


def _by_number(ranges: list[Ranges], name: str, frames: int) -> BoolArray:
    number = video_number(name)
    if not 1 <= number <= len(ranges):
        raise KeyError(name)
    return labels_from_ranges(ranges[number - 1], frames)


def _by_name_in_ranges(ranges: Mapping[str, Ranges], counts: Mapping[str, Any], name: str, frames: int) -> BoolArray:
    if counts.get(name, frames) != frames:
        raise ValueError(f"they are for {counts[name]} frames, it has {frames}")
    return labels_from_ranges(ranges[name], frames)


def _by_name_in_vectors(vectors: Mapping[str, npt.NDArray[Any]], name: str, frames: int) -> BoolArray:  # noqa: ARG001
    return labels_of_vector(vectors[name])
