"""Tells folders of an archive that can't be reached for a while: their recordings wait, and have not failed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from engine.archive.walking import was_removed
from engine.common.in_time import answer_in_time
from engine.common.remote_path import RemotePath

LOOK_AGAIN_SECONDS = 30.0
"""After so long it is looked whether a folder is back."""


class Reach:
    """The folders that could not be reached when last looked."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._looked: dict[Path, float] = {}

    def is_missing(self, folder: Path) -> bool:
        """Whether a folder can't be reached now; remembered until it is back."""
        if is_out_of_reach(folder):
            self._looked[folder] = self._clock()
            return True
        self._looked.pop(folder, None)
        return False

    def missing(self) -> list[Path]:
        """The folders that are not back, looked at again from time to time."""
        for folder, looked in list(self._looked.items()):
            if self._clock() - looked >= LOOK_AGAIN_SECONDS:
                self.is_missing(folder)
        return list(self._looked)


def is_out_of_reach(folder: Path) -> bool:
    """Whether a folder does not answer or can't be read, or is empty, as where a disk or share is not mounted.

    One that was removed is not: it won't come back.
    """

    def ask() -> bool:
        if isinstance(folder, RemotePath):
            folder.exists()
            return False
        with suppress(OSError), os.scandir(folder) as entries:
            if next(entries, None) is not None:
                return False
        return not was_removed(folder, folder)

    try:
        return answer_in_time(folder, ask, otherwise=True)
    except OSError:
        return True
