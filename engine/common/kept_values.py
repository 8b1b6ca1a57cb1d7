"""A file of values that a person gave, which several windows and commands may change at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, get_origin

from filelock import FileLock

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import put_aside
from engine.common.json_values import decode

Values = TypeVar("Values", bound=dict[str, Any] | list[Any])

_TIMEOUT_SECONDS = 10.0


def kept_values(path: Path, kind: type[Values]) -> Values:
    """What is kept in the file; nothing where there is none, or it can't be read."""
    try:
        return decode(path.read_bytes(), kind)
    except (OSError, ValueError):
        return _none(kind)


@contextmanager
def changed_values(path: Path, kind: type[Values]) -> Iterator[Values]:
    """What is kept, for the block to change; written at its end. A damaged file is put aside.

    Raises:
        OSError: the file can't be written, or somebody else keeps it locked.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock"), timeout=_TIMEOUT_SECONDS, poll_interval=0.02):
        try:
            values = decode(path.read_bytes(), kind)
        except FileNotFoundError:
            values = _none(kind)
        except ValueError:
            with suppress(OSError):
                put_aside(path)
            values = _none(kind)
        yield values
        with atomic_write(path) as file:
            # All ASCII: names of files that are no Unicode can be kept, too.
            file.write(json.dumps(values, indent=1).encode("ascii"))


def _none(kind: type[Values]) -> Values:
    empty: Values = (get_origin(kind) or kind)()
    return empty
