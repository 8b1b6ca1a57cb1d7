"""Writes the demo clip with its labels, and normal clips for training."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import numpy as np

from resources.plaza.camera import FPS, HEIGHT_PX, WIDTH_PX
from resources.plaza.labels import Labels, PlazaEvent, save_labels
from resources.plaza.scene import PlannedAnomaly, Scene

DEMO_SEED = 2026
DEMO_SECONDS = 66.0
DEMO_ANOMALIES = (
    PlannedAnomaly("cyclist", 8.0),
    PlannedAnomaly("fall", 18.0),
    PlannedAnomaly("cart", 32.0),
    PlannedAnomaly("runner", 44.0),
    PlannedAnomaly("cyclist", 56.0),
)
NORMAL_SEED = 100
"""First seed of normal training clips, which count up from it; no seed is used twice."""
HELD_OUT_SEED = 9000
"""First seed of normal held-out clips."""
# All clips have the same encoder settings, because a detector is sensitive to compression artefacts.
_ENCODER = {"preset": "medium", "crf": "18"}


def demo_scene() -> Scene:
    """The bundled clip's scene."""
    return Scene(DEMO_SEED, DEMO_SECONDS, DEMO_ANOMALIES)


def write_demo(folder: Path, seed: int = DEMO_SEED) -> tuple[Path, Path]:
    """Write `plaza.mp4` and `plaza.labels.npz`; returns both paths."""
    video, labels_file = folder / "plaza.mp4", folder / "plaza.labels.npz"
    labels = write_clip(Scene(seed, DEMO_SECONDS, DEMO_ANOMALIES), video)
    with _replacing(labels_file) as file:
        save_labels(labels, file)
    return video, labels_file


def write_normal(folder: Path, count: int, seconds: float, first_seed: int = NORMAL_SEED) -> Iterator[Path]:
    """Write `count` normal clips, named after their seeds, and yield the path of each when it is complete."""
    for seed in range(first_seed, first_seed + count):
        path = folder / f"plaza-normal-{seed}.mp4"
        write_clip(Scene(seed, seconds), path)
        yield path


def write_clip(scene: Scene, path: Path) -> Labels:
    """Encode a scene as H.264 and return its labels; replaces the file once it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    seen: dict[int, list[int]] = {}
    masks = np.zeros((len(scene), HEIGHT_PX, WIDTH_PX), np.bool_)
    with _replacing(path) as file, av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options=_ENCODER)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for frame in scene:
            masks[frame.index] = frame.anomaly_mask
            for anomaly in frame.visible:
                seen.setdefault(anomaly, []).append(frame.index)
            picture = av.VideoFrame.from_ndarray(frame.pixels, format="rgb24")
            picture.pts = frame.index
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    spans = sorted((frames[0], frames[-1] + 1, scene.anomalies[i].kind) for i, frames in seen.items())
    return Labels(scene.seed, masks, tuple(PlazaEvent(kind, start, stop) for start, stop, kind in spans))


@contextmanager
def _replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a temporary file that replaces `path` once it is on disk and is deleted if the block raises."""
    temporary = path.with_name(path.name + ".part")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
