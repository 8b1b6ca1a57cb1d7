"""Two workers of a Ray cluster on this machine against one: how much sooner the same recordings are analysed.

Each worker is held to one core: else one alone takes a part of the second, for it decodes while it predicts. Starting
the cluster and loading detectors does not count.
"""

from __future__ import annotations

import os
import tempfile
import time
from contextlib import closing
from itertools import cycle
from pathlib import Path

import numpy as np
import psutil

from engine.archive.analysing import AnalysisSettings, analyse_divided
from engine.archive.cluster import LOCAL, RayWorkers
from engine.archive.database import Archive
from engine.archive.leases import Leases
from engine.archive.scanning import remember_folder, scan
from engine.commands.progress import finished
from engine.models.predictor import Predictor
from engine.review.document import DetectorUsed
from engine.scoring.scorers import default_scorer
from resources import detector_path
from tests.clips import write_clip

RECORDINGS = 6
BARS = {"two workers, times one": (">=", 1.7)}


def run(quick: bool) -> dict[str, float]:
    """Of six recordings of 120 s, or of 24 s; in turns, three times or once."""
    predictor = Predictor.open(detector_path("plaza"), "cpu")
    calibration = predictor.settings.calibration
    scorer = default_scorer(calibration)
    with tempfile.TemporaryDirectory() as name:
        footage = Path(name) / "footage"
        footage.mkdir()
        random = np.random.default_rng(0)
        for number in range(RECORDINGS):
            pictures = random.integers(0, 256, (240 if quick else 1200, 12, 18, 3), np.uint8)
            write_clip(
                footage / f"{number}.mp4", [np.kron(each, np.ones((20, 20, 1), np.uint8)) for each in pictures], 10
            )
        seconds: dict[int, list[float]] = {1: [], 2: []}
        for turn in range(1 if quick else 3):
            for count in (1, 2):
                folder = Path(name) / f"stores {turn} {count}"
                detector = DetectorUsed("plaza", predictor.fingerprint)
                settings = AnalysisSettings(detector, calibration, scorer, scorer.rule(100), folder, shard_frames=64)
                seconds[count].append(_seconds(footage, settings, count))
    return {
        "one worker, s": float(np.median(seconds[1])),
        "two workers, s": float(np.median(seconds[2])),
        "two workers, times one": float(np.median(seconds[1]) / np.median(seconds[2])),
    }


def _seconds(footage: Path, settings: AnalysisSettings, count: int) -> float:
    with Archive(str(settings.folder) + ".archive", create=True) as archive:
        remember_folder(archive, footage, None)
        finished(scan(archive, rest_seconds=0.0))
        workers = RayWorkers(LOCAL, detector_path("plaza"), settings.scorer.sampling, device="cpu", count=count)
        with closing(workers):
            while len(workers.free) < count:
                workers.wait(1.0)
            _hold_to_cores()
            begun = time.perf_counter()
            for _ in analyse_divided(Leases(archive), workers, settings):
                pass
            return time.perf_counter() - begun


def _hold_to_cores() -> None:
    """Give each worker a core of its own."""
    workers = [each for each in psutil.Process().children(recursive=True) if each.name().startswith("ray::_Judging")]
    for worker, core in zip(workers, cycle(sorted(os.sched_getaffinity(0))), strict=False):
        for thread in worker.threads():
            os.sched_setaffinity(thread.id, {core})
