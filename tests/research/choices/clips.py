"""Clips of one camera as the models see them, cut into pieces of some seconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.datasets import footage_videos
from engine.models.picture import model_picture
from engine.video import open_video

PIECE_SECONDS = 20.0
"""A camera with few long videos would otherwise leave nothing to judge a clip by once that clip is left out."""

Pictures = npt.NDArray[np.uint8]
"""uint8 [N, 256, 256, 3], RGB."""


@dataclass(frozen=True, eq=False)
class Clip:
    """A piece of normal footage."""

    name: str
    pictures: Pictures
    seconds: npt.NDArray[np.float64]
    """When each frame appears [N], from 0."""
    squeeze: float
    """How much narrower than high a square of the video looks in the square picture."""

    @property
    def fps(self) -> float:
        return float(1 / np.median(np.diff(self.seconds)))


def clips_of(paths: Sequence[Path], *, whole: bool = False) -> Iterator[Clip]:
    """All videos of files and folders, in order, in pieces of at most PIECE_SECONDS of equal length unless `whole`."""
    for path in footage_videos(paths):
        with open_video(path) as source:
            times, squeeze = source.times, source.info.height_px / source.info.width_px
            pictures = np.stack([model_picture(frame.pixels) for frame in source.frames()])
        pieces = 1 if whole else max(int(np.ceil((times[-1] - times[0]) / PIECE_SECONDS)), 1)
        edges = np.linspace(0, len(pictures), pieces + 1).astype(int)
        for number, (start, stop) in enumerate(pairwise(edges.tolist())):
            name = path.stem if pieces == 1 else f"{path.stem}-{number + 1}"
            yield Clip(name, pictures[start:stop], times[start:stop] - times[start], squeeze)
