"""Speed of writing clips of a 720p recording, beside encoding the very same pixels straight with libx264.

Both take turns on the same machine, with the same preset; the ratio is of the fastest turn of each. What the detector
takes is not the export's: its pictures are ready.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest import mock

import av
import cv2
import numpy as np

from engine.analysis.pipeline import Inspection
from engine.export.clip import PANELS, ClipLayout, ExportOptions, export_clip
from engine.export.mosaic import Mosaic
from engine.export.plain import PlainPicture
from engine.flow.colour import wheel_legend
from engine.scoring.signals import missing_signals
from engine.video import open_video
from engine.video.frame import Frame, Pixels
from engine.video.source import VideoSource
from tests.benchmarks.video import FPS, recording

TURNS = 3
CLIPS: dict[str, dict[str, Any]] = {
    "mosaic": {"panels": PANELS, "threshold": 0.5},
    "frame_and_strip": {"panels": ("frame",), "threshold": 0.5},
    "original": {"layout": ClipLayout.ORIGINAL},
}
BARS = {"mosaic_over_straight": (">=", 0.5), "frame_and_strip_over_straight": (">=", 0.5)}


def run(quick: bool = False) -> dict[str, float]:
    """Frames a second of each kind of clip, and what share that is of encoding its pixels straight."""
    count = 50 if quick else 120
    results: dict[str, float] = {}
    with open_video(recording(500, 25)) as source, tempfile.TemporaryDirectory() as folder:
        source.verify()
        for name, options in CLIPS.items():
            figures = compared(source, Path(folder), count, ExportOptions(**options))
            results |= {f"{name}_{key}": value for key, value in figures.items()}
    return results


def compared(source: VideoSource, folder: Path, count: int, options: ExportOptions) -> dict[str, float]:
    """Frames a second of an export and of encoding its pictures straight."""
    exported, straight = [], []
    pictures = canvases(source, folder / "clip.mp4", count, options)
    for _ in range(TURNS):
        exported.append(seconds(lambda: export(source, folder / "clip.mp4", count, options)))
        straight.append(seconds(lambda: encode(pictures, folder / "straight.mp4", options)))
    return {
        "fps": count / min(exported),
        "straight_fps": count / min(straight),
        "over_straight": min(straight) / min(exported),
    }


def export(source: VideoSource, target: Path, count: int, options: ExportOptions) -> None:
    """Write a clip as the program does, with pictures of the detector that are ready."""
    target.unlink(missing_ok=True)
    detector: Any = mock.Mock()
    detector.settings.flow_radius_px = 4.0
    scores = np.abs(np.sin(np.arange(len(source)) / 40))
    with mock.patch("engine.export.clip.inspect", ready):
        for _ in export_clip(source, detector, scores, 1, 1 + count, target, options):
            pass


def ready(source: VideoSource, _: object, start: int, stop: int, **__: object) -> Iterator[Inspection]:
    """Inspections as the detector makes them, but at no cost."""
    flow = wheel_legend(256)
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    predicted = np.asarray(cv2.GaussianBlur(noise, (0, 0), 4), np.uint8)  # as smooth as predictions are
    signals = missing_signals(1)[0]
    signals["patch_psnr_db"] = np.linspace(20, 40, 16).reshape(4, 4)
    signals["psnr_db"], signals["flow_error_px"] = 30, 0.5
    for frame in source.frames(start, stop):
        # Pictures of neighbours differ: the encoder must not be given a still.
        yield Inspection(
            frame=frame,
            predicted_flow=np.roll(flow, frame.index, 1),
            teacher_flow=flow,
            flow_difference=np.zeros((2, 256, 256), np.float32),
            predicted_frame=np.roll(predicted, frame.index, 0),
            signals=signals,
        )


def canvases(source: VideoSource, target: Path, count: int, options: ExportOptions) -> list[Pixels]:
    """The pictures that an export encodes."""
    kept: list[Pixels] = []
    composer = PlainPicture if options.is_plain else Mosaic
    compose = composer.compose

    def keep(self: Any, frame: Frame, *rest: Any) -> Pixels:
        kept.append(compose(self, frame, *rest).copy())
        return kept[-1]

    with mock.patch.object(composer, "compose", keep):
        export(source, target, count, options)
    return kept


def encode(pictures: list[Pixels], target: Path, options: ExportOptions) -> None:
    """Encode pictures with libx264 and nothing else."""
    codec, codec_options = options.encoding.codec(len(pictures), len(pictures) / FPS, has_sound=False)
    with av.open(str(target), "w") as container:
        stream = container.add_stream(codec, rate=FPS, options=codec_options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = 2 * FPS
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def seconds(work: Any) -> float:
    """How long a call takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
