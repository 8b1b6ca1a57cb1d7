from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, QPoint, Qt
from pytestqt.qtbot import QtBot

from engine.review.document import Verdict
from engine.review.edits import MISSED
from engine.scoring.segments import Segment, SegmentRule
from tests.vadgui.synthetic import (
    add_rows,
    calibrated_detector,
    calibrated_signals,
    open_session,
    plain_picture,
    signals_with_bumps,
    steady_times,
)
from vadgui.model.engine_state import AnalysisPhase, AnalysisState
from vadgui.model.session import ReviewSession
from vadgui.segments import delegate
from vadgui.segments.model import SEGMENT_ROLE, SegmentFilter, SegmentModel, SegmentOrder
from vadgui.segments.view import SegmentList

COUNT = 6000
BUMPS = [(start, start + 20) for start in range(200, COUNT - 100, 200)]


@pytest.fixture
def session() -> ReviewSession:
    return open_session(steady_times(COUNT), signals_with_bumps(COUNT, BUMPS))


@pytest.fixture
def segments(session: ReviewSession, qtbot: QtBot) -> SegmentList:
    view = SegmentList(session)
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


def rows(model: SegmentModel) -> list[Segment]:
    return [model.index(row).data(SEGMENT_ROLE) for row in range(model.rowCount())]


def row(segments: SegmentList, number: int) -> QModelIndex:
    index = segments.model.index(number)
    segments.list.scrollTo(index)
    return index


def test_click_selects_and_jumps_to_the_peak(segments: SegmentList, session: ReviewSession, qtbot: QtBot) -> None:
    index = row(segments, 12)
    position = segments.list.visualRect(index).center()
    qtbot.mouseClick(segments.list.viewport(), Qt.MouseButton.LeftButton, pos=position)
    assert session.scoring.selected == session.scoring.segments[12]
    assert session.playhead == session.scoring.segments[12].peak_frame
    session.seek(0)
    qtbot.mouseClick(segments.list.viewport(), Qt.MouseButton.LeftButton, pos=position)
    assert session.playhead == session.scoring.segments[12].peak_frame


def test_keys_go_from_segment_to_segment(segments: SegmentList, session: ReviewSession, qtbot: QtBot) -> None:
    session.navigation.select(session.scoring.segments[3])
    qtbot.keyClick(segments.list, Qt.Key.Key_Down)
    assert session.scoring.selected == session.scoring.segments[4]
    qtbot.keyClick(segments.list, Qt.Key.Key_Up)
    assert session.playhead == session.scoring.segments[3].peak_frame


