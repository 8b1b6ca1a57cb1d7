"""Scores, segments and expected alarms follow from raw signals, and changes of them emit signals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.scoring.calibrated_scorer import CalibratedScorer
from engine.scoring.segments import SegmentRule
from engine.scoring.tail import threshold_for
from tests.vadgui.synthetic import (
    DETECTOR,
    add_rows,
    calibrated_detector,
    calibrated_signals,
    open_session,
    signals_with_bumps,
    steady_times,
    video_info,
)
from vadgui.model.session import ReviewSession

pytestmark = pytest.mark.usefixtures("qapp")
BUMPS = [(50, 80), (200, 230)]


def calibrated_scorer() -> CalibratedScorer:
    calibration = calibrated_detector().calibration
    assert calibration is not None
    return CalibratedScorer(calibration)


def reviewed() -> ReviewSession:
    return open_session(steady_times(300), signals_with_bumps(300, BUMPS))


def test_segments_follow_the_scores() -> None:
    session = reviewed()
    assert [(s.start <= b[0], s.stop >= b[1]) for s, b in zip(session.scoring.segments, BUMPS, strict=True)] == [
        (True, True)
    ] * 2
    session.scoring.set_rule(SegmentRule(enter=0.5, leave=0.4, merge_gap_seconds=60))
    assert len(session.scoring.segments) == 1


def test_the_selection_follows_a_segment_that_grows() -> None:
    session = open_session(steady_times(300))
    signals = signals_with_bumps(300, BUMPS)
    add_rows(session.scoring, 0, signals[:65])
    session.scoring.catch_up()
    session.navigation.select_next()
    small = session.scoring.selected
    add_rows(session.scoring, 65, signals[65:])
    session.scoring.catch_up()
    grown = session.scoring.selected
    assert small is not None
    assert grown is not None
    assert grown in session.scoring.segments
    assert len(grown) > len(small)


def test_many_signals_at_once_are_scored_in_steps(qtbot: QtBot) -> None:
    """Between the steps the window handles events and shows the scores so far."""
    count = 40_000
    session = open_session(steady_times(count), detector=calibrated_detector())
    signals = calibrated_signals(count, [(100, 150), (39_000, 39_100)])
    add_rows(session.scoring, 0, signals)
    assert not session.scoring.catch_up()
    scored_count = np.count_nonzero(~np.isnan(session.scoring.scores))
    assert 0 < scored_count < count / 2
    assert len(session.scoring.segments) == 1
    with qtbot.waitSignal(session.scoring.caught_up):
        pass
    assert len(session.scoring.segments) == 2
    expected = calibrated_scorer().scores(signals, session.times)
    np.testing.assert_allclose(session.scoring.scores, expected, rtol=1e-6)


def test_old_scores_stay_until_new_ones_are_computed(qtbot: QtBot) -> None:
    count = 40_000
    session = open_session(steady_times(count), calibrated_signals(count, []), detector=calibrated_detector())
    add_rows(session.scoring, 20_000, calibrated_signals(20_000, [(10_000, 10_100)], seed=7))
    assert not np.isnan(session.scoring.scores).any()
    assert not any(s.start <= 30_000 < s.stop for s in session.scoring.segments)
    with qtbot.waitSignal(session.scoring.caught_up):
        pass
    # Half an hour of normal life may hold another segment, by chance.
    assert any(s.start <= 30_000 < s.stop for s in session.scoring.segments)


def test_a_calibrated_detectors_scores_do_not_depend_on_the_rest_of_the_recording() -> None:
    bumps, louder = [(600, 640)], [(600, 640), (1200, 1240)]
    times, detector = steady_times(1500), calibrated_detector()
    calm = open_session(times, calibrated_signals(1500, bumps), detector=detector)
    assert calm.scoring.scorer == calibrated_scorer()
    assert calm.scoring.rule == calibrated_scorer().rule(2)
    assert [(s.start <= 600, s.stop >= 640) for s in calm.scoring.segments] == [(True, True)]
    loud = open_session(times, calibrated_signals(1500, louder), detector=detector)
    np.testing.assert_allclose(loud.scoring.scores[:1100], calm.scoring.scores[:1100])
    nothing = open_session(times, calibrated_signals(1500, []), detector=detector)
    assert nothing.scoring.segments == []
    assert nothing.scoring.scores.min() >= 0


def test_the_scale_of_calibrated_scores_is_the_same_unless_they_go_beyond_it() -> None:
    times, detector = steady_times(1500), calibrated_detector()
    assert open_session(times, calibrated_signals(1500, []), detector=detector).scoring.top == 6
    beyond = open_session(times, calibrated_signals(1500, [(600, 640)], strength=5000), detector=detector)
    assert (beyond.scoring.top, beyond.scoring.goes_beyond_top) == (10, True)
    rare = replace(calibrated_scorer().rule(), enter=threshold_for(0.001))
    beyond.open_video(video_info(times), times)
    beyond.scoring.set_rule(rare)
    assert beyond.scoring.top == 7
    assert reviewed().scoring.top == 1


def test_each_kind_of_score_keeps_its_own_threshold() -> None:
    """A threshold of 0.6 would flag every other second of calibrated scores; one of 4 flags none of the paper's."""
    session = reviewed()
    mine = SegmentRule(enter=0.6, leave=0.4)
    session.scoring.set_rule(mine)
    rules: list[SegmentRule] = []
    session.scoring.rule_changed.connect(lambda: rules.append(session.scoring.rule))
    session.use_detector(calibrated_detector())
    assert rules == [calibrated_scorer().rule()]
    rarer = calibrated_scorer().rule(0.1)
    session.scoring.set_rule(rarer)
    session.use_detector(DETECTOR)
    assert session.scoring.rule == mine
    session.use_detector(calibrated_detector())
    assert session.scoring.rule == rarer


def test_expected_alarms_follow_the_threshold_and_the_recordings_length() -> None:
    detector = calibrated_detector()
    session = open_session(steady_times(25 * 1800), detector=detector)
    assert session.scoring.expected_alarms() == detector.calibration.expected_alarms(2, 0.5)
    session.scoring.set_rule(calibrated_scorer().rule(200))
    low, high = session.scoring.expected_alarms()
    assert low < 100 < high
    session.close_video()
    assert session.scoring.expected_alarms() is None
    assert reviewed().scoring.expected_alarms() is None
