"""Small synthetic scenes of a camera: a background of rectangles, and a square that moves across it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

SIZE = (128, 96)


def scene(camera: int, count: int = 30, start: int = 0, moving: bool = True) -> list[np.ndarray]:
    """Frames of one camera; `start` varies the position of the moving square."""
    random = np.random.default_rng(camera)
    background = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    for _ in range(25):
        x, y, width, height = random.integers((0, 0, 8, 8), (SIZE[0], SIZE[1], 40, 40)).tolist()
        cv2.rectangle(background, (x, y), (x + width, y + height), random.integers(30, 220, 3).tolist(), -1)
    frames = []
    for n in range(count):
        frame = background.copy()
        if moving:
            x, y = (start * 7 + 3 * n) % 100, (start * 13) % 70
            cv2.rectangle(frame, (x, y), (x + 20, y + 20), (250, 40, 40), -1)
        frames.append(frame)
    return frames


def write(
    path: Path,
    frames: Iterable[np.ndarray],
    fps: int = 10,
    crf: int = 20,
    times: Sequence[float] | None = None,
    rate: float | None = None,
    **container: str,
) -> Path:
    """Write frames to an H.264 file; at `times` in seconds, or at any `rate` instead of `fps`."""
    tick = Fraction(1, fps) if times is None and rate is None else Fraction(1, 10_000)
    with av.open(str(path), "w", options=container) as file:
        stream = file.add_stream("libx264", rate=fps, options={"crf": str(crf), "threads": "1"})
        assert isinstance(stream, av.VideoStream)
        for n, frame in enumerate(frames):
            if n == 0:
                stream.height, stream.width = frame.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.gop_size = 10
                stream.codec_context.time_base = tick
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            seconds = times[n] if times else n / (rate or fps)
            picture.pts, picture.time_base = round(seconds / tick), tick
            file.mux(stream.encode(picture))
        file.mux(stream.encode(None))
    return path
