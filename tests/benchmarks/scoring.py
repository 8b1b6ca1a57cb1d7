"""Time of the GUI thread for a day of signals: receiving them, incremental scores, a new threshold."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np

from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.drift import Reference
from engine.scoring.evidence import EVIDENCE
from engine.scoring.incremental import IncrementalScores
from engine.scoring.segments import SegmentRule, find_segments
from engine.scoring.signals import RawSignals, missing_signals
from vadgui.model.score_model import ROWS_A_STEP

_FPS = 25
_FRAMES = 24 * 3600 * _FPS
_QUICK_FRAMES = 2 * 3600 * _FPS
_ROWS_A_BATCH = 30
# Counted in sortings of an hour's scores: 8 ms where this was written, with 6 for a step and 30 for what a day tells.
BARS = {
    "step_over_sort": ("<", 2.0),
    "batch_over_sort": ("<", 0.5),
    "tell_over_sort": ("<", 6.0),
    "threshold_over_sort": ("<", 2.5),
    "many_segments_over_sort": ("<", 10.0),  # a loop over the frames would take 100
}


def normal_life(count: int, seed: int, events: int = 0) -> RawSignals:
    """Signals of a still camera, anomalous for a second and a half `events` times."""
    noise = np.random.default_rng(seed)
    signals = missing_signals(count)
    signals["psnr_db"] = noise.normal(36, 0.5, count)
    signals["sharpness"] = noise.normal(8, 0.2, count)
    signals["camera_motion_px"] = noise.gamma(1, 0.01, count)
    signals["layout"] = np.linspace(60, 190, 64).reshape(8, 8) + noise.normal(0, 2, (count, 1, 1))
    for name in EVIDENCE:
        signals[name] = noise.gamma(2, 1, count)
    for start in noise.integers(0, count - 100, events):
        for name in EVIDENCE:
            signals[name][start : start + 40] += 12
    signals[0] = missing_signals(1)[0]
    return signals


def _milliseconds(work: Callable[[], object], turns: int = 7) -> float:
    """CPU milliseconds of this thread, median over `turns` calls."""
    spent = []
    for _ in range(turns):
        began = time.thread_time()
        work()
        spent.append(1000 * (time.thread_time() - began))
    return float(np.median(spent))


def run(quick: bool = False) -> dict[str, float]:
    """Milliseconds for a day of video, and as multiples of sorting an hour's scores."""
    count = _QUICK_FRAMES if quick else _FRAMES
    times = np.arange(count) / _FPS
    signals = normal_life(count, 0, events=count // 10_000)
    calibration = Calibration.of([(normal_life(1500, seed), times[:1500]) for seed in range(1, 6)])
    assert isinstance(calibration.reference, Reference)
    scorer = CalibratedScorer(calibration)
    growing = IncrementalScores(scorer, times, calibration.references)
    growing.add(0, signals)
    steps: list[float] = []
    while not growing.is_up_to_date:
        steps.append(_milliseconds(lambda: growing.derive(ROWS_A_STEP), turns=1))
    scores = growing.scores()
    rule = scorer.rule()

    def batch() -> None:
        growing.add(count // 2, signals[count // 2 : count // 2 + _ROWS_A_BATCH])
        growing.derive(ROWS_A_STEP)

    def tell() -> None:
        find_segments(growing.scores(), times, rule)
        growing.drifts()

    crowded = np.repeat(np.random.default_rng(0).random(10_000).astype(np.float32), 100)
    crowded_times = np.arange(len(crowded)) / _FPS
    hour = np.random.default_rng(0).random(3600 * _FPS)
    sort = _milliseconds(lambda: np.sort(hour, kind="stable"), turns=15)
    measured = {
        "step": float(np.median(steps)),
        "batch": _milliseconds(batch),
        "tell": _milliseconds(tell),
        "threshold": _milliseconds(lambda: find_segments(scores, times, rule)),
        "many_segments": _milliseconds(
            lambda: find_segments(crowded, crowded_times, SegmentRule(enter=0.9, leave=0.8))
        ),
    }
    whole = _milliseconds(lambda: scorer.scores(signals, times), turns=1)
    whole += _milliseconds(lambda: calibration.drifts(signals, times), turns=1)
    results = {"frames": float(count), "sort_ms": sort, "all_at_once_ms": whole, "all_in_steps_ms": sum(steps)}
    results |= {f"{name}_ms": value for name, value in measured.items()}
    return results | {f"{name}_over_sort": value / sort for name, value in measured.items()}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
