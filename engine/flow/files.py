"""Reads and writes flow in the file formats of benchmarks: Middlebury's .flo and KITTI's 16-bit PNG."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np

from engine.common.atomic_write import atomic_write
from engine.common.errors import FlowFileError
from engine.flow.colour import Flow
from engine.video.picture_file import decode_picture, read_picture_bytes

_FLO_MAGIC = struct.pack("<f", 202021.25)  # spells PIEH
_FLO_HEADER = struct.Struct("<4sii")
_FLO_UNKNOWN = np.float32(1e10)
_FLO_MAX = 1e9
"""Larger values mean "unknown"."""
_MAX_SIDE = 99_999  # as in Middlebury's reader: a larger width or height means a damaged header
_PNG_MAGIC = b"\x89PNG"


def read_flow(path: Path) -> Flow:
    """Flow [2, H, W] in px of a .flo file or a KITTI flow picture, recognised by content; NaN where it is unknown.

    Raises:
        FlowFileError: the file can't be read, or is neither.
    """
    try:
        data = read_picture_bytes(path)
    except OSError as error:
        raise FlowFileError("The flow can't be read", subject=path, advice=f"{error.strerror}.") from error
    except ValueError as error:
        raise FlowFileError("This is no flow file", subject=path, advice=f"Choose another: {error}.") from error
    if data.startswith(_FLO_MAGIC):
        return _decode_flo(data, path)
    if data.startswith(_PNG_MAGIC):
        return _decode_kitti(data, path)
    raise FlowFileError(
        "This is no flow file", subject=path, advice="Middlebury's .flo and KITTI's 16-bit PNG files can be read."
    )


def write_flo(path: Path, flow: Flow) -> None:
    """Write a flow [2, H, W] as a Middlebury .flo file, replacing an older one; NaN is written as "unknown".

    Raises:
        FlowFileError: the file can't be written.
    """
    valid = np.isfinite(flow).all(axis=0)
    values = np.where(valid, flow, _FLO_UNKNOWN).astype("<f4").transpose(1, 2, 0)
    try:
        with atomic_write(path) as file:
            file.write(_FLO_HEADER.pack(_FLO_MAGIC, flow.shape[2], flow.shape[1]))
            file.write(values.tobytes())
    except OSError as error:
        raise _unwritable(path, error) from error


def write_picture(path: Path, rgb: np.typing.NDArray[np.uint8]) -> None:
    """Write a flow's colours [H, W, 3] as a PNG, replacing an older one.

    Raises:
        FlowFileError: the file can't be written.
    """
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    try:
        with atomic_write(path) as file:
            file.write(data.tobytes())
    except OSError as error:
        raise _unwritable(path, error) from error


def end_point_error(flow: Flow, truth: Flow) -> float:
    """Mean distance in px between a flow and the true one [2, H, W] over pixels where `truth` is known, else NaN."""
    distance = np.hypot(*(flow.astype(np.float64) - truth))
    valid = np.isfinite(truth).all(axis=0)
    return float(distance[valid].mean()) if valid.any() else float("nan")


def _decode_flo(data: bytes, path: Path) -> Flow:
    width = height = 0
    if len(data) >= _FLO_HEADER.size:
        _, width, height = _FLO_HEADER.unpack_from(data)
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE):
        raise _damaged(path, "its header names no size")
    expected = _FLO_HEADER.size + width * height * 2 * 4
    if len(data) != expected:
        raise _damaged(path, f"{width}x{height} pixels take {expected} bytes, it has {len(data)}")
    values = np.frombuffer(data, "<f4", offset=_FLO_HEADER.size).reshape(height, width, 2).transpose(2, 0, 1)
    # NaN means unknown too: its comparison is False.
    valid = (np.abs(values) <= _FLO_MAX).all(axis=0)
    return np.where(valid, values, np.nan).astype(np.float32)


def _decode_kitti(data: bytes, path: Path) -> Flow:
    """Decode dx and dy from red and green, in 1/64 px around 2^15; blue tells whether they are valid (KITTI devkit)."""
    try:
        picture = decode_picture(data, cv2.IMREAD_UNCHANGED)
    except ValueError as error:
        raise _damaged(path, str(error)) from error
    if picture.dtype != np.uint16 or picture.ndim != 3 or picture.shape[2] != 3:
        raise FlowFileError(
            "This picture holds no flow",
            subject=path,
            advice="KITTI's flow is a PNG with three channels of 16 bits; colours of a flow can't be measured.",
        )
    valid, dy, dx = (picture[..., channel] for channel in range(3))  # OpenCV reads blue first
    flow = (np.stack([dx, dy]).astype(np.float32) - 2**15) / 64
    return np.where(valid > 0, flow, np.nan).astype(np.float32)


def _damaged(path: Path, reason: str) -> FlowFileError:
    return FlowFileError(
        "The flow file is damaged", subject=path, advice=f"Copy it again from where it came from ({reason})."
    )


def _unwritable(path: Path, error: OSError) -> FlowFileError:
    return FlowFileError(
        "The flow can't be written", subject=path, advice=f"Choose another place with --out ({error.strerror})."
    )
