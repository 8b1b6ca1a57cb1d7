"""What judging segments frame by frame, after the samples, costs and changes: on the demo, and on Ped2's test clips."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the commands do, before torch is imported

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import resources
from engine.analysis.findings import Findings
from engine.analysis.runner import analyse_to_store, analysis_key, stored_signals
from engine.analysis.score_store import ScoreStore
from engine.datasets import open_dataset
from engine.datasets.dataset import LabelledVideo
from engine.evaluation.events import ScoredVideo, event_figures
from engine.evaluation.metrics import global_auc
from engine.models.predictor import Predictor
from engine.scoring.scorer import Scorer
from engine.scoring.scorers import default_scorer
from engine.scoring.segments import SegmentRule, find_segments
from engine.video import open_video

BARS: dict[str, tuple[str, float]] = {}
_DATA = Path(__file__).parents[3] / "shared" / "data"
_Judged = tuple[list[ScoredVideo], float]
"""Videos with their scores, and the processor seconds that these took."""


def run(quick: bool = False) -> dict[str, float]:
    """AUC, events, borders and processor time of each set of footage: by samples, then with segments frame by frame."""
    sets = {"demo": (resources.demo_video().parent, "plaza")}
    if not quick:
        sets["ped2"] = (_DATA / "ped2", "ped2")
    results: dict[str, float] = {}
    for name, (folder, detector) in sets.items():
        if folder.is_dir():
            predictor = Predictor.open(resources.detector_path(detector), "cpu")
            predictor.prepare_motion()
            scorer = default_scorer(predictor.settings.calibration)
            videos = open_dataset(folder).testing
            for way, judged in zip(("samples", "segments"), _judged(videos, predictor, scorer), strict=True):
                results |= {f"{name}_{way}_{key}": value for key, value in _figures(videos, judged, scorer).items()}
    return results


def _judged(videos: tuple[LabelledVideo, ...], predictor: Predictor, scorer: Scorer) -> tuple[_Judged, _Judged]:
    scored: tuple[list[ScoredVideo], list[ScoredVideo]] = [], []
    used = [0.0, 0.0]
    for video in videos:
        with tempfile.TemporaryDirectory() as folder, open_video(video.path) as source:
            key = analysis_key(source, predictor, scorer.sampling)
            with ScoreStore(Path(folder), key) as store:
                for number, by_frame in enumerate((False, True)):
                    began = time.process_time()
                    work = analyse_to_store(
                        source,
                        predictor,
                        store,
                        sampling=scorer.sampling,
                        scorer=scorer,
                        segments_by_frame=by_frame,
                    )
                    for _ in work:
                        pass
                    used[number] += time.process_time() - began
                    found = Findings.of(stored_signals(store, len(source)), source.times, scorer, scorer.rule())
                    duration = source.info.duration_seconds
                    scored[number].append(ScoredVideo(video.name, found.scores, source.times, duration, video.events))
    return (scored[0], used[0]), (scored[1], used[1])


def _figures(videos: tuple[LabelledVideo, ...], judged: _Judged, scorer: Scorer) -> dict[str, float]:
    scored, cpu_seconds = judged
    events = event_figures(scored, scorer.rule())
    return {
        "cpu_seconds": cpu_seconds,
        "global_auc_percent": 100 * global_auc([each.scores for each in scored], [each.abnormal for each in videos]),
        "events_found": events.detected,
        "false_alarms": events.false_alarms,
        "median_delay_seconds": float(np.median(events.delays_seconds)),
        "border_error_seconds": _border_error(scored, replace(scorer.rule(), padding_seconds=0.0)),
    }


def _border_error(scored: list[ScoredVideo], rule: SegmentRule) -> float:
    """How far on average segments begin and end from the events that they overlap."""
    apart = []
    for video in scored:
        ends = np.append(video.seconds, video.duration_seconds)
        for segment in find_segments(video.scores, video.seconds, rule):
            for start, stop in video.events:
                if segment.start < stop and start < segment.stop:
                    apart += [ends[segment.start] - ends[start], ends[segment.stop] - ends[stop]]
    return float(np.abs(apart).mean())
