"""A dataset: normal training videos, and labelled test videos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class LabelledVideo:
    """A test video and which of its frames are abnormal."""

    name: str
    """The video's name in the dataset: "01", "Test001", "01_0014"."""
    path: Path
    """Video file or picture folder, for `open_video`."""
    abnormal: BoolArray
    """Frame labels [N], True for abnormal frames."""
    masks: Callable[[], BoolArray] | None = None
    """Reads the pixel masks [N, H, W]; raises DatasetError if they are damaged. None if the dataset has no masks."""

    @property
    def events(self) -> list[tuple[int, int]]:
        """Abnormal events: ranges [start, stop) of consecutive abnormal frames."""
        edges = np.flatnonzero(np.diff(self.abnormal.astype(np.int8), prepend=0, append=0))
        return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


@dataclass(frozen=True, eq=False)
class Dataset:
    """The videos of one dataset, in the dataset's order."""

    name: str
    """Name for tables; it says if videos are missing: "CUHK Avenue 17+20 (part)"."""
    root: Path
    complete: bool
    """Whether no video is missing, and a known dataset has its published numbers of videos and frames."""
    training: tuple[Path, ...]
    testing: tuple[LabelledVideo, ...]
