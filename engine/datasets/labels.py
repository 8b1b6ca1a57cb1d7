"""Converts the contents of label files to frame labels; the functions raise ValueError for malformed labels."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.datasets.dataset import BoolArray

Ranges = list[tuple[int, int]]
"""Abnormal frames of one video as in label files: (first, last), counted from 1, both inclusive."""

_ENTRY = re.compile(r"gt_frame\s*=\s*(?:\[([^\]]*)\]|([\d:\s]+))\s*(?:;|$)", re.MULTILINE)
_RANGE = re.compile(r"(\d+)(?::(\d+))?")


def labels_from_ranges(ranges: Iterable[tuple[int, int]], frames: int) -> BoolArray:
    """Labels [frames] of a video; raises ValueError for a range outside the video."""
    labels = np.zeros(frames, np.bool_)
    for first, last in ranges:
        if not 1 <= first <= last:
            raise ValueError(f"{first} to {last} is no range of frames counted from 1")
        if last > frames:
            raise ValueError(f"frames {first} to {last} are labelled, of {frames}")
        labels[first - 1 : last] = True
    return labels


def parse_ucsd_list(text: str) -> list[Ranges]:
    """Ranges of each test video in UCSD's MATLAB script: `TestVideoFile{end+1}.gt_frame = [5:90, 140:200];`."""
    text = re.sub(r"\.\.\..*?\n", " ", re.sub(r"%.*", "", text))
    entries, expected = _ENTRY.findall(text), text.count("gt_frame")
    if not expected:
        raise ValueError("there is no line like TestVideoFile{end+1}.gt_frame = [5:90, 140:200];")
    if len(entries) != expected:
        raise ValueError(f"{expected - len(entries)} of its gt_frame lines can't be read")
    return [_parse_ranges(bracketed or bare) for bracketed, bare in entries]


def ranges_of_cells(gt: npt.NDArray[Any]) -> list[Ranges]:
    """Ranges of each test video in the cell array `gt` of ped2.mat, avenue.mat and similar files.

    A cell is [2, events]: a row of first frames and a row of last frames. In copies that were saved after loading with
    `squeeze_me=True`, a single event is [2], and the cell of a single video is not in an array.
    """
    if gt.dtype != np.object_:
        gt = _as_cell_array(gt)
    return [_ranges_of_cell(np.asarray(cell), number) for number, cell in enumerate(gt.ravel(), start=1)]


def ranges_of_pairs(pairs: object) -> Ranges:
    """Ranges from a JSON list: [[61, 180], ...]."""
    try:
        return [(_frame_number(first), _frame_number(last)) for first, last in pairs]  # type: ignore[attr-defined]
    except TypeError as error:
        raise ValueError("ranges must be a list of [first, last]") from error


def labels_of_vector(values: npt.NDArray[Any]) -> BoolArray:
    """Labels [N] from an array with a 0 or 1 per frame, of any number type and with at most one axis longer than 1."""
    if values.dtype.kind not in "buif" or max(values.shape, default=0) != values.size:
        raise ValueError(f"labels must be one number a frame, not {values.dtype} {list(values.shape)}")
    if not np.isin(values, (0, 1)).all():
        raise ValueError("labels must be 0 or 1")
    return np.asarray(values.ravel() != 0)


def frames_with_masks(cells: npt.NDArray[Any]) -> BoolArray:
    """Labels [N] from Avenue's `volLabel`: a frame is abnormal if its mask has a nonzero pixel."""
    return np.array([np.any(mask) for mask in _mask_cells(cells)], np.bool_)


def mask_volume(cells: npt.NDArray[Any]) -> BoolArray:
    """Pixel masks [N, H, W] from Avenue's `volLabel`, a cell array of one mask [H, W] per frame."""
    return np.stack([mask != 0 for mask in _mask_cells(cells)])


def unpacked_masks(packed: npt.NDArray[Any], width: int) -> BoolArray:
    """Pixel masks [N, H, W] from rows with eight pixels per byte, [N, H, ceil(W / 8)]."""
    if packed.dtype != np.uint8 or packed.ndim != 3 or packed.shape[2] != -(-width // 8):
        raise ValueError(f"masks {width} pixels wide can't be {packed.dtype} {list(packed.shape)}")
    return np.unpackbits(packed, axis=-1, count=width).view(np.bool_)


def video_number(name: str) -> int:
    """Number of a video from its name: 4 for "04" and "Test004"."""
    numbers = re.findall(r"\d+", name)
    if len(numbers) != 1:
        raise ValueError(f"the label list counts videos, and {name!r} has no single number")
    return int(numbers[0])


def _mask_cells(cells: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    masks = [np.asarray(mask) for mask in cells.ravel()] if cells.dtype == np.object_ else []
    if not masks:
        raise ValueError("volLabel must be a cell array of one mask a frame")
    shapes = {mask.shape for mask in masks}
    if len(shapes) != 1 or masks[0].ndim != 2 or any(mask.dtype.kind not in "buif" for mask in masks):
        raise ValueError(f"masks must be pictures of one size, not of {sorted(map(str, shapes))}")
    return masks


def _parse_ranges(text: str) -> Ranges:
    ranges = []
    for part in re.sub(r"\s*:\s*", ":", text).replace(",", " ").replace(";", " ").split():
        match = _RANGE.fullmatch(part)
        if not match:
            raise ValueError(f"{part!r} is no range of frames like 5:90")
        ranges.append((int(match[1]), int(match[2] or match[1])))
    return ranges


def _ranges_of_cell(cell: npt.NDArray[Any], number: int) -> Ranges:
    if cell.size == 0:
        return []
    if cell.dtype.kind not in "buif":
        raise ValueError(f"cell {number} of gt holds no numbers")
    if cell.ndim == 1 or cell.shape == (1, 2):
        cell = cell.reshape(-1, 1)
    elif cell.ndim == 2 and cell.shape[0] != 2 and cell.shape[1] == 2:
        cell = cell.T
    if cell.ndim != 2 or cell.shape[0] != 2:
        raise ValueError(f"cell {number} of gt is {list(cell.shape)}, not [2, events]")
    return [(_frame_number(first), _frame_number(last)) for first, last in zip(*cell.tolist(), strict=True)]


def _frame_number(number: object) -> int:
    if not isinstance(number, int | float) or number % 1 != 0:
        raise ValueError(f"{number!r} is no frame number")
    return int(number)


def _as_cell_array(cell: npt.NDArray[Any]) -> npt.NDArray[Any]:
    cells = np.empty(1, np.object_)
    cells[0] = cell
    return cells
