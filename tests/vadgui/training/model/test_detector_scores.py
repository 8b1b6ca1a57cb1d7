"""What a detector is judged by: its own calibration where it has one, else what is counted in held-out footage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.evaluation.metrics import roc_auc
from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.calibration import Calibration
from engine.scoring.evidence import MAX_SMOOTHING_SECONDS
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.tail import threshold_for
from tests.vadgui.synthetic import calibrated_detector, calibrated_signals, signals_with_bumps, steady_times
from vadgui.training.model.acceptance import Acceptance, MeasuredRecording
from vadgui.training.model.detector_scores import DetectorScores

pytestmark = pytest.mark.usefixtures("qapp")
NEW, OLD = Path("new.safetensors"), Path("old.safetensors")
COUNT = 1500
TIMES = steady_times(COUNT)


def measured(
    video: str,
    signals: RawSignals,
    detector: Path = NEW,
    calibration: Calibration | None = None,
    abnormal: np.ndarray | None = None,
) -> MeasuredRecording:
    return MeasuredRecording(Path(video), detector, TIMES, signals, abnormal, calibration)


def acceptance(*held_out: MeasuredRecording, old: Path | None = None) -> Acceptance:
    made = Acceptance(NEW, name="Gate", held_out=[each.video for each in held_out], old=old)
    for each in held_out:
        made.take_held_out(each)
    return made


def test_a_calibrated_detectors_threshold_is_its_own() -> None:
    calibration = calibrated_detector().calibration
    made = acceptance(*(measured(f"{n}.mp4", calibrated_signals(COUNT, [], n), NEW, calibration) for n in range(2)))
    for per_hour in (0.5, 10.0):
        made.set_alarms_per_hour(per_hour)
        assert made.threshold() == pytest.approx(threshold_for(per_hour))
    made.set_alarms_per_hour(1.0)
    assert made.alarms() == 0


def test_it_flags_what_the_window_would() -> None:
    calibration = calibrated_detector().calibration
    assert DetectorScores(calibration).scorer.rule_at(threshold_for(2)) == CalibratedScorer(calibration).rule(2)


def test_without_calibration_the_threshold_is_what_held_out_footage_showed() -> None:
    made = acceptance(
        measured("a.mp4", signals_with_bumps(COUNT, [])), measured("b.mp4", signals_with_bumps(COUNT, [], 1))
    )
    highest = max(scores[1:].max() for _, scores in made.held_out_scores())
    for per_hour in (1.0, 100.0):
        made.set_alarms_per_hour(per_hour)
        assert made.threshold() == pytest.approx(highest, abs=1e-5)
    assert made.alarms() == 0
    assert DetectorScores().scorer.threshold_for(1.0) is None
    assert DetectorScores().threshold(1.0, []) is None
    assert DetectorScores().threshold(1.0, [np.full(3, np.nan)]) is None


def test_of_a_recording_that_was_learnt_from_only_its_held_out_end_is_judged() -> None:
    calibration = calibrated_detector().calibration
    before_and_after = calibrated_signals(COUNT, [(300, 360), (1300, 1360)])
    seen = measured("a.mp4", before_and_after, NEW, calibration)
    whole, end = (
        Acceptance(NEW, name="Gate", held_out=[seen.video], since=since) for since in ({}, {seen.video: 48.0})
    )
    for made in (whole, end):
        assert made.scorer is None
        made.take_held_out(seen)
        assert made.scorer == CalibratedScorer(calibration)
    assert (whole.alarms(), end.alarms()) == (2, 1)
    assert end.held_out_hours() == pytest.approx(12 / 3600)


def test_what_is_left_out_of_a_held_out_recording_is_no_false_alarm() -> None:
    calibration = calibrated_detector().calibration
    signals = calibrated_signals(COUNT, [(300, 360)])
    assert acceptance(measured("a.mp4", signals, NEW, calibration)).alarms() == 1
    signals[250:500] = missing_signals(1)[0]
    made = acceptance(measured("a.mp4", signals, NEW, calibration))
    assert made.alarms() == 0
    assert made.held_out_hours() == pytest.approx(50 / 3600)


def test_detectors_of_both_kinds_are_compared_each_by_its_own_scores() -> None:
    calibration = calibrated_detector().calibration
    bumps = [(700, 760)]
    abnormal = np.zeros(COUNT, bool)
    abnormal[700:760] = True
    made = acceptance(measured("a.mp4", signals_with_bumps(COUNT, [])), old=OLD)
    made.take_compared(measured("b.mp4", signals_with_bumps(COUNT, bumps), NEW, None, abnormal))
    made.take_compared(measured("b.mp4", calibrated_signals(COUNT, bumps), OLD, calibration, abnormal))
    new, old = made.traces()
    assert old.threshold == pytest.approx(threshold_for(made.alarms_per_hour))
    assert (new.scorer.knows_false_alarms, old.scorer.knows_false_alarms) == (False, True)
    assert new.threshold < 0, "minus decibels"
    assert old.scores.min() >= 0
    for trace in (new, old):
        assert len(trace.flagged) == 1
        begin, stop = trace.flagged[0]
        # Evidence reaches as far as it is smoothed, and a segment some frames further.
        reach = MAX_SMOOTHING_SECONDS + 0.5
        assert begin == pytest.approx(28, abs=reach)
        assert stop == pytest.approx(30.4, abs=reach)
    signals = calibrated_signals(COUNT, bumps)
    expected = roc_auc(CalibratedScorer(calibration).raw_scores(signals, TIMES), abnormal)
    assert old.auc == pytest.approx(expected)


def test_a_detector_that_was_not_run_has_no_threshold() -> None:
    made = Acceptance(NEW, name="Gate", held_out=[])
    assert made.threshold() is None
    assert made.traces() == []
