"""Processor time of judging samples of a scene where hardly anything moves, with earlier predictions taken over.

Each way has its turn in every round; medians count. Times are given a frame of video.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the commands do, before torch is imported

import tempfile
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import resources
from engine.analysis.pipeline import analyse, judge, motions
from engine.calibrating.still_pairs import StillPairs
from engine.models.predictor import Predictor
from engine.scoring.sampling import SAMPLED
from engine.video import open_video
from engine.video.source import VideoSource
from resources.plaza.clips import write_clip
from resources.plaza.scene import Scene

SEED = 601
BARS = {"every_frame_over_still": (">=", 20.0)}


def run(quick: bool = False) -> dict[str, float]:
    """CPU milliseconds a frame of video each way, and how much of every frame's time is saved."""
    seconds, rounds = (20, 2) if quick else (60, 4)
    predictor = Predictor.open(resources.detector_path("plaza"), "cpu")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "quiet.mp4"
        write_clip(Scene(SEED, seconds, is_quiet=True), path)
        with open_video(path) as source:
            return _figures(source, predictor, rounds)


def _figures(source: VideoSource, predictor: Predictor, rounds: int) -> dict[str, float]:
    samples = SAMPLED.frames(source.times)
    pairs = StillPairs()
    for _, picture, _ in motions(source, samples):
        pairs.offer(picture)
    gated = predictor.with_still_change(pairs.still_change(predictor))
    # Every tenth frame is enough to time: they come at a steady price.
    some = len(source) // 10
    ways: dict[str, tuple[int, Callable[[], Iterable[Any]]]] = {
        "every_frame": (some, lambda: islice(analyse(source, predictor), some)),
        "samples": (len(source), lambda: judge(source, predictor, samples, SAMPLED)),
        "still": (len(source), lambda: judge(source, gated, samples, SAMPLED)),
    }
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, (frames, way) in ways.items():
            began = time.process_time()
            list(way())
            spent[name].append((time.process_time() - began) / frames)
    medians = {name: float(np.median(each[1:])) for name, each in spent.items()}
    return {
        **{f"{name}_cpu_ms": 1e3 * each for name, each in medians.items()},
        "samples_over_still": medians["samples"] / medians["still"],
        "every_frame_over_still": medians["every_frame"] / medians["still"],
        "still_change_levels": gated.still_change or 0.0,
    }
