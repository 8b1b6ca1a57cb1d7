"""A clip whose pictures were changed, as a recording."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from tests.research.choices.clips import Pictures
from tests.vadgui.fakes import MemoryVideo


class ChangedVideo(MemoryVideo):
    """Its frames are pictures that are at hand."""

    def __init__(self, pictures: Pictures, seconds: npt.NDArray[np.float64]) -> None:
        super().__init__(Path("changed"), len(pictures))
        self._pictures, self._times = pictures, seconds

    def _pixels(self, index: int) -> Pictures:
        return self._pictures[index]
