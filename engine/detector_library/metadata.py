"""The library's metadata file: names, notes and cameras of detectors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from engine.common.atomic_write import atomic_write
from engine.common.errors import DetectorFileError
from engine.common.json_values import decode
from engine.common.language import tr
from engine.common.paths import read_regular
from engine.models.detector_header import Label

_VERSION = 1
_TIMEOUT_SECONDS = 10.0


@dataclass
class LibraryMetadata:
    """Metadata by fingerprint, so that files that are renamed or moved by hand keep it."""

    labels: dict[str, Label] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    """Detectors by camera, which earlier versions let people choose; they need the field to read the file."""


@dataclass
class _Versioned:
    version: int


@dataclass
class _Content:
    labels: dict[str, Label]
    active: dict[str, str]


class MetadataFile:
    """The file `library.json` of a folder; safe to use from several processes at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "library.json"

    def read(self) -> LibraryMetadata:
        """Read the metadata; empty if the file is missing, damaged, or of a newer version."""
        try:
            return _parse(read_regular(self._path)) or LibraryMetadata()
        except (OSError, ValueError):
            return LibraryMetadata()

    @contextmanager
    def change(self) -> Iterator[LibraryMetadata]:
        """The metadata, to be changed in the block; saved when the block succeeds. A damaged file is renamed and kept.

        Raises:
            DetectorFileError: the folder can't be written, or a newer version of the program made the file.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / ".lock", timeout=_TIMEOUT_SECONDS, poll_interval=0.02):
                metadata = self._read_or_put_aside()
                yield metadata
                with atomic_write(self._path) as file:
                    file.write(_dump(metadata))
        except OSError as error:
            reason = tr("another process is using it") if isinstance(error, Timeout) else error
            raise DetectorFileError(
                tr("The detector library can't be written"),
                subject=self._folder,
                advice=tr(
                    "Check folder and free disk space, or name another folder in VADGUI_DETECTORS ({reason})."
                ).format(reason=reason),
            ) from error

    def _read_or_put_aside(self) -> LibraryMetadata:
        try:
            metadata = _parse(read_regular(self._path))
        except FileNotFoundError:
            return LibraryMetadata()
        except ValueError:
            self._path.replace(self._path.with_name(f"library.damaged-{time.time_ns()}.json"))
            return LibraryMetadata()
        if metadata is None:
            raise DetectorFileError(
                tr("The detector library was written by a newer version of vadgui"),
                subject=self._path,
                advice=tr("Update vadgui to change it."),
            )
        return metadata


def _parse(data: bytes) -> LibraryMetadata | None:
    """Parse a metadata file; None if it is of a newer version.

    Raises:
        ValueError: the file is damaged.
    """
    if decode(data, _Versioned).version > _VERSION:
        return None
    content = decode(data, _Content)
    return LibraryMetadata(content.labels, content.active)


def _dump(metadata: LibraryMetadata) -> bytes:
    return json.dumps({"version": _VERSION, **asdict(metadata)}, indent=2, ensure_ascii=False).encode()
