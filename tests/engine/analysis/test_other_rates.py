"""A recording with half as many frames a second says the same of what happens in it."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest

import resources
from engine.analysis.pipeline import motions
from engine.common.events import ShouldStop, never_stop
from engine.models.detector import load_detector
from engine.scoring.motion_histogram import MotionHistogram
from engine.video import open_video
from engine.video.frame import Frame

START, COUNT, FPS = 100, 75, 25


class Film:
    """Frames at hand."""

    def __init__(self, frames: list[Frame], fps: float) -> None:
        self._frames = frames
        self.times = np.arange(len(frames)) / fps
        self.frame_seconds = 1 / fps

    def __len__(self) -> int:
        return len(self._frames)

    def pictures(self, wanted: list[int], size: int, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        del should_stop
        for number in wanted:
            yield Frame(
                cv2.resize(self._frames[number].pixels, (size, size), interpolation=cv2.INTER_AREA), number, 0.0
            )


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    with open_video(resources.demo_video()) as source:
        return list(source.frames(START, START + COUNT))


@pytest.fixture(scope="module")
def normal() -> MotionHistogram:
    detector, _ = load_detector(resources.detector_path("plaza"))
    assert detector.normal_model.motion is not None
    assert detector.settings.calibration is not None
    assert detector.settings.calibration.frame_seconds == pytest.approx(1 / FPS)
    return detector.normal_model.motion


def rarities(normal: MotionHistogram, film: Film, frame_seconds: float) -> np.ndarray:
    """By speed and by direction [N - 1, 2] of each transition."""
    found = [normal.rarities(motion) for _, _, motion in motions(film, frame_seconds=frame_seconds)]  # type: ignore[arg-type]
    return np.array([[by_speed.max(), by_direction.max()] for by_speed, by_direction in found])


@pytest.mark.slow
def test_motion_is_as_rare_at_half_the_rate(frames: list[Frame], normal: MotionHistogram) -> None:
    whole = rarities(normal, Film(frames, FPS), 1 / FPS)[1::2]
    half = Film(frames[::2], FPS / 2)
    told, untold = (rarities(normal, half, seconds) for seconds in (1 / FPS, 2 / FPS))
    # The first are measured over less than a fifth of a second.
    errors, without = (np.abs(each - whole[: len(each)])[5:].mean() for each in (told, untold))
    assert errors < 1
    assert without > 2 * errors
