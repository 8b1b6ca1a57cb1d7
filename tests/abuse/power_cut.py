"""A disk that forgets at a power cut what was not synced: what a folder would hold then, at every moment of a save."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

Contents = dict[str, bytes]
"""What the files of a folder hold, by name."""

_NAMING = ("rename", "replace", "link", "unlink")


class ForgetfulDisk:
    """Follows the syncs and renames of this process in one folder.

    After each step there are two power cuts: one that forgets every name that was given since the folder was synced,
    and one that keeps the names, but of each file only what was synced. File systems may do either.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._synced: dict[int, bytes] = {path.stat().st_ino: path.read_bytes() for path in self._files()}
        self._durable = self._named()
        self.left: list[Contents] = [self._durable]
        """What each power cut leaves."""

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Follow what the block does."""
        with pytest.MonkeyPatch.context() as patch:
            for name in _NAMING:
                patch.setattr(os, name, self._followed(getattr(os, name), self._cut))
            patch.setattr(os, "fsync", self._followed(os.fsync, self._sync))
            yield
        self._cut()

    def last_two(self) -> list[Contents]:
        """What the power cuts after everything leave."""
        return self.left[-2:]

    def _followed(self, call: Callable[..., Any], then: Callable[..., None]) -> Callable[..., Any]:
        def followed(*arguments: Any, **named: Any) -> Any:
            result = call(*arguments, **named)
            then(*arguments)
            return result

        return followed

    def _sync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path == self._folder:
            self._durable = self._named()
        elif path.parent == self._folder:
            self._synced[path.stat().st_ino] = path.read_bytes()
        self._cut()

    def _cut(self, *_: object) -> None:
        self.left += [self._durable, self._named()]

    def _named(self) -> Contents:
        return {path.name: self._synced.get(path.stat().st_ino, b"") for path in self._files()}

    def _files(self) -> list[Path]:
        return [path for path in self._folder.iterdir() if path.is_file()]