def test_segments_of_a_score_with_several_signals_name_the_reason(
    segments: SegmentList, session: ReviewSession, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason has its own line and is in the accessible text; the paper's score has one signal and no reason."""
    index = segments.model.index(0)
    height_without_reason = segments.list.visualRect(index).height()
    assert index.data(Qt.ItemDataRole.ToolTipRole).endswith(str(rows(segments.model)[0].peak_frame))
    signals = calibrated_signals(COUNT, [])
    signals["appearance_distance"][300:340] += 60
    signals["direction_rarity"][900:940] += 60
    session.use_detector(calibrated_detector())
    add_rows(session.scoring, 0, signals)
    session.scoring.catch_up()
    tips = [segments.model.index(number).data(Qt.ItemDataRole.ToolTipRole) for number in range(2)]
    assert [tip.rpartition(": ")[2] for tip in tips] == ["unusual looks", "rare motion there"]
    qtbot.waitUntil(lambda: segments.list.visualRect(segments.model.index(0)).height() > height_without_reason)
    painted: list[Segment] = []
    reason = SegmentModel.reason
    monkeypatch.setattr(SegmentModel, "reason", lambda self, segment: painted.append(segment) or reason(self, segment))
    segments.list.grab()
    assert painted[:2] == rows(segments.model)[:2]


def test_what_was_judged_earlier_has_no_score_and_no_reason_before_its_analysis(
    segments: SegmentList, session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = session.review.segments[0]
    session.review.edit(lambda editor: editor.judge(first, Verdict.CONFIRMED, MISSED))
    session.use_detector(calibrated_detector())
    (judged,) = rows(segments.model)
    tip = segments.model.index(0).data(Qt.ItemDataRole.ToolTipRole)
    assert tip.splitlines()[0].endswith("not analysed yet")
    assert segments.model.reason(judged) == ""
    painted: list[float | None] = []
    monkeypatch.setattr(
        delegate.SegmentDelegate, "_paint_score", lambda _self, _painter, _rect, score, _top: painted.append(score)
    )
    segments.list.grab()
    assert painted == [None]


def test_filtered_and_sorted_by_reason(segments: SegmentList, session: ReviewSession, qtbot: QtBot) -> None:
    signals = calibrated_signals(COUNT, [])
    for start, signal in ((300, "appearance_distance"), (900, "direction_rarity"), (1500, "appearance_distance")):
        signals[signal][start : start + 40] += 60
    session.use_detector(calibrated_detector())
    add_rows(session.scoring, 0, signals)
    session.scoring.catch_up()
    qtbot.keyClick(segments.order_box, Qt.Key.Key_End)
    assert [segments.model.reason(each) for each in rows(segments.model)] == [
        "rare motion there",
        "unusual looks",
        "unusual looks",
    ]
    box = segments.filter_box
    box.showPopup()
    assert [box.itemText(row) for row in range(box.count())][-2:] == ["Rare motion there", "Unusual looks"]
    assert box.view().width() >= box.view().sizeHintForColumn(0)
    box.hidePopup()
    qtbot.keyClick(box, Qt.Key.Key_End)
    assert [segments.model.reason(each) for each in rows(segments.model)] == 2 * ["unusual looks"]
    session.review.set_threshold(float(np.nanmax(session.scoring.scores)) + 1)
    assert not rows(segments.model)


def test_a_reason_that_a_narrow_list_has_no_room_for_stands_without_the_verdict(
    segments: SegmentList, session: ReviewSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = session.review.segments[0]
    session.review.edit(lambda editor: editor.judge(first, Verdict.CONFIRMED, MISSED))
    painted: list[str] = []
    reason = delegate.verdict_reason
    monkeypatch.setattr(delegate, "verdict_reason", lambda segment: painted.append(reason(segment)) or reason(segment))
    segments.resize(600, 400)
    segments.grab()
    assert not painted
    segments.resize(280, 400)
    segments.grab()
    assert MISSED in painted


def test_double_click_requests_to_play_the_segment(segments: SegmentList, session: ReviewSession, qtbot: QtBot) -> None:
    position = segments.list.visualRect(segments.model.index(1)).center()
    with qtbot.waitSignal(segments.play_requested) as requested:
        qtbot.mouseClick(segments.list.viewport(), Qt.MouseButton.LeftButton, pos=position)
        qtbot.mouseDClick(segments.list.viewport(), Qt.MouseButton.LeftButton, pos=position)
    assert requested.args == [session.scoring.segments[1]]


def test_selection_made_elsewhere_is_shown_and_scrolled_to(segments: SegmentList, session: ReviewSession) -> None:
    session.navigation.select(session.scoring.segments[-1])
    current = segments.list.currentIndex()
    assert rows(segments.model)[current.row()] == session.scoring.segments[-1]
    assert segments.list.viewport().rect().intersects(segments.list.visualRect(current))
    session.navigation.select(None)
    assert not segments.list.selectionModel().hasSelection()


def test_sorted_by_time_or_by_score(segments: SegmentList, session: ReviewSession, qtbot: QtBot) -> None:
    session.navigation.select(session.scoring.segments[5])
    qtbot.keyClick(segments.order_box, Qt.Key.Key_Down)
    scores = [segment.peak_score for segment in rows(segments.model)]
    assert scores == sorted(scores, reverse=True)
    assert sorted(rows(segments.model), key=lambda segment: segment.start) == session.scoring.segments
    assert segments.model.segment(segments.list.currentIndex().row()) == session.scoring.segments[5]
    qtbot.keyClick(segments.order_box, Qt.Key.Key_Up)
    assert rows(segments.model) == session.scoring.segments


@pytest.mark.parametrize("order", list(SegmentOrder))
def test_rows_follow_every_change_of_the_sessions_segments(order: SegmentOrder, qtbot: QtBot) -> None:
    del qtbot
    session = open_session(steady_times(COUNT))
    model = SegmentModel(session)
    model.arrange(order, SegmentFilter.ALL)
    removed: list[tuple[int, int]] = []
    model.rowsRemoved.connect(lambda _parent, first, last: removed.append((first, last)))
    noise = np.random.default_rng(3)
    for _ in range(25):
        chosen = sorted(noise.choice(len(BUMPS), int(noise.integers(0, len(BUMPS))), replace=False))
        add_rows(
            session.scoring, 0, signals_with_bumps(COUNT, [BUMPS[i] for i in chosen], seed=int(noise.integers(99)))
        )
        session.scoring.catch_up()
        model.update()
        assert sorted(rows(model), key=lambda segment: segment.start) == session.scoring.segments
    assert removed


def test_selection_scroll_and_playhead_stay_while_segments_arrive(
    segments: SegmentList, session: ReviewSession, qtbot: QtBot
) -> None:
    whole = session.scoring.signals.copy()
    first_half = whole.copy()
    first_half[COUNT // 2 :] = signals_with_bumps(COUNT // 2, [])
    add_rows(session.scoring, 0, first_half)
    session.scoring.catch_up()
    session.navigation.select(session.scoring.segments[8])
    session.seek(17)

    def top_start() -> int:
        index = segments.list.indexAt(segments.list.viewport().rect().topLeft())
        return segments.model.segment(index.row()).start

    top = top_start()
    offset = segments.list.verticalScrollBar().value()
    add_rows(session.scoring, 0, whole)
    session.scoring.catch_up()
    qtbot.wait(1)
    assert len(rows(segments.model)) == len(BUMPS)
    assert session.playhead == 17
    assert segments.list.verticalScrollBar().value() == offset
    assert top_start() == top
    assert segments.model.segment(segments.list.currentIndex().row()) == session.scoring.selected


def test_the_playhead_stays_when_the_selected_segment_disappears(segments: SegmentList, session: ReviewSession) -> None:
    session.navigation.select(session.scoring.segments[4])
    session.seek(11)
    add_rows(session.scoring, 0, signals_with_bumps(COUNT, BUMPS[:4] + BUMPS[5:]))
    session.scoring.catch_up()
    assert session.scoring.selected is None
    assert session.playhead == 11
    assert not segments.list.selectionModel().hasSelection()


def test_thumbnails_are_requested_only_for_visible_rows(
    segments: SegmentList, session: ReviewSession, qtbot: QtBot
) -> None:
    requested: set[int] = set()
    fresh = open_session(steady_times(COUNT), session.scoring.signals.copy())
    fresh.thumbnails.requested.connect(requested.add)
    view = SegmentList(fresh)
    qtbot.addWidget(view)
    view.resize(300, 400)
    view.show()
    view.grab()
    assert requested
    assert len(requested) < 10
    assert fresh.scoring.segments[0].peak_frame in requested
    row_rect = view.list.visualRect(view.model.index(0))
    picture_at = QPoint(row_rect.left() + 50, row_rect.center().y())
    before = view.list.viewport().grab().toImage().pixel(picture_at)
    fresh.thumbnails.add(fresh.scoring.segments[0].peak_frame, plain_picture(160, 90, (0, 0, 255)))
    assert view.list.viewport().grab().toImage().pixel(picture_at) != before
    del segments


@pytest.mark.parametrize(
    ("phase", "analysed", "words"),
    [
        (AnalysisPhase.IDLE, False, "Not analysed yet."),
        (AnalysisPhase.RUNNING, False, "Not analysed yet."),
        (AnalysisPhase.RUNNING, True, f"Nothing flagged so far at the threshold of {SegmentRule().enter:.2f}."),
        (AnalysisPhase.DONE, True, f"Nothing flagged at the threshold of {SegmentRule().enter:.2f}."),
    ],
)
def test_an_empty_list_says_why(qtbot: QtBot, phase: AnalysisPhase, analysed: bool, words: str) -> None:
    signals = signals_with_bumps(100, [])
    signals["psnr_db"][1:] = 36.0
    session = open_session(steady_times(100), signals if analysed else None)
    session.set_analysis(AnalysisState(phase, 50, 100))
    view = SegmentList(session)
    qtbot.addWidget(view)
    assert view.message() == words


@pytest.mark.parametrize(
    ("unreviewed", "doubt"),
    [
        (False, "less than 12 an hour can't be promised: 5 min of normal footage"),
        (True, "no number can be promised: nobody reviewed the 5 min"),
    ],
)
def test_an_empty_list_says_what_little_footage_cannot_promise(qtbot: QtBot, unreviewed: bool, doubt: str) -> None:
    detector = calibrated_detector()
    assert detector.calibration is not None
    detector = replace(detector, calibration=replace(detector.calibration, unreviewed=unreviewed))
    session = open_session(steady_times(COUNT), calibrated_signals(COUNT, []), detector=detector)
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, COUNT, COUNT))
    view = SegmentList(session)
    qtbot.addWidget(view)
    assert view.message().startswith(f"Nothing flagged at about 2 false alarms an hour ({doubt}). The most suspicious")
    highest = session.scoring.scorer.describe(float(np.nanmax(session.scoring.scores)))
    assert view.message().endswith(f"moments are below; the first: {highest}.")


def test_an_empty_list_tells_hardly_any_false_alarms_in_words_that_people_read(qtbot: QtBot) -> None:
    session = open_session(steady_times(COUNT), calibrated_signals(COUNT, []), detector=calibrated_detector())
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, COUNT, COUNT))
    view = SegmentList(session)
    qtbot.addWidget(view)
    session.scoring.set_rule(SegmentRule(enter=9.0, leave=8.0))
    assert "e-" not in view.message()
    assert view.message().startswith("Nothing flagged at less than 0.001 false alarms an hour")


