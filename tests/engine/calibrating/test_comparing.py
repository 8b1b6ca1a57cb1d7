"""What training added over calibration alone: measured at double speed, told honestly, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from engine.analysis.pipeline import FrameResult
from engine.calibrating import comparing
from engine.calibrating.comparing import compare
from engine.calibrating.comparison import Comparison, load_comparison, save_comparison
from engine.calibrating.footage import NormalFootage
from engine.commands.progress import finished
from engine.scoring.calibration import Calibration
from tests.engine.scoring.test_calibration import lit_video
from tests.vadgui.fakes import MemoryVideo

VIDEO = Path("held-out.mp4")


class Minute(MemoryVideo):
    """A minute at ten frames a second."""

    def __init__(self) -> None:
        super().__init__(VIDEO, 600)
        self._times = np.arange(600) / 10


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the videos were that detectors have judged, which notice what goes fast as far as they are able to."""
    lengths: list[float] = []

    def judge(source: Any, predictor: Any, frames: Any, *_: object, **__: object) -> Iterator[FrameResult]:
        lengths.append(float(source.times[-1]))
        rows = lit_video(9)[0][: len(source)].copy()
        rows["speed_excess_px"][100 : 100 + int(400 * predictor.ability)] += 30
        for frame in frames.tolist():
            yield FrameResult(frame, float(source.times[frame]), rows[frame])

    def calibrate(untrained: Any, *_: object) -> Iterator[Any]:
        yield from ()
        return SimpleNamespace(detector=untrained)

    monkeypatch.setattr(comparing, "judge", judge)
    monkeypatch.setattr(comparing, "calibrate", calibrate)
    monkeypatch.setattr(comparing, "open_video", lambda *_: Minute())
    monkeypatch.setattr(comparing, "Predictor", lambda detector, *_, **__: detector)
    return lengths


def detector(ability: float) -> Any:
    calibration = Calibration.of([lit_video(seed) for seed in range(4)])
    return SimpleNamespace(settings=SimpleNamespace(calibration=calibration), ability=ability)


def compared(trained: float, untrained: float, **footage: Any) -> Comparison:
    plan: Any = None
    found = finished(compare(detector(trained), detector(untrained), plan, NormalFootage([VIDEO], **footage)))
    assert found is not None
    return found


def test_both_judge_the_same_footage_at_double_speed(judged: list[float]) -> None:
    found = compared(1.0, 0.4)
    assert judged == [pytest.approx(29.95)] * 2
    assert found.seconds == 30
    assert 19 <= found.trained <= 23
    assert 7 <= found.calibrated <= 11
    assert (found.only_trained, found.only_calibrated) == (found.trained - found.calibrated, 0)
    assert found.is_measurable
    assert found.in_words.endswith("Training helped.")


def test_what_could_be_chance_is_called_nothing(judged: list[float]) -> None:
    assert judged == []
    found = compared(0.45, 0.4)
    assert found.trained > found.calibrated
    assert found.in_words.endswith("Training added nothing that could be measured.")


def test_what_is_not_held_out_or_not_normal_takes_no_part(judged: list[float]) -> None:
    found = compared(1.0, 0.4, since={VIDEO: 20.0}, left_out={VIDEO: [(50.0, 60.0)]})
    assert judged
    assert found.seconds == 15


def test_without_calibration_there_is_nothing_to_compare(judged: list[float]) -> None:
    nothing: Any = SimpleNamespace(settings=SimpleNamespace(calibration=None))
    plan: Any = None
    assert finished(compare(nothing, nothing, plan, NormalFootage([VIDEO]))) is None
    assert judged == []


def test_it_is_kept_and_a_damaged_file_is_none(tmp_path: Path) -> None:
    file = tmp_path / "comparison.json"
    assert load_comparison(file) is None
    save_comparison(file, Comparison(200, 120, 80, 50, 10))
    assert load_comparison(file) == Comparison(200, 120, 80, 50, 10)
    file.write_text('{"seconds": "many"}')
    assert load_comparison(file) is None
