"""The borders of the selected segment, dragged with the mouse."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from tests.vadgui.synthetic import open_session, signals_with_bumps, steady_times
from tests.vadgui.timeline.test_view import COUNT, drag, pixel_of, shown
from vadgui.model.reviewing import Reviewing
from vadgui.model.session import ReviewSession
from vadgui.timeline.view import TimelineView


@pytest.fixture
def session() -> ReviewSession:
    return open_session(steady_times(COUNT), signals_with_bumps(COUNT, [(400, 500), (1500, 1530)]))


@pytest.fixture
def timeline(session: ReviewSession, qtbot: QtBot) -> TimelineView:
    view = shown(session, qtbot)
    reviewing = Reviewing(session, view)
    view.trim_lines.trimmed.connect(reviewing.trim)
    session.navigation.select(session.review.segments[0])
    view.zoom_to(session.review.segments[0])
    return view


def drag_border(timeline: TimelineView, qtbot: QtBot, frame: int, to: int, score: float = 0.2) -> None:
    seconds = [float(timeline._session.times[at]) for at in (frame, (frame + to) // 2, to)]
    drag(timeline, qtbot, [pixel_of(timeline, at, score) for at in seconds])


def test_dragging_a_border_trims_the_selected_segment(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    start, stop = session.review.segments[0].start, session.review.segments[0].stop
    drag_border(timeline, qtbot, start, start + 30)
    (first, _) = session.review.segments
    assert first.start == pytest.approx(start + 30, abs=1)
    assert first.stop == stop, "the other border stays on its frame"
    assert session.playhead == first.start, "the picture is that of the border"
    drag_border(timeline, qtbot, stop, stop - 20)
    (first, _) = session.review.segments
    assert first.stop == pytest.approx(stop - 20, abs=1)
    assert session.playhead == first.stop - 1
    assert session.scoring.selected == first
    session.review.undo()
    session.review.undo()
    assert (session.review.segments[0].start, session.review.segments[0].stop) == (start, stop)
    assert timeline.trim_lines.begin.value() == pytest.approx(float(session.times[start]))


def test_borders_that_cross_are_refused_and_go_back(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    before = session.review.segments[0]
    drag_border(timeline, qtbot, before.start, before.stop + 10)
    assert session.review.segments[0] == before
    assert timeline.trim_lines.begin.value() == pytest.approx(float(session.times[before.start]))


def test_a_border_is_taken_hold_of_only_where_it_may_be_moved(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    before = session.review.segments[0]
    lines = (timeline.trim_lines.begin, timeline.trim_lines.end)
    assert all(line.isVisible() for line in lines)
    session.review.set_access("", "Somebody else has it.")
    assert not any(line.isVisible() for line in lines)
    session.review.set_access("", "")
    timeline.zoom_to_all()
    session.navigation.select(session.review.segments[1])
    assert not any(line.isVisible() for line in lines), "too narrow: whoever drags there moves the playhead"
    timeline.zoom_to(before)
    session.scoring.select(None)
    drag_border(timeline, qtbot, before.start, before.start + 30)
    assert session.review.segments[0] == before
