"""Timing of a detector with a known speed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import count, pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.common.errors import Cancelled
from engine.common.events import Progress
from engine.evaluation import timing
from engine.evaluation.machine import run_queue_wait_seconds, this_machine
from engine.evaluation.timing import Timing, drifting_texture, median_seconds, time_detector
from tests.vadgui.fakes import StillPredictor

_passed = SimpleNamespace(seconds=0.0)
"""A clock that only a prediction moves on: how busy the machine is does not matter."""


class BatchPredictor(StillPredictor):
    """Takes `seconds` for a batch of up to 4 and twice as long for larger ones; records the batch sizes."""

    device_label = "CPU, of a kind"

    def __init__(self, max_batch: int = 64, seconds: float = 0.02) -> None:
        super().__init__()
        self.device_label = "CPU, of a kind"
        self.max_batch = max_batch
        self.seconds = seconds
        self.batch_sizes: list[int] = []

    def predict(self, pictures: list[Any]) -> list[Any]:
        self.batch_sizes.append(len(pictures))
        _passed.seconds += self.seconds if len(pictures) <= 4 else 2 * self.seconds
        self.batch_size = min(self.batch_size, self.max_batch)
        return super().predict(pictures)


@pytest.fixture(autouse=True)
def _few_repetitions_in_virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "_MAX_REPETITIONS", 5)
    clock = SimpleNamespace(perf_counter=lambda: _passed.seconds, process_time=time.process_time)
    monkeypatch.setattr(timing, "time", clock)


def timed(predictor: Any) -> Timing:
    # There are fewer frames than a batch takes, so they are repeated.
    *_, last = time_detector(predictor, drifting_texture(64, 48, 3))
    assert isinstance(last, Timing)
    return last


@pytest.mark.slow
def test_batch_1_and_the_best_batch_are_timed() -> None:
    predictor = BatchPredictor()
    found = timed(predictor)
    assert found.prediction_fps == pytest.approx(50)
    assert found.best_batch in (4, 8)
    assert found.prediction_fps_best_batch == pytest.approx(200)
    assert found.detection_fps == pytest.approx(50)
    assert found.detection_fps_best_batch == pytest.approx(200)
    assert found.device == "CPU, of a kind"
    assert {1, 2, 4, 8} <= set(predictor.batch_sizes)
    assert predictor.batch_size == 2  # restored


@pytest.mark.slow
def test_processor_time_taken_by_other_programs_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    used, waited = count(0, 3), iter(range(0, 1000))
    monkeypatch.setattr(timing, "_BATCHES_ON_CPU", ())
    monkeypatch.setattr(timing.time, "process_time", lambda: float(next(used)))
    monkeypatch.setattr(timing, "run_queue_wait_seconds", lambda: float(next(waited)))
    assert timed(BatchPredictor()).processor_denied == pytest.approx(0.25)
    monkeypatch.setattr(timing, "run_queue_wait_seconds", lambda: None)
    assert timed(BatchPredictor()).processor_denied is None


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Other systems do not tell")
def test_run_queue_wait_is_read_from_linux() -> None:
    affinity = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(affinity)})  # the competing process inherits this
    # The process ends by itself, so that it never outlives an aborted test.
    busy = "import time; until = time.monotonic() + 5\nwhile time.monotonic() < until: pass"
    rival = subprocess.Popen([sys.executable, "-c", busy])
    try:
        before = after = run_queue_wait_seconds()
        stop = time.monotonic() + 5
        while time.monotonic() < stop and after is not None and before is not None and after - before <= 0.05:
            after = run_queue_wait_seconds()
    finally:
        rival.kill()
        rival.wait()
        os.sched_setaffinity(0, affinity)
    assert before is not None
    assert after is not None
    assert after - before > 0.05


def test_prediction_and_detection_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary load on the machine must not count against only one of the two."""
    turns: list[str] = []
    seconds = iter((0.1, 0.2, 0.1, 0.2, 9.0, 9.0))

    def next_turn(what: str) -> list[float]:
        turns.append(what)
        return [next(seconds)]

    monkeypatch.setattr(timing, "median_seconds", lambda *_, **__: 0.1)
    monkeypatch.setattr(timing, "_BATCHES_ON_CPU", ())
    monkeypatch.setattr(timing, "_repetition_seconds", lambda *_: next_turn("prediction"))
    monkeypatch.setattr(timing, "_detection_seconds", lambda *_: next_turn("detection"))
    found = timed(BatchPredictor())
    assert turns == ["prediction", "detection"] * 3
    assert (found.prediction_fps, found.detection_fps) == pytest.approx((10, 5))


@pytest.mark.slow
def test_a_batch_that_does_not_fit_is_not_the_best() -> None:
    assert timed(BatchPredictor(max_batch=2)).best_batch == 2


@pytest.mark.slow
def test_progress_reaches_its_end() -> None:
    steps = [
        event
        for event in time_detector(BatchPredictor(seconds=0.001), drifting_texture(64, 48, 32))
        if isinstance(event, Progress)
    ]
    assert all(earlier.done <= later.done for earlier, later in pairwise(steps))
    assert steps[-1].done == steps[-1].total


def test_timing_can_be_cancelled() -> None:
    predictor: Any = StillPredictor()
    with pytest.raises(Cancelled):
        list(time_detector(predictor, drifting_texture(64, 48, 8), lambda: True))
    assert predictor.batch_size == 2


def test_warm_up_calls_do_not_count_in_the_median() -> None:
    calls: list[float] = []

    def call() -> None:
        calls.append(0)
        _passed.seconds += 0.05 if len(calls) <= 2 else 0.001

    assert median_seconds(call) == pytest.approx(0.001)
    assert len(calls) == 7


def test_the_texture_moves_by_a_pixel_a_frame() -> None:
    first, second, *_ = drifting_texture(64, 48, 3)
    assert first.shape == (48, 64, 3)
    np.testing.assert_array_equal(first[:, 1:], second[:, :-1])


def test_the_machine_has_a_system_and_a_processor() -> None:
    machine = this_machine()
    assert machine.system
    assert machine.processor
    assert machine.cores >= 1
