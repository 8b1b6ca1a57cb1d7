"""MATLAB files are believed as far as what they announce is there."""

from __future__ import annotations

import contextlib
import random
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from engine.common.errors import DatasetError
from engine.datasets.file_access import read_mat


def save(path: Path, cells: list[object], **options: object) -> Path:
    array = np.empty((1, len(cells)), object)
    for number, cell in enumerate(cells):
        array[0, number] = cell
    savemat(path, {"other": np.eye(3), "text": "abc", "gt": array}, **options)  # type: ignore[arg-type]
    return path


CELLS: list[object] = [
    np.array([[5, 100], [90, 150]], np.float64),
    np.zeros((0, 0)),
    np.zeros((4, 6), np.uint8),
    np.array([[1.5]]),
    np.array([[1, 2, 3]], np.int16),
    np.array([[True, False]]),
]


@pytest.mark.parametrize("compressed", [False, True])
def test_whole_files_are_read(tmp_path: Path, compressed: bool) -> None:
    cells = read_mat(save(tmp_path / "a.mat", CELLS, do_compression=compressed), "gt")
    assert cells.shape == (1, len(CELLS))
    for read, written in zip(cells[0], CELLS, strict=True):
        np.testing.assert_array_equal(read, written)  # type: ignore[arg-type]
    assert read_mat(tmp_path / "a.mat", "other").shape == (3, 3)


@pytest.mark.parametrize("huge", [1 << 30, 1 << 20, -1])
@pytest.mark.parametrize("shape", [(1, len(CELLS)), (2, 2), (4, 6)])
def test_more_cells_or_numbers_than_there_are_is_said_before_room_is_made(
    tmp_path: Path, shape: tuple[int, int], huge: int
) -> None:
    """SciPy makes room for what is announced: 8 GiB here, or it crashes."""
    path = save(tmp_path / "a.mat", CELLS)
    data = path.read_bytes()
    place = data.index(struct.pack("<ii", *shape))
    path.write_bytes(data[:place] + struct.pack("<i", huge) + data[place + 4 :])
    with pytest.raises(DatasetError) as caught:
        read_mat(path, "gt")
    assert caught.value.subject == str(path)


@pytest.mark.parametrize("compressed", [False, True])
def test_flipped_bits_and_cut_files_end_in_an_error_or_in_labels(tmp_path: Path, compressed: bool) -> None:
    path = save(tmp_path / "a.mat", CELLS, do_compression=compressed)
    whole = path.read_bytes()
    chance = random.Random(0)
    for number in range(400):
        data = bytearray(whole)
        if number % 4:
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        else:
            del data[chance.randrange(len(data)) :]
        path.write_bytes(data)
        with contextlib.suppress(DatasetError):
            read_mat(path, "gt")
