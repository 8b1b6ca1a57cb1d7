"""A synthetic street in which figures walk to the right: footage for the tests of the experiments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

STREET_ROW = 150
"""The foot of those that walk in the street."""
_ROUND_PX = 268
"""A figure that leaves at the right comes in again at the left: the width of the picture and its own."""


def street_pictures(frames: int) -> Iterator[npt.NDArray[np.uint8]]:
    """Pictures [256, 256, 3]: dark figures of 12 by 36 px go to the right over a grey street, 2 px a frame."""
    random = np.random.default_rng(3)
    ground = random.integers(120, 136, (256, 256, 1)).repeat(3, axis=2).astype(np.uint8)
    looks = [random.integers(10, 70, (36, 12, 1)).repeat(3, axis=2).astype(np.uint8) for _ in range(4)]
    for t in range(frames):
        picture = ground.copy()
        for number, figure in enumerate(looks):
            left = (67 * number + 2 * t) % _ROUND_PX - 12
            visible = slice(max(left, 0), max(min(left + 12, 256), 0))
            picture[STREET_ROW - 36 : STREET_ROW, visible] = figure[:, visible.start - left : visible.stop - left]
        yield picture
