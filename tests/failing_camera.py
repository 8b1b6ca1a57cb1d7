"""What goes wrong with a camera, done to the pictures of a recording: footage for the tests of its conditions."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from engine.video.frame import Pixels

Change = Callable[[Sequence[Pixels], int, int], list[Pixels]]
"""Pictures of a recording in which frames [start, stop) are another."""


def frozen(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """The recorder repeats a picture."""
    return _changed(pictures, start, stop, lambda _: pictures[start])


def black(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """The signal is lost."""
    return _changed(pictures, start, stop, lambda number: np.full_like(pictures[number], 4))


def noisy(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """As by a bad cable, or at night."""
    return _changed(pictures, start, stop, lambda number: _with_noise(pictures[number], number, 15))


def rainy(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """150 streaks, in each frame elsewhere."""

    def picture(number: int) -> Pixels:
        random = np.random.default_rng(number)
        drawn = np.ascontiguousarray(pictures[number]).copy()
        height, width = drawn.shape[:2]
        length, thickness = height // 17, max(width // 200, 1)
        for x, y in zip(random.integers(0, width, 150).tolist(), random.integers(0, height, 150).tolist(), strict=True):
            cv2.line(drawn, (x, y), (x + 2, y + length), (210, 210, 210), thickness, cv2.LINE_AA)
        return drawn

    return _changed(pictures, start, stop, picture)


def infrared(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """The filter swings away: dark for 3 frames, bright for 4, then grey with less contrast and noise."""

    def picture(number: int) -> Pixels:
        since = number - start
        if since < 3:
            return (pictures[number] * 0.15).astype(np.uint8)
        if since < 7:
            return np.clip(pictures[number] * 1.2 + 90.0, 0, 255).astype(np.uint8)
        grey = cv2.cvtColor(pictures[number], cv2.COLOR_RGB2GRAY)[..., None].repeat(3, axis=2).astype(np.float32)
        low = (grey - grey.mean()) * 0.55 + grey.mean()
        return _with_noise(np.clip(low, 0, 255).astype(np.uint8), number, 4)

    return _changed(pictures, start, stop, picture)


def lamp(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """A lamp goes on, and off again."""
    return _changed(
        pictures, start, stop, lambda number: np.clip(pictures[number] * 1.3 + 10.0, 0, 255).astype(np.uint8)
    )


def covered(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """A cloth hangs over the lens: some light, no pattern but noise."""
    height, width = pictures[0].shape[:2]
    light = np.linspace(50, 75, width, dtype=np.float32)[None, :, None]
    cloth = np.broadcast_to(light, (height, width, 3)).astype(np.uint8)
    return _changed(pictures, start, stop, lambda number: _with_noise(cloth, number, 2))


def out_of_focus(pictures: Sequence[Pixels], start: int, stop: int) -> list[Pixels]:
    """The lens loses the scene."""
    return _changed(pictures, start, stop, lambda number: cv2.GaussianBlur(pictures[number], (0, 0), 4))


def _changed(pictures: Sequence[Pixels], start: int, stop: int, of: Callable[[int], Pixels]) -> list[Pixels]:
    return [of(number) if start <= number < stop else picture for number, picture in enumerate(pictures)]


def _with_noise(picture: Pixels, seed: int, spread: float) -> Pixels:
    noise = np.random.default_rng(seed).normal(0, spread, picture.shape[:2])[..., None]
    return np.clip(picture + noise, 0, 255).astype(np.uint8)
