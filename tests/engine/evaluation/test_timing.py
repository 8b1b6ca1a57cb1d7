"""Table 3's figures of a detector whose speed is known."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import count, pairwise
from typing import Any

import numpy as np
import pytest

from engine.common.errors import Cancelled
from engine.common.events import Progress
from engine.evaluation import timing
from engine.evaluation.machine import seconds_waited_for_processor, this_machine
from engine.evaluation.timing import Timing, drifting_texture, median_seconds, time_detector
from tests.vadgui.fakes import StillPredictor


class BatchLover(StillPredictor):
    """Takes a time for a batch of up to 4, and twice as long from there; remembers how many it got at once."""

    device_label = "CPU, of a kind"

    def __init__(self, most: int = 64, seconds: float = 0.001) -> None:
        super().__init__()
        self.device_label = "CPU, of a kind"
        self.most = most
        self.seconds = seconds
        self.asked: list[int] = []

    def predict(self, pictures: list[Any]) -> list[Any]:
        self.asked.append(len(pictures))
        time.sleep(self.seconds if len(pictures) <= 4 else 2 * self.seconds)
        self.batch_size = min(self.batch_size, self.most)
        return super().predict(pictures)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timing, "_MAX_REPETITIONS", 5)


def timed(predictor: Any) -> Timing:
    # Fewer frames than a batch takes: they are shown again.
    *_, last = time_detector(predictor, drifting_texture(64, 48, 3))
    assert isinstance(last, Timing)
    return last


def test_batch_1_and_the_best_batch_are_timed() -> None:
    predictor = BatchLover(seconds=0.02)
    found = timed(predictor)
    # On a busy machine sleeping takes longer, never shorter.
    assert 10 < found.prediction_fps <= 50
    assert found.best_batch in (4, 8)
    assert found.prediction_fps < found.prediction_fps_best_batch <= 200
    assert found.detection_fps < found.prediction_fps * 1.1
    assert found.detection_fps < found.detection_fps_best_batch
    assert found.device == "CPU, of a kind"
    assert {1, 2, 4, 8} <= set(predictor.asked)
    assert predictor.batch_size == 2  # as it was


def test_other_programs_that_take_the_processor_show(monkeypatch: pytest.MonkeyPatch) -> None:
    used, waited = count(0, 3), iter(range(0, 1000))
    monkeypatch.setattr(timing, "_BATCHES_ON_CPU", ())
    monkeypatch.setattr(timing.time, "process_time", lambda: float(next(used)))
    monkeypatch.setattr(timing, "seconds_waited_for_processor", lambda: float(next(waited)))
    assert timed(BatchLover()).processor_denied == pytest.approx(0.25)
    monkeypatch.setattr(timing, "seconds_waited_for_processor", lambda: None)
    assert timed(BatchLover()).processor_denied is None


@pytest.mark.skipif(sys.platform != "linux", reason="Other systems do not tell")
def test_linux_tells_how_long_threads_waited_for_the_processor() -> None:
    usual = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(usual)})  # and so for the rival
    rival = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        before, stop = seconds_waited_for_processor(), time.monotonic() + 0.5
        while time.monotonic() < stop:
            pass
        after = seconds_waited_for_processor()
    finally:
        rival.kill()
        rival.wait()
        os.sched_setaffinity(0, usual)
    assert before is not None
    assert after is not None
    assert after - before > 0.05


def test_prediction_and_detection_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """What slows the machine down for a while must not seem to be the price of one of them."""
    turns: list[str] = []
    seconds = iter((0.1, 0.2, 0.1, 0.2, 9.0, 9.0))

    def next_turn(what: str) -> list[float]:
        turns.append(what)
        return [next(seconds)]

    monkeypatch.setattr(timing, "median_seconds", lambda *_, **__: 0.1)
    monkeypatch.setattr(timing, "_BATCHES_ON_CPU", ())
    monkeypatch.setattr(timing, "_repeated", lambda *_: next_turn("prediction"))
    monkeypatch.setattr(timing, "_detection_seconds", lambda *_: next_turn("detection"))
    found = timed(BatchLover())
    assert turns == ["prediction", "detection"] * 3
    assert (found.prediction_fps, found.detection_fps) == pytest.approx((10, 5))


def test_a_batch_that_does_not_fit_is_not_the_best() -> None:
    assert timed(BatchLover(most=2)).best_batch == 2


def test_progress_reaches_its_end() -> None:
    steps = [
        event for event in time_detector(BatchLover(), drifting_texture(64, 48, 32)) if isinstance(event, Progress)
    ]
    assert all(earlier.done <= later.done for earlier, later in pairwise(steps))
    assert steps[-1].done == steps[-1].total


def test_it_can_be_stopped() -> None:
    predictor: Any = StillPredictor()
    with pytest.raises(Cancelled):
        list(time_detector(predictor, drifting_texture(64, 48, 8), lambda: True))
    assert predictor.batch_size == 2


def test_the_median_is_of_calls_that_have_warmed_up() -> None:
    calls: list[float] = []

    def call() -> None:
        calls.append(0)
        time.sleep(0.05 if len(calls) <= 2 else 0.001)

    assert 0.001 <= median_seconds(call) < 0.04
    assert len(calls) == 7


def test_the_texture_moves_by_a_pixel_a_frame() -> None:
    first, second, *_ = drifting_texture(64, 48, 3)
    assert first.shape == (48, 64, 3)
    np.testing.assert_array_equal(first[:, 1:], second[:, :-1])


def test_the_machine_is_named() -> None:
    machine = this_machine()
    assert machine.system
    assert machine.processor
    assert machine.cores >= 1
