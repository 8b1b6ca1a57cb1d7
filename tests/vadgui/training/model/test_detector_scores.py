"""A detector's threshold and alarms: from its calibration where it has one, else from held-out footage."""

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
    result = Acceptance(NEW, name="Gate", held_out=[each.video for each in held_out], old=old)
    for each in held_out:
        result.add_held_out_result(each)
    return result


def test_a_calibrated_detectors_threshold_comes_from_its_calibration() -> None:
    calibration = calibrated_detector().calibration
    result = acceptance(*(measured(f"{n}.mp4", calibrated_signals(COUNT, [], n), NEW, calibration) for n in range(2)))
    for per_hour in (0.5, 10.0):
        result.set_alarms_per_hour(per_hour)
        assert result.threshold() == pytest.approx(threshold_for(per_hour))
    result.set_alarms_per_hour(1.0)
    assert result.alarms() == 0


def test_flags_by_the_same_rule_as_the_review_window() -> None:
    calibration = calibrated_detector().calibration
    assert DetectorScores(calibration).scorer.rule_at(threshold_for(2)) == CalibratedScorer(calibration).rule(2)


def test_without_calibration_the_threshold_is_the_highest_held_out_score() -> None:
    result = acceptance(
        measured("a.mp4", signals_with_bumps(COUNT, [])), measured("b.mp4", signals_with_bumps(COUNT, [], 1))
    )
    highest = max(scores[1:].max() for _, scores in result.held_out_scores())
    for per_hour in (1.0, 100.0):
        result.set_alarms_per_hour(per_hour)
        assert result.threshold() == pytest.approx(highest, abs=1e-5)
    assert result.alarms() == 0
    assert DetectorScores().scorer.threshold_for(1.0) is None
    assert DetectorScores().threshold(1.0, []) is None
    assert DetectorScores().threshold(1.0, [np.full(3, np.nan)]) is None


def test_only_the_held_out_end_of_a_training_recording_is_counted() -> None:
    calibration = calibrated_detector().calibration
    before_and_after = calibrated_signals(COUNT, [(300, 360), (1300, 1360)])
    recording = measured("a.mp4", before_and_after, NEW, calibration)
    whole, end = (
        Acceptance(NEW, name="Gate", held_out=[recording.video], since=since) for since in ({}, {recording.video: 48.0})
    )
    for result in (whole, end):
        assert result.scorer is None
        result.add_held_out_result(recording)
        assert result.scorer == CalibratedScorer(calibration)
    assert (whole.alarms(), end.alarms()) == (2, 1)
    assert end.held_out_hours() == pytest.approx(12 / 3600)


def test_parts_left_out_of_a_held_out_recording_give_no_false_alarm() -> None:
    calibration = calibrated_detector().calibration
    signals = calibrated_signals(COUNT, [(300, 360)])
    assert acceptance(measured("a.mp4", signals, NEW, calibration)).alarms() == 1
    signals[250:500] = missing_signals(1)[0]
    result = acceptance(measured("a.mp4", signals, NEW, calibration))
    assert result.alarms() == 0
    assert result.held_out_hours() == pytest.approx(50 / 3600)


def test_a_calibrated_and_an_uncalibrated_detector_are_compared_each_on_its_own_scale() -> None:
    calibration = calibrated_detector().calibration
    bumps = [(700, 760)]
    abnormal = np.zeros(COUNT, bool)
    abnormal[700:760] = True
    result = acceptance(measured("a.mp4", signals_with_bumps(COUNT, [])), old=OLD)
    result.add_compared_result(measured("b.mp4", signals_with_bumps(COUNT, bumps), NEW, None, abnormal))
    result.add_compared_result(measured("b.mp4", calibrated_signals(COUNT, bumps), OLD, calibration, abnormal))
    new, old = result.traces()
    assert old.threshold == pytest.approx(threshold_for(result.alarms_per_hour))
    assert (new.scorer.knows_false_alarms, old.scorer.knows_false_alarms) == (False, True)
    assert new.threshold < 0, "minus decibels"
    assert old.scores.min() >= 0
    for trace in (new, old):
        assert len(trace.flagged) == 1
        begin, stop = trace.flagged[0]
        # A flagged segment is longer than the bump: by the smoothing of the signals, and by some frames more.
        reach = MAX_SMOOTHING_SECONDS + 0.5
        assert begin == pytest.approx(28, abs=reach)
        assert stop == pytest.approx(30.4, abs=reach)
    signals = calibrated_signals(COUNT, bumps)
    expected = roc_auc(CalibratedScorer(calibration).raw_scores(signals, TIMES), abnormal)
    assert old.auc == pytest.approx(expected)


def test_a_detector_without_results_has_no_threshold() -> None:
    result = Acceptance(NEW, name="Gate", held_out=[])
    assert result.threshold() is None
    assert result.traces() == []
