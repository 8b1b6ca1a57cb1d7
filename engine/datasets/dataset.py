"""What a dataset is: normal videos to learn from and labelled ones to be judged by."""

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
    """As the dataset calls it: "01", "Test001", "01_0014"."""
    path: Path
    """A file or a folder of pictures, for `open_video`."""
    abnormal: BoolArray
    """Frame labels [N], one for each frame of the video."""
    masks: Callable[[], BoolArray] | None = None
    """Reads the pixel masks [N, H, W], where the dataset has any; raises a DatasetError where they are damaged."""

    @property
    def events(self) -> list[tuple[int, int]]:
        """Runs [start, stop) of abnormal frames."""
        edges = np.flatnonzero(np.diff(self.abnormal.astype(np.int8), prepend=0, append=0))
        return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Videos of one dataset, each list in the dataset's own order."""

    name: str
    """For tables; says so where a part is missing: "CUHK Avenue 17+20 (part)"."""
    root: Path
    complete: bool
    """Nothing that officially belongs to it is missing, and of a known dataset the published counts were found."""
    training: tuple[Path, ...]
    testing: tuple[LabelledVideo, ...]
