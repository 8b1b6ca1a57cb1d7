"""Tells folders of an archive that can't be reached for a while: their recordings wait, and have not failed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from engine.common.reach import is_out_of_reach

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
