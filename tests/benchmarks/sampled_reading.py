"""Time to read only some frames of H.264 recordings, compared with reading all of them and with decoding alone.

Each way of reading has its turn in every round, so a busy machine slows all of them; medians count. Times are given a
frame of the recording, not a picture that comes out: so they add up to what an hour of video takes.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from unittest import mock

import av
import numpy as np

from engine.models.picture import PICTURE_SIZE, model_picture
from engine.video import open_video
from engine.video.read_ahead import read_ahead
from engine.video.source import VideoSource
from tests.benchmarks.video import recording

SIZES = {"480x320": (480, 320), "720p": (1280, 720), "1080p": (1920, 1080)}
GOP = 50
STEP, FAR_STEP = 5, 250
READ_AHEAD = 16
BARS = {
    f"{size}_{key}": bar
    for size in SIZES
    for key, bar in {
        "every_5th_cpu_over_all": ("<=", 0.4),
        "one_in_250_cpu_over_bare": ("<=", 0.25),
        "mean_difference": ("<=", 0.5),
    }.items()
}


def run(quick: bool = False) -> dict[str, float]:
    """Frames of video a second, CPU milliseconds a frame, and how far pictures are from the ones of the full path."""
    frames, rounds = (500, 3) if quick else (1000, 7)
    results: dict[str, float] = {}
    for name, (width, height) in SIZES.items():
        path = recording(frames, GOP, width, height)
        with open_video(path) as source:
            figures = differences(source) | reading_figures(path, rounds)
        results |= {f"{name}_{key}": value for key, value in figures.items()}
    return results


def reading_figures(path: Path, rounds: int) -> dict[str, float]:
    """Medians over the rounds, for every way of reading."""
    ways: dict[str, Callable[[VideoSource], None]] = {
        "bare": lambda source: decode_only(source.info.path),
        "all": every_picture,
        "every_5th": lambda source: read_pictures(source, STEP),
        "every_5th_ahead": lambda source: read_pictures_ahead(source, STEP),
        "one_in_250": lambda source: read_pictures(source, FAR_STEP),
    }
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, read in ways.items():
            took[name].append(measure_once(path, read))
    medians = {name: np.median(turns, axis=0) for name, turns in took.items()}
    figures = {f"{name}_fps": float(1 / wall) for name, (wall, _) in medians.items()}
    figures |= {f"{name}_cpu_ms": float(median[1] * 1000) for name, median in medians.items()}
    cpu = {name: float(median[1]) for name, median in medians.items()}
    return figures | {
        "every_5th_cpu_over_bare": cpu["every_5th"] / cpu["bare"],
        "every_5th_cpu_over_all": cpu["every_5th"] / cpu["all"],
        "one_in_250_cpu_over_bare": cpu["one_in_250"] / cpu["bare"],
    }


def measure_once(path: Path, read: Callable[[VideoSource], None]) -> tuple[float, float]:
    """Seconds and CPU seconds of reading once, per frame of the recording."""
    # A new cache each time: a full pass stores an index that the next source would not have to check.
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.dict(os.environ, VADGUI_CACHE=folder),
        open_video(path) as source,
    ):
        began, cpu_began = time.perf_counter(), time.process_time()
        read(source)
        return (time.perf_counter() - began) / len(source), (time.process_time() - cpu_began) / len(source)


def differences(source: VideoSource) -> dict[str, float]:
    """Differences in grey levels between pictures and the same frames read at full size and scaled."""
    wanted = range(0, len(source), len(source) // 10)
    pairs = [
        (frame.pixels.astype(int), model_picture(source.read(frame.index).pixels))
        for frame in source.pictures(wanted, PICTURE_SIZE)
    ]
    apart = np.abs([scaled - whole for scaled, whole in pairs])
    return {"mean_difference": float(apart.mean()), "max_difference": float(apart.max())}


def decode_only(path: Path) -> None:
    """Decode every frame without conversion, with plain PyAV on as many threads as sampled reading uses."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        container.streams.video[0].codec_context.thread_count = max((os.cpu_count() or 1) // 2, 1)
        for _ in container.decode(video=0):
            pass


def every_picture(source: VideoSource) -> None:
    """Read every frame at full size, then scale it for the models."""
    for frame in source.frames():
        model_picture(frame.pixels)


def read_pictures(source: VideoSource, step: int) -> None:
    """Read the picture of every `step`-th frame."""
    for _ in source.pictures(range(0, len(source), step), PICTURE_SIZE):
        pass


def read_pictures_ahead(source: VideoSource, step: int) -> None:
    """Read the picture of every `step`-th frame in a background thread."""
    pictures = source.pictures(range(0, len(source), step), PICTURE_SIZE)
    with closing(read_ahead(pictures, READ_AHEAD)) as ahead:
        for _ in ahead:
            pass


def main() -> None:
    """Print the figures of a full run."""
    for key, value in run().items():
        print(f"{key:<40} {value:>10,.3f}")


if __name__ == "__main__":
    main()
