"""What a library remembers beside its files: names, notes, cameras, and which detector is active where."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engine.detector_library.header import Label
from engine.errors import DetectorFileError
from engine.file_lock import try_lock, unlock
from engine.whole_file import whole_file

_VERSION = 1
_PATIENCE_SECONDS = 10.0


@dataclass
class Memory:
    """Everything by fingerprint, so that files renamed or moved by hand keep it."""

    labels: dict[str, Label] = field(default_factory=dict)
    active: dict[str, str] = field(default_factory=dict)
    """Fingerprint of the detector that is active for a camera; the camera "" stands for all others."""


class MemoryFile:
    """The file `library.json` of a folder; several processes may use it at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "library.json"

    def read(self) -> Memory:
        """What is remembered; nothing where the file is missing, damaged, or of a newer version."""
        try:
            return _parse(self._path.read_bytes()) or Memory()
        except (OSError, ValueError):
            return Memory()

    @contextmanager
    def change(self) -> Iterator[Memory]:
        """What is remembered, to be changed; saved when the block ends well. A damaged file is kept aside.

        Raises:
            DetectorFileError: the folder can't be written, or a newer version of the program made the file.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _held(self._folder / ".lock"):
                memory = self._read_or_put_aside()
                yield memory
                with whole_file(self._path) as file:
                    file.write(_dump(memory))
        except OSError as error:
            raise DetectorFileError(
                "The detector library can't be written",
                subject=self._folder,
                advice=f"Check folder and free disk space, or name another folder in VADGUI_DETECTORS ({error}).",
            ) from error

    def _read_or_put_aside(self) -> Memory:
        try:
            memory = _parse(self._path.read_bytes())
        except FileNotFoundError:
            return Memory()
        except ValueError:
            self._path.replace(self._path.with_name(f"library.damaged-{time.time_ns()}.json"))
            return Memory()
        if memory is None:
            raise DetectorFileError(
                "The detector library was written by a newer version of vadgui",
                subject=self._path,
                advice="Update vadgui to change it.",
            )
        return memory


def _parse(data: bytes) -> Memory | None:
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
    return Memory(labels, active)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r}")
    return value


def _dump(memory: Memory) -> bytes:
    return json.dumps({"version": _VERSION, **asdict(memory)}, indent=2, ensure_ascii=False).encode()


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Keeps other processes out while the block runs; the system lets go of it when a process dies.

    Raises:
        OSError: another process does not let go of it.
    """
    with path.open("ab") as file:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not try_lock(file):
            if time.monotonic() > deadline:
                raise TimeoutError("another process is using it")
            time.sleep(0.02)
        try:
            yield
        finally:
            unlock(file)
