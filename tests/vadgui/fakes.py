"""Fakes that behave as the engine's own classes do: a video in memory, and a detector that predicts no motion."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.common.errors import Cancelled, DetectorFileError, VideoError
from engine.common.events import ShouldStop, never_stop
from engine.scoring.normal_model import NormalModel
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoInfo, VideoSource

WIDTH_PX, HEIGHT_PX = 128, 96


class MemoryVideo(VideoSource):
    """A grey scene at 25 frames a second whose brightness follows the frame number.

    Frames in `burst` show a white rectangle that jumps from side to side; frames in `damaged` can't be read. A picture
    of one brightness looks like a lost signal: with `is_scene`, only the right quarter has it, beside a still scene.
    """

    def __init__(
        self,
        path: Path,
        count: int,
        burst: Collection[int] = (),
        read_seconds: float = 0.0,
        damaged: Collection[int] = (),
        is_scene: bool = False,
    ) -> None:
        self._is_scene = is_scene
        self._info = VideoInfo(
            path, path.name, WIDTH_PX, HEIGHT_PX, count, count / 25, 25.0, "raw", f"{path.name}-{count}"
        )
        self._times = np.arange(count) / 25
        self._burst = burst
        self._damaged = damaged
        self.read_seconds = read_seconds
        """How long the next read takes."""
        self.reading: int | None = None
        """The frame that was asked for last."""
        self.closed = False
        self.threads: set[str] = set()

    @property
    def info(self) -> VideoInfo:
        return self._info

    @property
    def times(self) -> npt.NDArray[np.float64]:
        return self._times

    def read(self, index: int, should_stop: ShouldStop = never_stop) -> Frame:
        self.threads.add(threading.current_thread().name)
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index in self._damaged:
            raise VideoError(f"Frame {index} can't be decoded", subject=self._info.path, advice="Go on behind it.")
        ends = time.monotonic() + self.read_seconds
        self.reading = index
        while time.monotonic() < ends:
            if should_stop():
                raise Cancelled
            time.sleep(0.001)
        return Frame(self._pixels(index), index, float(self._times[index]))

    def frames(self, start: int = 0, stop: int | None = None, should_stop: ShouldStop = never_stop) -> Iterator[Frame]:
        for index in range(start, len(self) if stop is None else stop):
            if should_stop():
                raise Cancelled
            yield Frame(self._pixels(index), index, float(self._times[index]))

    def prefetch(self, start: int, stop: int, should_stop: ShouldStop = never_stop) -> None:
        """Do nothing: all frames are in memory."""

    def close(self) -> None:
        self.closed = True

    def _pixels(self, index: int) -> Pixels:
        pixels = np.full((HEIGHT_PX, WIDTH_PX, 3), brightness(index), np.uint8)
        if self._is_scene:
            pixels[:, :96] = np.linspace(60, 180, 96, dtype=np.uint8)[:, None]
        if index in self._burst:
            pixels[:48, 40 * (index % 2) : 40 * (index % 2) + 40] = 255
        return pixels


def brightness(index: int) -> int:
    """Grey level of MemoryVideo's frame `index`, by which a test identifies the frame."""
    return 40 + index % 160


def predicted_brightness(index: int) -> int:
    """Grey level of the frame that StillPredictor predicts: it repeats the previous frame."""
    return brightness(index - 1)


class StillPredictor:
    """Predicts that the next frame equals the present one; each prediction takes `seconds`."""

    motion_remark = ""

    def __init__(self, name: str = "still", seconds: float = 0.0) -> None:
        self.settings = SimpleNamespace(name=name, preset="fast", teacher="dis", flow_radius_px=4.0, calibration=None)
        self.fingerprint = f"{name}-fingerprint"
        self.analysis_settings: dict[str, str | int] = {}
        self.motion_settings: dict[str, str] = {}
        self.still_change: float | None = None
        self.device_label = "memory"
        self.is_on_cpu = True
        self.teacher = SimpleNamespace(flow=_no_flow)
        self.normal_model = NormalModel()
        self.batch_size = 2
        self._seconds = seconds

    def predict(self, pictures: list[Pixels]) -> list[Any]:
        time.sleep(self._seconds * len(pictures))
        white = np.ones((256, 256, 3), np.float32)
        return [
            SimpleNamespace(flow_rgb=white, frame=picture.astype(np.float32) / 255, appearance=None)
            for picture in pictures
        ]

    def prepare_motion(self) -> None:
        """Nothing has to be chosen."""

    def predict_motion(self, pictures: list[Pixels]) -> list[Any]:
        time.sleep(self._seconds * len(pictures))
        return [SimpleNamespace(flow_rgb=np.ones((256, 256, 3), np.float32), appearance=None) for _ in pictures]


def _no_flow(previous: Pixels, current: Pixels) -> npt.NDArray[np.float32]:
    del current
    return np.zeros((2, *previous.shape[:2]), np.float32)


class FakeFiles:
    """Opens fake videos and detectors by the stem of the file name; there are no files on disk."""

    def __init__(self, **videos: Callable[[Path], VideoSource]) -> None:
        self.videos = videos
        self.predictors: dict[str, StillPredictor] = {"still": StillPredictor()}
        self.opened: list[MemoryVideo] = []

    def open_video(
        self, path: Path, should_stop: ShouldStop = never_stop, on_progress: Callable[[float], None] | None = None
    ) -> VideoSource:
        del should_stop
        if path.stem not in self.videos:
            raise VideoError("This file holds no video", subject=path, advice="Choose another file.")
        if on_progress:
            on_progress(1.0)
        source = self.videos[path.stem](path)
        if isinstance(source, MemoryVideo):
            self.opened.append(source)
        return source

    def open_predictor(self, path: Path, device: str) -> Any:
        del device
        if path.stem not in self.predictors:
            raise DetectorFileError("There is no detector file", subject=path, advice="Choose a bundled one.")
        return self.predictors[path.stem]


class SlowDetectors(FakeFiles):
    """Loads the detectors `still` and `other` only once a test lets them; `broken` comes to nothing."""

    def __init__(self, **videos: Callable[[Path], VideoSource]) -> None:
        super().__init__(**videos)
        self.predictors = {name: StillPredictor(name) for name in ("still", "other")}
        self.may_load = {name: threading.Event() for name in ("still", "other", "broken")}
        self.asked: list[str] = []
        """Those of which loading was begun, by the stem of their name."""

    def open_predictor(self, path: Path, device: str) -> Any:
        self.asked.append(path.stem)
        assert self.may_load[path.stem].wait(60)
        return super().open_predictor(path, device)

    def let_all(self) -> None:
        """Let whatever waits be loaded."""
        for event in self.may_load.values():
            event.set()
