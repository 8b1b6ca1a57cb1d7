from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine.common.errors import FlowFileError
from engine.flow.files import end_point_error, read_flow, write_flo, write_picture


@pytest.fixture
def flow() -> np.ndarray:
    return np.random.default_rng(0).normal(0, 30, (2, 5, 7)).astype(np.float32)


def test_a_flo_file_has_middlebury_s_format(tmp_path: Path) -> None:
    """https://vision.middlebury.edu/flow/code/flow-code/README.txt: PIEH, width, height, then u and v row by row."""
    flow = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    write_flo(tmp_path / "a.flo", flow)
    pixels = [0, 6, 1, 7, 2, 8, 3, 9, 4, 10, 5, 11]
    assert (tmp_path / "a.flo").read_bytes() == b"PIEH" + struct.pack("<ii12f", 3, 2, *pixels)


def test_flo_files_keep_every_bit_and_unknown_pixels(flow: np.ndarray, tmp_path: Path) -> None:
    flow[:, 2, 3] = np.nan
    flow[1, 4, 0] = np.nan  # one NaN component makes the pixel unknown
    write_flo(tmp_path / "a.flo", flow)
    flow[:, 4, 0] = np.nan
    np.testing.assert_array_equal(read_flow(tmp_path / "a.flo"), flow)


def test_large_numbers_mean_unknown(tmp_path: Path) -> None:
    values = [1.0, 2.0, 1.666e9, 1.666e9, 1e9, -3.0, float("nan"), 0.0]
    (tmp_path / "a.flo").write_bytes(b"PIEH" + struct.pack("<ii8f", 4, 1, *values))
    known = np.isfinite(read_flow(tmp_path / "a.flo"))
    assert known.tolist() == [[[True, False, True, False]]] * 2


def test_a_real_flo_file(shared_data: Path) -> None:
    flow = read_flow(shared_data / "flow" / "RubberWhale" / "flow10.flo")
    assert flow.shape == (2, 388, 584)
    assert 0.9 < np.isfinite(flow).mean() < 1
    assert np.nanmax(np.abs(flow)) < 6


def test_kitti_s_pictures_hold_64ths_around_2_to_the_15th(tmp_path: Path) -> None:
    rgb = np.array([[[2**15 + 64, 2**15 - 96, 1], [2**15, 2**15, 0], [0, 2**16 - 1, 1]]], np.uint16)
    cv2.imwrite(str(tmp_path / "flow.png"), rgb[..., ::-1])
    flow = read_flow(tmp_path / "flow.png")
    np.testing.assert_array_equal(flow[:, 0, [0, 2]], [[1, -512], [-1.5, 2**9 - 1 / 64]])
    assert np.isnan(flow[:, 0, 1]).all()


def test_a_real_kitti_file(shared_data: Path) -> None:
    flow = read_flow(shared_data / "flow" / "kitti" / "flow_gt.png")
    assert flow.shape == (2, 375, 1242)
    assert 0.1 < np.isfinite(flow).mean() < 0.5  # the laser scanner gives sparse points


def test_end_point_error_counts_known_pixels_alone() -> None:
    truth = np.zeros((2, 1, 3), np.float32)
    truth[0, 0, 2] = np.nan
    flow = np.array([[[3, 0, 100]], [[4, 1, 100]]], np.float32)
    assert end_point_error(flow, truth) == pytest.approx((5 + 1) / 2)
    assert np.isnan(end_point_error(flow, np.full_like(truth, np.nan)))


def flo(width: int, height: int, payload: int) -> bytes:
    return b"PIEH" + struct.pack("<ii", width, height) + bytes(payload)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "no flow file"),
        (b"PIEH", "damaged"),
        (flo(2, 2, 31), "damaged"),
        (flo(2, 2, 33), "damaged"),
        (flo(-2, -2, 32), "damaged"),
        (flo(2**31 - 1, 2**31 - 1, 32), "damaged"),
        (b"HEIP" + flo(2, 2, 32)[4:], "no flow file"),
        (b"\x89PNG\r\n\x1a\n and no more", "damaged"),
    ],
)
def test_damaged_and_foreign_files_are_an_error(content: bytes, what: str, tmp_path: Path) -> None:
    (tmp_path / "odd.flo").write_bytes(content)
    with pytest.raises(FlowFileError, match=what) as caught:
        read_flow(tmp_path / "odd.flo")
    assert caught.value.subject == str(tmp_path / "odd.flo")


def test_a_picture_of_a_flow_is_not_taken_for_the_flow(tmp_path: Path) -> None:
    write_picture(tmp_path / "colours.png", np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(FlowFileError, match="holds no flow"):
        read_flow(tmp_path / "colours.png")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FlowFileError, match="can't be read"):
        read_flow(tmp_path / "gone.flo")


def test_a_folder_that_can_not_be_written_is_an_error(flow: np.ndarray, tmp_path: Path) -> None:
    for write, content in ((write_flo, flow), (write_picture, np.zeros((4, 4, 3), np.uint8))):
        with pytest.raises(FlowFileError, match="can't be written"):
            write(tmp_path / "gone" / "a", content)
