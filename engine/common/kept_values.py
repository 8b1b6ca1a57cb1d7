"""A file of values that a person gave, which several windows and commands may change at once."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from filelock import FileLock

from engine.common.atomic_write import atomic_write
from engine.common.cache_files import put_aside
from engine.common.json_values import convert, convert_each, decode
from engine.common.paths import read_regular

Values = TypeVar("Values", bound=dict[str, Any] | list[Any])

_TIMEOUT_SECONDS = 10.0

_logger = logging.getLogger(__name__)


def kept_values(path: Path, kind: type[Values]) -> Values:
    """What is kept in the file; nothing where there is none, or it can't be read."""
    try:
        return _read(path, kind)[0]
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
            values, is_whole = _read(path, kind)
        except FileNotFoundError:
            values, is_whole = _none(kind), True
        except ValueError:
            values, is_whole = _none(kind), False
        if not is_whole:
            with suppress(OSError):
                aside = put_aside(path)
                _logger.warning("A damaged file is put aside as %s; %d entries of it can be read", aside, len(values))
        yield values
        with atomic_write(path) as file:
            # All ASCII: names of files that are no Unicode can be kept, too.
            file.write(json.dumps(values, indent=1).encode("ascii"))


def _read(path: Path, kind: type[Values]) -> tuple[Values, bool]:
    """What is kept in the file, and whether that is all: an entry that can't be used costs no other one.

    Raises:
        OSError: there is no such file, or it can't be read.
        ValueError: nothing can be made of it.
    """
    text = read_regular(path)
    with suppress(ValueError):
        return decode(text, kind), True
    sound = _none(kind)
    entry_kind: Any = get_args(kind)[-1]
    if isinstance(sound, dict):
        for key, value in decode(text, dict[str, Any]).items():
            with suppress(ValueError):
                sound[key] = convert(value, entry_kind)
    else:
        sound.extend(convert_each(decode(text, list[Any]), entry_kind))
    return sound, False


def _none(kind: type[Values]) -> Values:
    empty: Values = (get_origin(kind) or kind)()
    return empty
