"""Tiny datasets in the folder layouts of real ones."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from scipy.io import savemat

from engine.common.errors import DatasetError
from engine.datasets import Dataset, open_dataset
from tests.clips import make_clip

SIZE = (24, 16)  # width, height


def pictures(folder: Path, count: int, suffix: str = ".jpg", *, first: int = 1, digits: int = 3) -> Path:
    """A folder of `count` grey pictures."""
    folder.mkdir(parents=True)
    picture = np.full(SIZE[::-1], 90, np.uint8)
    for number in range(first, first + count):
        write_picture(folder / f"{number:0{digits}d}{suffix}", picture)
    return folder


def write_picture(path: Path, picture: np.ndarray) -> None:
    assert cv2.imwrite(str(path), picture)


def clip(path: Path, frames: int) -> Path:
    """A video file with `frames` frames; AVI files are MPEG-4, like Avenue's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = "mpeg4" if path.suffix == ".avi" else "libx264"
    return make_clip(path, frames, size=(32, 32), codec=codec, b_frames=0)


def masks(shown: Sequence[int], size: tuple[int, int] = SIZE) -> np.ndarray:
    """Pixel masks [N, H, W] of 0 and 1: the mask of frame `f` has nonzero pixels if `shown[f]` is 1."""
    volume = np.zeros((len(shown), size[1], size[0]), np.uint8)
    volume[:, 2:5, 3:9] = np.asarray(shown, np.uint8)[:, None, None]
    return volume


def save_cells(path: Path, name: str, contents: Sequence[object]) -> None:
    """A MATLAB file with one cell array [1, N]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = np.empty((1, len(contents)), np.object_)
    cells[0, :] = [np.asarray(content) for content in contents]
    savemat(path, {name: cells})


def ucsd_list(path: Path, ranges: Sequence[str]) -> None:
    """Write a label list such as UCSDped2.m, with ranges like "5:90, 140:200"."""
    lines = [f"TestVideoFile{{end+1}}.gt_frame = [{entry}];" for entry in ranges]
    path.write_text("\r\n".join(["TestVideoFile = {};", *lines, ""]))


def leftovers(root: Path) -> None:
    """Write the metadata files that macOS adds to every folder of an archive."""
    for folder in [root, *(entry for entry in root.rglob("*") if entry.is_dir())]:
        (folder / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
        for name in ("._.DS_Store", "._001.tif", "._UCSDped2.m", "._plaza.labels.npz"):
            (folder / name).write_bytes(b"\0\5\26\7")
    (root / "__MACOSX" / "Test").mkdir(parents=True)


def labels_of(dataset: Dataset) -> Mapping[str, str]:
    """Frame labels by video name, as strings of 0 and 1."""
    return {video.name: "".join(str(int(label)) for label in video.abnormal) for video in dataset.testing}


def refused(root: Path, damage: Callable[[Path], object], what: str, subject: str) -> DatasetError:
    """Damage a dataset and open it; checks the error's text, subject and that it has advice, and returns the error."""
    damage(root)
    with pytest.raises(DatasetError, match=what) as caught:
        open_dataset(root)
    assert caught.value.subject == str(root / subject)
    assert len(caught.value.advice) > 10
    return caught.value
