"""Processor time of analysing by samples, beside every frame, bare decoding and DVR-Scan.

On the demo clip and on recordings of five minutes: a minute, encoded once, five times over. Each way has its turn in
every round; medians count. Times are given a frame of video, whether it is judged or not. Every frame is judged of the
first ones alone, which come at a steady price; all else goes over the whole recording. How to install DVR-Scan is in
`tests/benchmarks/dvr_scan.py`; its figures are left out where it is not.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the commands do, before torch is imported

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from unittest import mock

import av
import numpy as np

import resources
from engine.analysis.pipeline import analyse
from engine.analysis.runner import OVERVIEW_PHASE, PHASE, SEGMENTS_PHASE, analyse_to_store, analysis_key
from engine.analysis.score_store import ScoreStore
from engine.models.predictor import Predictor
from engine.scoring.scorers import default_scorer
from engine.video import open_video
from engine.video.source import VideoSource
from tests.benchmarks.dvr_scan import children_cpu_seconds, dvr_scan_command, scan
from tests.benchmarks.video import FPS, recording, repeated

GOP = 50
BARS = {
    "demo_every_frame_over_samples": (">=", 12.0),
    "1080p_every_frame_over_samples": (">=", 10.0),
    "demo_overview_share_of_length": ("<=", 0.05),
    **{f"{name}_overview_over_dvr_scan": ("<=", 1.0) for name in ("demo", "720p", "1080p")},
}
_EVERY_FRAME_FRAMES = 300

Spent = dict[str, float]
"""Seconds by what took them."""


def run(quick: bool = False) -> dict[str, float]:
    """CPU milliseconds a frame of video each way, frames a second, and when the overview was there."""
    minutes, rounds = (1, 1) if quick else (5, 3)
    predictor = Predictor.open(resources.detector_path("plaza"), "cpu")
    predictor.prepare_motion()
    results: dict[str, float] = {}
    videos = {
        "demo": resources.demo_video(),
        "720p": repeated(recording(60 * FPS, GOP, 1280, 720), minutes),
        "1080p": repeated(recording(60 * FPS, GOP, 1920, 1080), minutes),
    }
    for name, path in videos.items():
        spent = [one_round(path, predictor) for _ in range(rounds)]
        results |= {f"{name}_{key}": value for key, value in figures_of(path, spent).items()}
    return results


def one_round(path: Path, predictor: Predictor) -> Spent:
    """What each way takes for a recording, one after another."""
    spent = _every_frame(path, predictor) | _samples(path, predictor) | _bare(path)
    command = dvr_scan_command()
    return spent | (_dvr_scan(command, path) if command else {})


def figures_of(path: Path, rounds: Sequence[Spent]) -> dict[str, float]:
    """Medians over the rounds of a recording, and how the ways compare."""
    with open_video(path) as source:
        frames, length = len(source), float(source.times[-1])
    medians = {key: float(np.median([each[key] for each in rounds])) for key in rounds[0]}
    cpu = {key: seconds / frames for key, seconds in medians.items() if key.endswith("_cpu")}
    cpu["every_frame_cpu"] = medians.pop("every_frame_cpu") / min(_EVERY_FRAME_FRAMES, frames)
    figures = {f"{key}_ms": 1e3 * each for key, each in cpu.items()}
    figures |= {f"{key.removesuffix('_cpu')}_frames_a_cpu_second": 1 / each for key, each in cpu.items()}
    figures |= {f"{key}_seconds": each for key, each in medians.items()}
    figures["every_frame_over_samples"] = cpu["every_frame_cpu"] / cpu["samples_cpu"]
    figures["overview_share_of_length"] = medians["overview"] / length
    if "dvr_scan_cpu" in medians:
        figures["overview_over_dvr_scan"] = medians["overview_cpu"] / medians["dvr_scan_cpu"]
    return figures


@contextmanager
def _opened(path: Path) -> Iterator[tuple[VideoSource, Path]]:
    """The recording, and a folder: nothing is known of it from earlier rounds."""
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.dict(os.environ, VADGUI_CACHE=folder),
        open_video(path) as source,
    ):
        yield source, Path(folder)


def _every_frame(path: Path, predictor: Predictor) -> Spent:
    began = time.process_time()
    with _opened(path) as (source, _):
        for _ in islice(analyse(source, predictor), _EVERY_FRAME_FRAMES):
            pass
    return {"every_frame_cpu": time.process_time() - began}


def _samples(path: Path, predictor: Predictor) -> Spent:
    """As `vad analyse` once its detector is loaded: until the overview is there, all samples, and its segments."""
    scorer = default_scorer(predictor.settings.calibration)
    sampling = scorer.sampling
    cpu_began, began = time.process_time(), time.perf_counter()
    spent: Spent = {}
    with _opened(path) as (source, folder), ScoreStore(folder, analysis_key(source, predictor, sampling)) as store:
        work = analyse_to_store(source, predictor, store, sampling=sampling, scorer=scorer, report_seconds=0)
        phase = PHASE
        for told in work:
            # After the frames of segments, it ends with a report of the phase before.
            phase = told.phase if phase != SEGMENTS_PHASE else phase
            name = {OVERVIEW_PHASE: "overview", PHASE: "samples", SEGMENTS_PHASE: "whole"}[phase]
            spent |= {f"{name}_cpu": time.process_time() - cpu_began, name: time.perf_counter() - began}
    # Where nothing is flagged, the samples are all.
    return {"whole_cpu": spent["samples_cpu"], "whole": spent["samples"]} | spent


def _bare(path: Path) -> Spent:
    """Every frame decoded by plain PyAV, with as many threads as the program's, and not looked at."""
    began = time.process_time(), time.perf_counter()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type, stream.codec_context.thread_count = "AUTO", os.cpu_count() or 1
        for _ in container.decode(stream):
            pass
    return {"bare_cpu": time.process_time() - began[0], "bare": time.perf_counter() - began[1]}


def _dvr_scan(command: str, path: Path) -> Spent:
    began = children_cpu_seconds(), time.perf_counter()
    scan(command, path)
    return {"dvr_scan_cpu": children_cpu_seconds() - began[0], "dvr_scan": time.perf_counter() - began[1]}
