"""Resident memory while a 30-minute 720p recording streams through decoding, the pipeline and the score store.

Frames, indices and scores are what could pile up, so the long run has a stand-in for the models that costs nothing;
a shorter run has a real detector.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import av
import cv2
import numpy as np
import psutil

from engine.analysis.runner import analyse_to_store, analysis_key
from engine.analysis.score_store import ScoreStore
from engine.flow.colour import Flow
from engine.scoring.normal_model import NormalModel
from engine.video import open_video

FPS = 25
GOP_FRAMES = 250
WARM_UP_SECONDS = 10  # of the recording: from then on every buffer has its size
BARS = {"growth_mb": ("<", 100.0), "real_detector_growth_mb": ("<", 100.0)}


def run(quick: bool = False) -> dict[str, float]:
    """Megabytes at the start and the end of the recording, and the most it grew in between."""
    figures = watch(recording(minutes=2 if quick else 30), StandInPredictor())
    real = watch(recording(minutes=0.5 if quick else 2), real_predictor())
    return figures | {f"real_detector_{key}": value for key, value in real.items()}


def watch(path: Path, predictor: Any) -> dict[str, float]:
    """Analyse a recording into a new store and sample this process's memory during it."""
    with tempfile.TemporaryDirectory() as folder, open_video(path) as source:
        with ScoreStore(Path(folder), analysis_key(source, predictor)) as store:
            work = analyse_to_store(source, predictor, store)
            resident_mb = [resident() for progress in work if progress.done >= WARM_UP_SECONDS * FPS]
            frames = len(store)
        assert frames == len(source)
    return {
        "frames": frames,
        "start_mb": resident_mb[0],
        "end_mb": resident_mb[-1],
        "growth_mb": max(resident_mb) - resident_mb[0],
    }


def resident() -> float:
    """Resident memory of this process in megabytes."""
    return float(psutil.Process().memory_info().rss / 1e6)


class StandInPredictor:
    """Predicts no motion and no change, at no cost; its teacher gives zero flow too."""

    fingerprint = "stand-in"
    analysis_settings: ClassVar = {"stand-in": True}
    motion_settings: ClassVar[dict[str, str]] = {}
    still_change: float | None = None
    batch_size = 2
    is_on_cpu = True
    settings = SimpleNamespace(flow_radius_px=4.0)

    def __init__(self) -> None:
        self.teacher = self
        self.normal_model = NormalModel()

    def predict(self, pictures: list[np.ndarray]) -> list[SimpleNamespace]:
        still = np.ones((256, 256, 3), np.float32)  # the colour wheel's white
        return [
            SimpleNamespace(flow_rgb=still, frame=picture.astype(np.float32) / 255, appearance=None)
            for picture in pictures
        ]

    def flow(self, previous: np.ndarray, _current: np.ndarray) -> Flow:
        return np.zeros((2, *previous.shape[:2]), np.float32)


def real_predictor() -> Any:
    """An untrained detector of preset `fast`: its weights don't matter here, its buffers do."""
    from engine.common.device import choose_compute
    from engine.models.detector import Detector, DetectorSettings
    from engine.models.predictor import Predictor

    return Predictor(Detector(DetectorSettings("benchmark", "fast", "dis-medium", 4.0)), "untrained", choose_compute())


def recording(minutes: float) -> Path:
    """A 720p H.264 recording, kept in the system's temporary folder for the next run."""
    frames = round(minutes * 60 * FPS)
    path = Path(tempfile.gettempdir()) / "vadgui-benchmarks" / f"street-720p-{frames}.mp4"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".part.mp4")
        write_recording(unfinished, frames)
        unfinished.replace(path)
    return path


def write_recording(path: Path, frames: int) -> None:
    """Encode one GOP, then write its packets over and over: half an hour of video in seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast", "crf": "30"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 1280, 720, "yuv420p", GOP_FRAMES
        stream.time_base = stream.codec_context.time_base = Fraction(1, FPS)
        packets = [packet for picture in street() for packet in stream.encode(picture)] + stream.encode(None)
        gop = [(bytes(packet), packet.is_keyframe) for packet in packets]
        assert len(gop) == GOP_FRAMES
        for index in range(frames):
            data, is_keyframe = gop[index % GOP_FRAMES]
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, Fraction(1, FPS)
            packet.pts = packet.dts = index
            packet.duration = 1
            packet.is_keyframe = is_keyframe
            container.mux(packet)


def street() -> Iterator[av.VideoFrame]:
    """One GOP of a noisy background that a few boxes cross."""
    random = np.random.default_rng(0)
    background = cv2.GaussianBlur(random.integers(0, 256, (720, 1280, 3), np.uint8), (0, 0), 6)
    for index in range(GOP_FRAMES):
        picture = background.copy()
        for lane in range(4):
            x = (index * 3 + lane * 280) % 1280
            cv2.rectangle(picture, (x, 120 + lane * 150), (x + 60, 200 + lane * 150), (200, 60, 40 * lane), -1)
        frame = av.VideoFrame.from_ndarray(np.asarray(picture, np.uint8), format="rgb24")
        frame.pts = index
        yield frame
