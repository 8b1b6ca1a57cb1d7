"""Tiny labelled videos on disk, and a detector that predicts no motion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.datasets import LabelledVideo
from tests.vadgui.fakes import StillPredictor

MakeVideo = Callable[..., LabelledVideo]


@pytest.fixture
def predictor() -> Any:
    return StillPredictor()


@pytest.fixture
def make_labelled(tmp_path: Path) -> MakeVideo:
    def make(name: str, truth: str, flashes: Sequence[int] = (), brightest: int = 200) -> LabelledVideo:
        """A folder of pictures, frame t labelled by letter t ("x" is abnormal); a box flashes up in some frames.

        StillPredictor's error is at a flash and at the frame after it.
        """
        folder = tmp_path / name
        folder.mkdir(parents=True)
        grain = np.random.default_rng(list(name.encode())).integers(0, 3, (len(truth), 48, 64, 3), np.uint8)
        for number in range(len(truth)):
            picture = np.full((48, 64, 3), brightest - 100, np.uint8) + grain[number]
            if number in flashes:
                picture[8:24, 8:24] = brightest
            cv2.imwrite(str(folder / f"{number:03}.png"), picture)
        return LabelledVideo(name, folder, np.array([letter == "x" for letter in truth]))

    return make
