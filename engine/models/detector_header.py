"""What stands at the beginning of a detector's file: read without loading it, copied with another label."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from engine.common.atomic_write import atomic_write
from engine.common.errors import DetectorFileError
from engine.common.json_values import convert, decode

_LABEL = "library"  # beside the settings and outside their checksum: a detector keeps its fingerprint when renamed
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100 << 20  # safetensors' own limit


@dataclass(frozen=True)
class Label:
    """What a person calls a detector; travels in exported files."""

    name: str = ""
    note: str = ""
    camera: str = ""


class TrainingRecord(TypedDict, total=False):
    """What is read of how a detector was trained; more is recorded."""

    videos: list[str]
    held_out: list[str]
    held_out_since: dict[str, float]


@dataclass(frozen=True)
class _Settings:
    """What is read of a detector's settings without loading it."""

    name: str = ""
    preset: str = ""
    teacher: str = ""
    created: str = ""
    training: TrainingRecord = field(default_factory=TrainingRecord)
    calibration: dict[str, Any] | None = None


@dataclass(frozen=True)
class DetectorHeader:
    """What a detector's file says of itself; whether its weights are whole only loading tells."""

    fingerprint: str
    settings: dict[str, Any]
    label: Label


def read_header(path: Path) -> DetectorHeader:
    """The header of a detector's file.

    Raises:
        DetectorFileError: the file can't be read, or is no detector.
    """
    metadata = read_metadata(path)
    try:
        settings = decode(metadata["settings"], dict[str, Any])
        convert(settings, _Settings)
        fingerprint = metadata["sha256"]
        label = decode(metadata.get(_LABEL, "{}"), Label)
        if not fingerprint:
            raise ValueError
    except (KeyError, ValueError) as error:
        raise _no_detector(path) from error
    return DetectorHeader(fingerprint, settings, label)


def read_metadata(path: Path) -> dict[str, str]:
    """What a safetensors file holds beside its tensors, whoever wrote it.

    Raises:
        DetectorFileError: the file can't be read, or is no safetensors file.
    """
    with _opened(path) as file:
        return _read(file, path)[0]


def copy_labelled(source: Path, target: Path, label: Label) -> None:
    """Copy a detector's file under a label; weights, settings and fingerprint stay as they are.

    Raises:
        DetectorFileError: `source` is no detector.
        OSError: `target` can't be written.
    """
    with _opened(source) as file:
        metadata, tensors = _read(file, source)
        metadata[_LABEL] = json.dumps(asdict(label), ensure_ascii=False)
        header = json.dumps({"__metadata__": metadata, **tensors}, ensure_ascii=False).encode()
        header += b" " * (-len(header) % _LENGTH_BYTES)  # tensors stay aligned
        with atomic_write(target) as copy:
            copy.write(len(header).to_bytes(_LENGTH_BYTES, "little"))
            copy.write(header)
            shutil.copyfileobj(file, copy)


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise DetectorFileError(
            "There is no detector file", subject=path, advice="It may have been moved or deleted: check the path."
        ) from error
    except OSError as error:
        raise DetectorFileError(
            "The detector file can't be read", subject=path, advice=f"Check its permissions ({error.strerror})."
        ) from error


def _read(file: BinaryIO, path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Metadata and tensors' places; the file then stands where the tensors begin."""
    length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
    try:
        if length > _MAX_HEADER_BYTES:
            raise ValueError
        header = decode(file.read(length), dict[str, Any])
        # Settings and label are JSON inside of JSON: safetensors takes nothing but strings.
        metadata = convert(header.pop("__metadata__", {}), dict[str, str])
    except ValueError as error:
        raise _no_detector(path) from error
    return metadata, header


def _no_detector(path: Path) -> DetectorFileError:
    return DetectorFileError(
        "This is not a detector, or its file is damaged",
        subject=path,
        advice="Detectors are .safetensors files that a training makes; copy it again from where it came from.",
    )
