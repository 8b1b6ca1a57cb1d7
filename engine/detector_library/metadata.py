"""What a library remembers beside its files: names, notes and cameras."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.common.atomic_write import atomic_write
from engine.common.errors import DetectorFileError
from engine.common.file_lock import try_lock, unlock
from engine.models.detector_header import Label

_VERSION = 1
_TIMEOUT_SECONDS = 10.0


@dataclass
class LibraryMetadata:
    """Everything by fingerprint, so that files renamed or moved by hand keep it."""

    labels: dict[str, Label] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    """Detectors by camera, as earlier versions let people choose them: kept, for without it they take the file for
    damaged."""


class MetadataFile:
    """The file `library.json` of a folder; several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "library.json"

    def read(self) -> LibraryMetadata:
        """What is remembered; nothing where the file is missing, damaged, or of a newer version."""
        try:
            return _parse(self._path.read_bytes()) or LibraryMetadata()
        except (OSError, ValueError):
            return LibraryMetadata()

    @contextmanager
    def change(self) -> Iterator[LibraryMetadata]:
        """What is remembered, to be changed; saved when the block ends well. A damaged file is kept aside.

        Raises:
            DetectorFileError: the folder can't be written, or a newer version of the program made the file.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _held(self._folder / ".lock"):
                metadata = self._read_or_put_aside()
                yield metadata
                with atomic_write(self._path) as file:
                    file.write(_dump(metadata))
        except OSError as error:
            raise DetectorFileError(
                "The detector library can't be written",
                subject=self._folder,
                advice=f"Check folder and free disk space, or name another folder in VADGUI_DETECTORS ({error}).",
            ) from error

    def _read_or_put_aside(self) -> LibraryMetadata:
        try:
            metadata = _parse(self._path.read_bytes())
        except FileNotFoundError:
            return LibraryMetadata()
        except ValueError:
            self._path.replace(self._path.with_name(f"library.damaged-{time.time_ns()}.json"))
            return LibraryMetadata()
        if metadata is None:
            raise DetectorFileError(
                "The detector library was written by a newer version of vadgui",
                subject=self._path,
                advice="Update vadgui to change it.",
            )
        return metadata


def _parse(data: bytes) -> LibraryMetadata | None:
    """What a file says; None where it is of a newer version.

    Raises:
        ValueError: the file is damaged.
    """
    try:
        content = json.loads(data)
        if content["version"] > _VERSION:
            return None
        labels = {
            _text(key): Label(**{k: _text(v) for k, v in each.items()}) for key, each in content["labels"].items()
        }
        active = {_text(camera): _text(fingerprint) for camera, fingerprint in content["active"].items()}
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return LibraryMetadata(labels, active)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _dump(metadata: LibraryMetadata) -> bytes:
    return json.dumps({"version": _VERSION, **asdict(metadata)}, indent=2, ensure_ascii=False).encode()


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keeps other processes out while the block runs; the system lets go of it when a process dies.

    Raises:
        OSError: another process does not let go of it.
    """
    with path.open("ab") as file:
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise TimeoutError("another process is using it")
            time.sleep(0.02)
        try:
            yield
        finally:
            unlock(file)
