"""Processor time of judging samples, compared with judging every frame, on the demo clip and on larger recordings.

Each way has its turn in every round; medians count. Times are given a frame of video, whether it is judged or not.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the commands do, before torch is imported

import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import numpy as np

import resources
from engine.analysis.overview import overview_frames
from engine.analysis.pipeline import analyse, judge
from engine.models.predictor import Predictor
from engine.scoring.sampling import SAMPLED
from engine.video import open_video
from engine.video.source import VideoSource
from tests.benchmarks.video import recording

GOP = 50
BARS = {
    "demo_every_frame_over_samples": (">=", 12.0),
    "1080p_every_frame_over_samples": (">=", 10.0),
    "demo_overview_share_of_length": ("<=", 0.05),
}


def run(quick: bool = False) -> dict[str, float]:
    """CPU milliseconds a frame of video both ways, their ratio, and the overview's share of the recording's length."""
    seconds, rounds = (4, 3) if quick else (12, 5)
    predictor = Predictor.open(resources.detector_path("plaza"), "cpu")
    results: dict[str, float] = {}
    videos: dict[str, Path] = {
        "demo": resources.demo_video(),
        "720p": recording(30 * 25, GOP, 1280, 720),
        "1080p": recording(30 * 25, GOP, 1920, 1080),
    }
    for name, path in videos.items():
        with open_video(path) as source:
            figures = _figures(source, predictor, seconds, rounds)
        results |= {f"{name}_{key}": value for key, value in figures.items()}
    return results


def _figures(source: VideoSource, predictor: Predictor, seconds: float, rounds: int) -> dict[str, float]:
    samples = SAMPLED.frames(source.times)
    first = samples[source.times[samples] < seconds]
    frames = int(first[-1]) + 1
    # Every fourth of these frames is enough to time: they come at a steady price.
    some = frames // 4
    ways: dict[str, Callable[[], int]] = {
        "every_frame": lambda: len(list(islice(analyse(source, predictor), some))),
        "samples": lambda: frames if list(judge(source, predictor, first, SAMPLED)) else 0,
    }
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            counted = way()
            cpu[name].append((time.process_time() - began) / counted)
    medians = {name: float(np.median(times[1:])) for name, times in cpu.items()}
    overview = overview_frames(source, samples)
    began = time.perf_counter()
    list(judge(source, predictor, overview, SAMPLED))
    return {
        "every_frame_cpu_ms": 1e3 * medians["every_frame"],
        "samples_cpu_ms": 1e3 * medians["samples"],
        "every_frame_over_samples": medians["every_frame"] / medians["samples"],
        "overview_share_of_length": (time.perf_counter() - began) / float(source.times[-1]),
    }
