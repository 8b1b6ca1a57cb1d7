"""ReviewSession: its state and its signals. Each view's tests check what that view shows of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.scoring.signals import missing_signals
from engine.video.frame import ConcealedFrames
from tests.vadgui.synthetic import (
    DETECTOR,
    add_rows,
    open_session,
    signals_with_bumps,
    steady_times,
    variable_times,
    video_info,
    view_of,
)
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.model.frame_view import NO_TRANSITION, PREDICTING
from vadgui.model.session import ReviewSession

pytestmark = pytest.mark.usefixtures("qapp")
BUMPS = [(50, 80), (200, 230)]


def reviewed() -> ReviewSession:
    return open_session(steady_times(300), signals_with_bumps(300, BUMPS))


def test_no_signal_ever_shows_two_recordings_mixed() -> None:
    session = reviewed()
    session.navigation.select_next()
    lengths: list[tuple[int, int, int]] = []

    def check() -> None:
        lengths.append((len(session.times), len(session.scoring.scores), len(session.scoring.signals)))
        assert session.playhead == 0
        assert session.scoring.segments == []
        assert session.scoring.selected is None
        assert session.view is None

    signals = (
        session.video_changed,
        session.scoring.scores_changed,
        session.scoring.segments_changed,
        session.scoring.selection_changed,
    )
    for signal in (*signals, session.analysis_changed, session.playhead_changed, session.view_changed):
        signal.connect(check)
    times = steady_times(40)
    session.open_video(video_info(times), times)
    assert len(lengths) == 7
    assert set(lengths) == {(40, 40, 40)}


@given(target=st.integers(-1000, 1000))
def test_seek_stays_in_the_recording(qapp: QApplication, target: int) -> None:
    del qapp
    session = open_session(steady_times(50))
    session.seek(target)
    assert session.playhead == min(max(target, 0), 49)


def test_a_seek_requests_the_view_once() -> None:
    session = open_session(steady_times(50))
    requested: list[tuple[int, bool]] = []
    session.view_requested.connect(lambda index, pictures: requested.append((index, pictures)))
    session.seek(7)
    session.seek(7)
    session.set_pictures_requested(False)
    session.seek(8)
    session.set_pictures_requested(True)
    assert requested == [(7, True), (8, False), (8, True)]


def test_steps_by_seconds_move_at_least_a_frame() -> None:
    times = np.array([0.0, 3.0, 6.0])
    session = open_session(times)
    for expected, seconds in ((1, 1.0), (2, 1.0), (2, 1.0), (1, -1.0), (0, -1.0), (0, -1.0)):
        session.step_seconds(seconds)
        assert session.playhead == expected


def test_index_at_finds_the_frame_of_every_time() -> None:
    times = variable_times(500)
    session = open_session(times)
    assert [session.index_at(float(t)) for t in times] == list(range(500))
    assert session.index_at(-5.0) == 0
    assert session.index_at(1e9) == 499


def test_next_and_previous_segment_count_from_the_playhead() -> None:
    session = reviewed()
    first, second = session.scoring.segments
    session.navigation.select_next()
    assert (session.scoring.selected, session.playhead) == (first, first.peak_frame)
    session.seek(120)  # between the two segments
    session.navigation.select_previous()
    assert session.scoring.selected == first
    session.navigation.select_next()
    assert session.scoring.selected == second
    session.navigation.select_next()
    assert session.scoring.selected == second, "there is none after the last"
    session.seek(150)
    session.navigation.select_next()
    assert session.scoring.selected == second


def test_scores_are_complete_when_the_analysis_is_done() -> None:
    session = open_session(steady_times(300))
    add_rows(session.scoring, 0, signals_with_bumps(300, BUMPS))
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, 300, 300))
    assert len(session.scoring.segments) == 2


def test_an_analysis_is_not_done_before_all_scores_are_computed(qtbot: QtBot) -> None:
    count = 40_000
    session = open_session(steady_times(count))
    add_rows(session.scoring, 0, signals_with_bumps(count, [(39_000, 39_100)]))
    done = AnalysisState(AnalysisPhase.DONE, count, count)
    session.set_analysis(done)
    assert session.analysis.phase is not AnalysisPhase.DONE
    with qtbot.waitSignal(session.analysis_changed):
        pass
    assert session.analysis == done
    assert [segment.start <= 39_000 < segment.stop for segment in session.scoring.segments] == [True]


def test_opening_another_recording_discards_an_analysis_whose_scores_are_incomplete(qtbot: QtBot) -> None:
    count = 40_000
    session = open_session(steady_times(count))
    add_rows(session.scoring, 0, signals_with_bumps(count, []))
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, count, count))
    times = steady_times(300)
    session.open_video(video_info(times), times)
    add_rows(session.scoring, 0, signals_with_bumps(300, []))
    with qtbot.waitSignal(session.scoring.caught_up):
        pass
    assert session.analysis.phase is AnalysisPhase.IDLE


def test_another_detector_discards_the_scores() -> None:
    session = reviewed()
    session.use_detector(DETECTOR)
    assert np.isnan(session.scoring.scores).all()
    assert session.scoring.segments == []
    assert session.analysis.phase is AnalysisPhase.IDLE


def test_the_signals_of_a_view_are_used_until_the_analysis_measures_its_frame() -> None:
    session = open_session(steady_times(300))
    view = view_of(session, 30)
    session.seek(30)
    session.show(view)
    assert view.signals is not None
    assert session.scoring.signals["psnr_db"][30] == view.signals["psnr_db"]
    stored = missing_signals(1)
    stored["psnr_db"] = 12.5
    add_rows(session.scoring, 30, stored)
    session.show(view)
    assert session.scoring.signals["psnr_db"][30] == 12.5, "what the analysis measured stays"


@pytest.mark.parametrize(
    ("make", "settled"),
    [
        (lambda session: view_of(session, 30), True),
        (lambda session: view_of(session, 29), False),
        (lambda session: view_of(session, 30, complete=False, missing=PREDICTING), False),
        (lambda session: view_of(session, 30, complete=False, missing=NO_TRANSITION), True),
        (lambda session: view_of(session, 30, complete=False), False),
    ],
)
def test_knows_when_the_view_is_settled(make: Callable[[ReviewSession], object], settled: bool) -> None:
    session = open_session(steady_times(300))
    session.seek(30)
    session.show(make(session))  # type: ignore[arg-type]
    assert session.view_is_settled() is settled


def test_a_recording_shorter_than_announced_keeps_its_signals() -> None:
    session = reviewed()
    session.seek(290)
    before = session.scoring.signals["psnr_db"][:250].copy()
    requested: list[int] = []
    session.view_requested.connect(lambda index, _: requested.append(index))
    times = steady_times(250)
    session.revise_times(video_info(times), times)
    assert len(session.scoring.scores) == len(session.scoring.signals) == 250
    np.testing.assert_array_equal(session.scoring.signals["psnr_db"], before)
    assert session.playhead == 249
    assert requested == [249]


def test_damaged_pictures_flag_nothing_once_they_are_known() -> None:
    times = steady_times(1000)
    session = open_session(times, signals_with_bumps(1000, [(300, 320), (700, 720)]))
    assert len(session.scoring.segments) == 2
    session.revise_times(replace(video_info(times), concealed=(ConcealedFrames(295, 340),)), times)
    session.scoring.catch_up()
    (left,) = session.scoring.segments
    assert 680 < left.start < left.stop < 740
    assert np.isnan(session.scoring.scores[295:340]).all()
    assert np.isnan(session.scoring.rough_scores).all(), "nothing is waited for"


def test_a_thumbnail_is_requested_once() -> None:
    session = reviewed()
    requested: list[int] = []
    session.thumbnails.requested.connect(requested.append)
    assert session.thumbnails.get(5) is None
    assert session.thumbnails.get(5) is None
    picture = np.zeros((9, 16, 4), np.uint8)
    session.thumbnails.add(5, picture)
    assert session.thumbnails.get(5) is picture
    assert requested == [5]


def test_missing_thumbnails_are_requested_again_with_another_detector() -> None:
    session = reviewed()
    session.thumbnails.get(5)
    session.thumbnails.get(6)
    session.thumbnails.add(6, np.zeros((9, 16, 4), np.uint8))
    requested: list[int] = []
    session.thumbnails.requested.connect(requested.append)
    session.use_detector(replace(DETECTOR, name="other"))
    session.thumbnails.get(5)
    session.thumbnails.get(6)
    assert requested == [5]


def test_a_segment_at_the_very_start_is_not_skipped() -> None:
    session = open_session(steady_times(300), signals_with_bumps(300, [(0, 40), (200, 240)]))
    first, second = session.scoring.segments
    assert first.start == session.playhead == 0
    session.navigation.select_next()
    assert session.scoring.selected == first
    session.navigation.select_next()
    assert session.scoring.selected == second
