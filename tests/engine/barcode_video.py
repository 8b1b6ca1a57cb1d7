"""A video in memory whose frames carry their number as a barcode, and a predictor that expects nothing to move."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from engine.common.errors import Cancelled
from engine.common.events import ShouldStop, never_stop
from engine.flow.teachers import teacher_by_name
from engine.scoring.normal_model import NormalModel
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoInfo, VideoSource

BITS = 8
EXPECTED_FLOW = (0.9, 0.5, 0.2)
"""What BarcodePredictor predicts of every flow, RGB."""


class BarcodeVideo(VideoSource):
    """Frames with their number in the upper third above a texture that moves to the right."""

    def __init__(
        self, times: Sequence[float], duration: float, size: tuple[int, int] = (128, 96), name: str = "cam.avi"
    ) -> None:
        width, height = size
        self._times = np.array(times, np.float64)
        fps = len(times) / duration
        self._info = VideoInfo(Path(name), name, width, height, len(times), duration, fps, "pictures", f"{name}-{size}")
        texture = np.random.default_rng(3).integers(40, 216, (height, width + 3 * len(times), 3), np.uint8)
        self._texture = cv2.GaussianBlur(texture, (0, 0), 2)
        self.decodes_until = len(times)
        """A damaged file ends before the frame count it announces."""

    @property
    def info(self) -> VideoInfo:
        return self._info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        return self._times

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        del should_stop
        shift = 3 * (len(self) - index)
        width, height = self._info.width_px, self._info.height_px
        pixels = np.array(self._texture[:, shift : shift + width])
        for bit in range(BITS):
            left, right = (round(width * place / BITS) for place in (bit, bit + 1))
            pixels[: height // 3, left:right] = 235 if index >> bit & 1 else 20
        return Frame(pixels, index, float(self._times[index]))

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        for index in range(start, min(len(self) if stop is None else stop, self.decodes_until)):
            if should_stop():
                raise Cancelled
            yield self.read(index)

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Do nothing, because all frames are in memory."""

    def close(self) -> None:
        """Do nothing, because there is nothing to free."""


def read_barcode(picture: Pixels) -> int:
    """The frame number in a picture of a BarcodeVideo, whatever its size."""
    height, width = picture.shape[:2]
    middle = picture[height // 9 : height // 5].mean(axis=(0, 2))
    return sum(int(middle[round(width * (bit + 0.5) / BITS)] > 128) << bit for bit in range(BITS))


class BarcodePredictor:
    """Predicts the next frame to equal this one and every flow to be EXPECTED_FLOW."""

    def __init__(self) -> None:
        self.settings = SimpleNamespace(name="still", flow_radius_px=4.0, calibration=None)
        self.fingerprint = "still"
        self.analysis_settings: dict[str, str | int] = {}
        self.motion_settings: dict[str, str] = {}
        self.still_change: float | None = None
        self.teacher = teacher_by_name("dis")
        self.normal_model = NormalModel()
        self.is_on_cpu = True
        self.batch_size = 2

    def predict(self, pictures: list[Pixels]) -> list[Any]:
        flow = np.full((256, 256, 3), EXPECTED_FLOW, np.float32)
        return [
            SimpleNamespace(flow_rgb=flow, frame=picture.astype(np.float32) / 255, appearance=None)
            for picture in pictures
        ]