def test_without_a_video_it_says_what_to_do(qtbot: QtBot) -> None:
    view = SegmentList(ReviewSession())
    qtbot.addWidget(view)
    assert "Open a video" in view.message()


def test_header_counts_the_segments_so_far(segments: SegmentList, session: ReviewSession) -> None:
    session.set_analysis(AnalysisState(AnalysisPhase.RUNNING, 10, COUNT))
    assert segments.count_text() == f"{len(BUMPS)} so far"
    session.set_analysis(AnalysisState(AnalysisPhase.DONE, COUNT, COUNT))
    assert segments.count_text() == f"{len(BUMPS)} segments"


def test_rows_have_an_accessible_text(segments: SegmentList, session: ReviewSession) -> None:
    segment = session.scoring.segments[0]
    accessible_text = segments.model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert f"frames {segment.start}–{segment.stop - 1} ({len(segment)})" in accessible_text
    assert f"peak score {segment.peak_score:.2f}" in accessible_text


@pytest.mark.usefixtures("qapp")
def test_bars_of_peaks_beyond_the_timelines_scale_differ() -> None:
    session = open_session(steady_times(2000), signals_with_bumps(2000, [(400, 500), (1000, 1100)]))
    model = SegmentModel(session)
    model.update()
    peaks = [segment.peak_score for segment in rows(model)]
    assert model.score_top == max(session.scoring.top, *peaks)
    session.scoring._segments = [Segment(0, 5, 2, 16.0), Segment(10, 15, 12, 19.0)]
    model.update()
    assert model.score_top == 19.0
