"""Files that label all test videos of a dataset, by their number or by their name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy.typing as npt

from engine.common.errors import DatasetError
from engine.datasets.dataset import BoolArray
from engine.datasets.file_access import name_of, odd_file, read_arrays, read_json, read_mat
from engine.datasets.labels import (
    Ranges,
    labels_from_ranges,
    labels_of_vector,
    number_in,
    parse_ucsd_list,
    ranges_of_cells,
    ranges_of_pairs,
)
from engine.datasets.official import known_dataset
from engine.video.naming import visible_entries


@dataclass(frozen=True, eq=False)
class LabelFile:
    """Labels of several videos in one file."""

    path: Path
    dataset: str
    """What it says, by content or name, that it labels."""
    videos: int
    """How many it has labels of."""
    find: Callable[[str, int], BoolArray]
    """Labels of the video of a name, with that many frames; a ValueError says what is odd, a KeyError that none are."""

    def labels(self, video: Path, frames: int) -> BoolArray:
        """Labels [N] of a test video with that many frames; N may differ from it where the file says so.

        Raises:
            DatasetError: there are none, or they are odd.
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


def list_in(folder: Path, suffix: str) -> Path | None:
    """The list of labels, a `.m` or `.mat`, that lies right in a folder; None where there is none.

    Raises:
        DatasetError: there are several, and not one is of the dataset that the folder, or its folder, is named after.
    """
    with odd_file(folder):
        lists = [entry for entry in visible_entries(folder) if entry.suffix == suffix]
    if len(lists) > 1:
        meant = known_dataset(folder.resolve().name, folder.resolve().parent.name)
        fitting = [path for path in lists if meant and known_dataset(path.stem) is meant]
        if len(fitting) != 1:
            raise DatasetError(
                f"There are several lists of labels: {', '.join(path.name for path in lists)}",
                subject=folder,
                advice="Keep that of this dataset there alone.",
            )
        lists = fitting
    return lists[0] if lists else None


def ucsd_list(path: Path) -> LabelFile:
    """UCSDped1.m or UCSDped2.m.

    Raises:
        DatasetError: the file is missing or can't be understood.
    """
    with odd_file(path):
        return _counted(path, parse_ucsd_list(path.read_text("utf-8", errors="replace")))


def mat_list(path: Path) -> LabelFile:
    """ped1.mat, ped2.mat, avenue.mat and others with a cell array `gt`.

    Raises:
        DatasetError: the file is missing or can't be understood.
    """
    cells = read_mat(path, "gt")
    with odd_file(path):
        return _counted(path, ranges_of_cells(cells))


def json_list(path: Path) -> LabelFile:
    """labels.json with `intervals_1based_inclusive`, and maybe `dataset` and `frames` of its `testing` videos.

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
    """frame_labels.npz: a vector of a 0 or 1 a frame for each video, under its name.

    Raises:
        DatasetError: the file is missing or can't be understood.
    """
    vectors = read_arrays(path)
    return LabelFile(path, "", len(vectors), partial(_by_name_in_vectors, vectors))


def _counted(path: Path, ranges: list[Ranges]) -> LabelFile:
    return LabelFile(path, path.stem, len(ranges), partial(_by_number, ranges))


def _by_number(ranges: list[Ranges], name: str, frames: int) -> BoolArray:
    number = number_in(name)
    if not 1 <= number <= len(ranges):
        raise KeyError(name)
    return labels_from_ranges(ranges[number - 1], frames)


def _by_name_in_ranges(ranges: Mapping[str, Ranges], counts: Mapping[str, Any], name: str, frames: int) -> BoolArray:
    if counts.get(name, frames) != frames:
        raise ValueError(f"they are for {counts[name]} frames, it has {frames}")
    return labels_from_ranges(ranges[name], frames)


def _by_name_in_vectors(vectors: Mapping[str, npt.NDArray[Any]], name: str, frames: int) -> BoolArray:  # noqa: ARG001
    return labels_of_vector(vectors[name])
