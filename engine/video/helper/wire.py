"""What goes between the program and a helper: JSON and bytes, never pickles, as the helper is not trusted."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt

from engine.common.errors import Cancelled, DeviceError, ExportError, VadError, VideoError
from engine.common.json_values import convert, decode
from engine.common.names import displayable
from engine.video.picture_file import MAX_PIXELS
from engine.video.source import VideoInfo
from engine.video.wall_clock import FROM_METADATA, FROM_NAME, RecordingStart

Fill = Callable[[memoryview], None]
"""Fills a buffer with the bytes that come next."""

_HEAD = struct.Struct("<IQ")
_MAX_JSON_BYTES = 64 << 20
MAX_BYTES = 1 << 30
"""Of what comes behind the JSON: times of 60 million frames, or a picture."""
_ERRORS: dict[str, type[VadError]] = {"VideoError": VideoError, "ExportError": ExportError, "DeviceError": DeviceError}


class ProtocolError(Exception):
    """What a helper sent is not what was agreed: its memory may be damaged."""


def packed(message: Mapping[str, Any], data_bytes: int = 0) -> bytes:
    """A message as bytes, behind which so many bytes of data follow."""
    text = json.dumps(message).encode()
    return _HEAD.pack(len(text), data_bytes) + text


def received(fill: Fill, limit_bytes: int = MAX_BYTES) -> tuple[dict[str, Any], npt.NDArray[np.uint8]]:
    """The next message and its data.

    Raises:
        ProtocolError: it is longer than allowed, or no message.
    """
    head = bytearray(_HEAD.size)
    fill(memoryview(head))
    text_bytes, data_bytes = _HEAD.unpack(head)
    if text_bytes > _MAX_JSON_BYTES or data_bytes > limit_bytes:
        raise ProtocolError("a message that is too long")
    text = bytearray(text_bytes)
    fill(memoryview(text))
    data = np.empty(data_bytes, np.uint8)
    if data_bytes:
        fill(data.data)
    try:
        return decode(bytes(text), dict[str, Any]), data
    except ValueError as error:
        raise ProtocolError("no message") from error


# What is known of a video


def info_values(info: VideoInfo) -> dict[str, Any]:
    """Facts of a video, for JSON; its path is known to whoever asked."""
    values = asdict(info)
    del values["path"]
    start = info.start
    return values | {"start": start and {"utc": start.utc.isoformat(), "origin": str(start.origin)}}


def info_of(values: Any, path: Path) -> VideoInfo:
    """Facts of a video from JSON.

    Raises:
        ValueError: they are not those of a video.
    """
    fields = convert(values, dict[str, Any])
    hints = get_type_hints(VideoInfo)
    hints["start"] = dict[str, str] | None
    del hints["path"]
    if missing := hints.keys() - fields.keys():
        raise ValueError(f"no {missing}")
    facts = {name: convert(fields[name], hint) for name, hint in hints.items()}
    facts["start"] = _start_of(facts["start"])
    facts["name"] = displayable(path.name)
    info = VideoInfo(path=path, **facts)
    if min(info.width_px, info.height_px, *info.stored_px, info.frame_count) < 1:
        raise ValueError("a video without pictures")
    # Pictures of the shown size are made in this process.
    if info.width_px * info.height_px > MAX_PIXELS:
        raise ValueError("pictures that are larger than any")
    if not all(math.isfinite(each) and each > 0 for each in (info.duration_seconds, info.average_fps)):
        raise ValueError("a video without time")
    return info


def _start_of(values: dict[str, str] | None) -> RecordingStart | None:
    if values is None:
        return None
    moment = datetime.fromisoformat(values.get("utc", ""))
    # The constants themselves, which are translated where they are shown.
    origin = next((each for each in (FROM_NAME, FROM_METADATA) if each == values.get("origin")), FROM_METADATA)
    return RecordingStart(moment.astimezone(UTC), origin)


def checked_index(
    info: VideoInfo, data: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Times [N] and keyframes [K] of a video's frames from bytes, read-only.

    Raises:
        ValueError: they are not those of so many frames.
    """
    split = 8 * info.frame_count
    if len(data) % 8 or len(data) <= split:
        raise ValueError("an index of another length")
    times, keyframes = data[:split].view(np.float64), data[split:].view(np.int64)
    if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
        raise ValueError("times that do not go forward")
    if keyframes[0] != 0 or keyframes[-1] >= len(times) or (np.diff(keyframes) <= 0).any():
        raise ValueError("keyframes that are no frames")
    times.flags.writeable = keyframes.flags.writeable = False
    return times, keyframes


# Errors


def error_values(error: BaseException) -> dict[str, str]:
    """An error, for JSON; of what is no failure that a person can act on, its words for the log."""
    if isinstance(error, Cancelled):
        return {"kind": "cancelled"}
    if isinstance(error, MemoryError):
        return {"kind": "memory"}
    kinds = [each.__name__ for each in type(error).__mro__]
    name = next((each for each in kinds if each in _ERRORS), "")
    if not isinstance(error, VadError) or not name:
        return {"kind": "failed", "what": repr(error)}
    return {
        "kind": "error",
        "type": name,
        "what": str(error.what),
        "subject": error.subject,
        "advice": str(error.advice),
    }


def error_of(values: dict[str, Any]) -> VadError:
    """The error that a helper tells of.

    Raises:
        ValueError: it is none.
    """
    texts = convert({name: values.get(name) for name in ("type", "what", "subject", "advice")}, dict[str, str])
    if texts["type"] not in _ERRORS:
        raise ValueError("an unknown error")
    return _ERRORS[texts["type"]](texts["what"], subject=texts["subject"] or None, advice=texts["advice"])
