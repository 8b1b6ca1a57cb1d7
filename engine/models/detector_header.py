"""The header of a detector's file: reading it without loading the weights, and copying the file with another label."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypedDict

from engine.common.atomic_write import atomic_write
from engine.common.errors import DetectorFileError
from engine.common.json_values import convert, decode
from engine.common.language import tr

_LABEL = "library"  # metadata key outside the checksum, so that a renamed detector keeps its fingerprint
_LENGTH_BYTES = 8
_MAX_HEADER_BYTES = 100 << 20  # the limit of the safetensors library


@dataclass(frozen=True)
class Label:
    """A detector's name, note and camera as given by the user; stored in exported files."""

    name: str = ""
    note: str = ""
    camera: str = ""


class TrainingRecord(TypedDict, total=False):
    """The entries of a training record that the program reads; files contain more."""

    videos: list[str]
    held_out: list[str]
    held_out_since: dict[str, float]


@dataclass(frozen=True)
class _Settings:
    """The settings that are read without loading the detector."""

    name: str = ""
    preset: str = ""
    teacher: str = ""
    created: str = ""
    training: TrainingRecord = field(default_factory=TrainingRecord)
    calibration: dict[str, Any] | None = None


@dataclass(frozen=True)
class DetectorHeader:
    """The header of a detector's file; it does not tell whether the weights are undamaged."""

    fingerprint: str
    settings: dict[str, Any]
    label: Label


def read_header(path: Path) -> DetectorHeader:
    """Read the header of a detector's file.

    Raises:
        DetectorFileError: the file can't be read, or is not a detector.
    """
    metadata = read_metadata(path)
    try:
        settings = decode(metadata["settings"], dict[str, Any])
        convert(settings, _Settings)
        json.dumps(settings, ensure_ascii=False).encode()  # raises where a text is none, such as half a character
        fingerprint = metadata["sha256"]
        label = decode(metadata.get(_LABEL, "{}"), Label)
        if not (fingerprint.isascii() and fingerprint.isalnum()):
            raise ValueError
    except (KeyError, ValueError) as error:
        raise _not_a_detector_error(path) from error
    return DetectorHeader(fingerprint, settings, label)


def read_metadata(path: Path) -> dict[str, str]:
    """Read the metadata of any safetensors file.

    Raises:
        DetectorFileError: the file can't be read, or is not a safetensors file.
    """
    with _open(path) as file:
        return _read(file, path)[0]


def copy_labelled(source: Path, target: Path, label: Label) -> None:
    """Copy a detector's file with another label; weights, settings and fingerprint do not change.

    Raises:
        DetectorFileError: `source` is not a detector.
        OSError: `target` can't be written.
    """
    with _open(source) as file:
        metadata, tensors = _read(file, source)
        metadata[_LABEL] = json.dumps(asdict(label), ensure_ascii=False)
        header = json.dumps({"__metadata__": metadata, **tensors}).encode()
        header += b" " * (-len(header) % _LENGTH_BYTES)  # keeps the tensors aligned to 8 bytes
        with atomic_write(target) as copy:
            copy.write(len(header).to_bytes(_LENGTH_BYTES, "little"))
            copy.write(header)
            shutil.copyfileobj(file, copy)


def _open(path: Path) -> BinaryIO:
    try:
        if path.exists() and not path.is_file():
            raise _not_a_detector_error(path)  # reading a pipe would wait for whoever writes to it
        return path.open("rb")
    except FileNotFoundError as error:
        raise DetectorFileError(
            tr("There is no detector file"),
            subject=path,
            advice=tr("It may have been moved or deleted: check the path."),
        ) from error
    except OSError as error:
        raise _unreadable_error(path, error) from error


def _read(file: BinaryIO, path: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Read metadata and tensor entries of the header; leaves the file position at the start of the tensor data."""
    try:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        if length > _MAX_HEADER_BYTES:
            raise ValueError
        header = decode(file.read(length), dict[str, Any])
        # safetensors metadata values must be strings, so settings and label are JSON strings.
        metadata = convert(header.pop("__metadata__", {}), dict[str, str])
    except OSError as error:
        raise _unreadable_error(path, error) from error
    except ValueError as error:
        raise _not_a_detector_error(path) from error
    return metadata, header


def _unreadable_error(path: Path, error: OSError) -> DetectorFileError:
    return DetectorFileError(
        tr("The detector file can't be read"),
        subject=path,
        advice=tr("Check its permissions ({reason}).").format(reason=error.strerror),
    )


def _not_a_detector_error(path: Path) -> DetectorFileError:
    return DetectorFileError(
        tr("This is not a detector, or its file is damaged"),
        subject=path,
        advice=tr("Detectors are .safetensors files that a training makes; copy it again from where it came from."),
    )
