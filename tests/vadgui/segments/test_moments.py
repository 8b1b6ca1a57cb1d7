"""The folded list of what is the next most suspicious, whatever the threshold."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.vadgui.synthetic import (
    calibrated_detector,
    calibrated_signals,
    open_session,
    signals_with_bumps,
    steady_times,
)
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.model.session import ReviewSession
from vadgui.segments.view import SegmentList

COUNT = 6000
BUMPS = [(start, start + 20) for start in range(400, COUNT - 100, 400)]


@pytest.fixture
def session() -> ReviewSession:
    return open_session(steady_times(COUNT), signals_with_bumps(COUNT, BUMPS))


@pytest.fixture
def segments(session: ReviewSession, qtbot: QtBot) -> SegmentList:
    view = SegmentList(session)
    qtbot.addWidget(view)
    view.resize(300, 600)
    view.show()
    qtbot.waitExposed(view)
    return view


def unfold(segments: SegmentList, qtbot: QtBot) -> None:
    qtbot.mouseClick(segments.moments.fold_button, Qt.MouseButton.LeftButton)


def test_it_is_folded_at_first_and_costs_nothing(segments: SegmentList) -> None:
    assert segments.moments.isVisible()
    assert not segments.moments.list.isVisible()
    assert segments.moments.model.rowCount() == 0


def finish(session: ReviewSession) -> None:
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, COUNT, COUNT))


@pytest.fixture
def calm(qtbot: QtBot) -> tuple[ReviewSession, SegmentList]:
    """A session in which nothing is flagged by five minutes of footage, and its list."""
    session = open_session(steady_times(COUNT), calibrated_signals(COUNT, []), detector=calibrated_detector())
    view = SegmentList(session)
    qtbot.addWidget(view)
    view.resize(300, 600)
    view.show()
    qtbot.waitExposed(view)
    return session, view


def test_it_unfolds_itself_where_nothing_reaches_a_doubtful_threshold(
    calm: tuple[ReviewSession, SegmentList], qtbot: QtBot
) -> None:
    session, view = calm
    assert not view.moments.list.isVisible()
    finish(session)
    assert view.moments.list.isVisible()
    assert view.moments.model.rowCount() == 10
    # Whoever folds it wants it folded.
    unfold(view, qtbot)
    session.set_analysis(AnalysisState(AnalysisPhase.RUNNING, COUNT, COUNT))
    finish(session)
    assert not view.moments.list.isVisible()


def test_what_unfolded_itself_folds_with_the_next_recording(calm: tuple[ReviewSession, SegmentList]) -> None:
    session, view = calm
    finish(session)
    session.close_video()
    assert not view.moments.fold_button.isChecked()


def test_it_stays_folded_where_something_is_flagged(qtbot: QtBot) -> None:
    signals = calibrated_signals(COUNT, [(1000, 1100)])
    session = open_session(steady_times(COUNT), signals, detector=calibrated_detector())
    view = SegmentList(session)
    qtbot.addWidget(view)
    finish(session)
    assert session.scoring.segments
    assert not view.moments.fold_button.isChecked()


def test_what_a_high_threshold_hides_is_listed_the_highest_first(
    segments: SegmentList, session: ReviewSession, qtbot: QtBot
) -> None:
    session.scoring.set_threshold(1.0)
    hidden = len(BUMPS) - len(session.scoring.segments)
    assert hidden > 5
    unfold(segments, qtbot)
    model = segments.moments.model
    moments = [model.segment(row) for row in range(model.rowCount())]
    assert len(moments) == 10
    assert [each.peak_score for each in moments] == sorted((each.peak_score for each in moments), reverse=True)
    in_bumps = [each for each in moments if any(start <= each.peak_frame < stop for start, stop in BUMPS)]
    assert len(in_bumps) == min(hidden, 10)
    for each in moments:
        assert not any(s.start <= each.peak_frame < s.stop for s in session.scoring.segments)


def test_a_click_goes_there_and_selects_no_segment(segments: SegmentList, session: ReviewSession, qtbot: QtBot) -> None:
    session.scoring.set_threshold(1.0)
    unfold(segments, qtbot)
    session.navigation.select(session.scoring.segments[0])
    moments = segments.moments
    place = moments.list.visualRect(moments.model.index(1)).center()
    qtbot.mouseClick(moments.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert session.playhead == moments.model.segment(1).peak_frame
    assert session.scoring.selected is None


def test_the_chosen_moment_stays_chosen_while_others_come_and_go(
    segments: SegmentList, session: ReviewSession, qtbot: QtBot
) -> None:
    session.scoring.set_threshold(1.0)
    unfold(segments, qtbot)
    moments = segments.moments
    place = moments.list.visualRect(moments.model.index(4)).center()
    qtbot.mouseClick(moments.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    chosen, playhead = moments.model.segment(4), session.playhead
    threshold = (moments.model.segment(1).peak_score + moments.model.segment(2).peak_score) / 2
    session.scoring.set_threshold(threshold)  # the first two are flagged now
    assert moments.model.segment(moments.list.currentIndex().row()) == chosen
    session.navigation.select(session.scoring.segments[0])
    assert not moments.list.currentIndex().isValid()
    assert not moments.list.selectedIndexes()
    session.seek(playhead)
    assert not moments.list.currentIndex().isValid()


def test_what_is_flagged_now_leaves_the_list(segments: SegmentList, session: ReviewSession, qtbot: QtBot) -> None:
    session.scoring.set_threshold(1.0)
    unfold(segments, qtbot)
    first = segments.moments.model.segment(0)
    session.scoring.set_threshold(0.3)
    assert any(s.start <= first.peak_frame < s.stop for s in session.scoring.segments)
    rows = range(segments.moments.model.rowCount())
    assert first.peak_frame not in [segments.moments.model.segment(row).peak_frame for row in rows]
