"""Lanes under the score: what single signals say, on the plot's time axis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from engine.scoring.signals import missing_signals
from tests.vadgui.conftest import StartProgram
from tests.vadgui.fakes import FakeFiles, MemoryVideo
from tests.vadgui.synthetic import (
    DETECTOR,
    calibrated_detector,
    calibrated_signals,
    open_session,
    signals_with_bumps,
    steady_times,
)
from vadgui.model.session import ReviewSession
from vadgui.timeline import lanes
from vadgui.timeline.lane_stack import LANE_PX, LaneStrips
from vadgui.timeline.lanes import FLOW_ERROR, PSNR, WORST_PATCH
from vadgui.timeline.pyramid import MinMaxPyramid, Stretches
from vadgui.timeline.view import TimelineView

COUNT = 2000


def shown(session: ReviewSession, qtbot: QtBot) -> TimelineView:
    view = TimelineView(session)
    qtbot.addWidget(view)
    view.resize(1000, 400)
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def session() -> ReviewSession:
    return open_session(steady_times(COUNT), calibrated_signals(COUNT, [(400, 500)]), detector=calibrated_detector())


@pytest.fixture
def timeline(session: ReviewSession, qtbot: QtBot) -> TimelineView:
    return shown(session, qtbot)


def choose(timeline: TimelineView, qtbot: QtBot, *titles: str) -> None:
    """Choose lanes by the mouse in the menu of the header."""
    for title in titles:

        def click(title: str = title) -> None:
            menu = timeline.lane_menu
            action = next(each for each in menu.actions() if each.text() == title)
            qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())

        QTimer.singleShot(0, click)
        qtbot.mouseClick(timeline.header.lanes_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: timeline.lanes.is_up_to_date)


def strips(timeline: TimelineView) -> LaneStrips:
    return timeline.lane_stack.strips


def test_no_lane_is_shown_until_one_is_chosen(timeline: TimelineView, qtbot: QtBot) -> None:
    assert not timeline.lane_stack.isVisible()
    choose(timeline, qtbot, "Unusually fast", "PSNR")
    assert [lane.title for lane in timeline.lanes.shown] == ["Unusually fast", "PSNR"]
    qtbot.waitUntil(lambda: timeline.lane_stack.height() >= 2 * LANE_PX)
    choose(timeline, qtbot, "PSNR")
    assert [lane.title for lane in timeline.lanes.shown] == ["Unusually fast"]


def test_the_score_is_the_highest_of_the_lanes_of_evidence(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    evidence = [lane for lane in timeline.lanes.offered if lane.is_score]
    choose(timeline, qtbot, *(lane.title for lane in evidence))
    for frame in (1, 250, 400, 450, 499, 1999):
        highest = max(timeline.lanes.value_at(lane, frame) for lane in evidence)
        assert max(highest, 0) == pytest.approx(session.scoring.scores[frame], abs=1e-4)


def test_a_lane_says_its_value_at_the_playhead_and_under_the_mouse(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    choose(timeline, qtbot, "PSNR")
    session.seek(450)
    assert strips(timeline).text_of(PSNR) == f"PSNR  {session.scoring.signals['psnr_db'][450]:.1f} dB"
    at = strips(timeline).area_of(0).center()
    qtbot.mouseMove(strips(timeline), at)
    frame = session.index_at(timeline.plot.hover.value())
    assert frame == pytest.approx(1000, abs=2)
    assert strips(timeline).text_of(PSNR) == f"PSNR  {session.scoring.signals['psnr_db'][frame]:.1f} dB"
    assert timeline.header.reading().startswith(f"Frame {frame} ")


def test_the_worst_patch_and_the_flow_error_are_those_of_each_frame(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    choose(timeline, qtbot, "Worst patch", "Flow error")
    signals = session.scoring.signals
    assert timeline.lanes.value_at(WORST_PATCH, 700) == signals["patch_psnr_db"][700].min()
    assert timeline.lanes.value_at(FLOW_ERROR, 700) == signals["flow_error_px"][700]
    worst, best = timeline.lanes.extent(WORST_PATCH)[1], timeline.lanes.extent(WORST_PATCH)[0]
    assert worst < best  # what is worse predicted is drawn higher up


def test_a_click_in_a_lane_moves_the_playhead_and_the_wheel_zooms(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    choose(timeline, qtbot, "PSNR")
    at = strips(timeline).area_of(0).center()
    qtbot.mouseClick(strips(timeline), Qt.MouseButton.LeftButton, pos=at)
    assert session.playhead == pytest.approx(1000, abs=2)
    turn = QWheelEvent(
        QPointF(at), QPointF(strips(timeline).mapToGlobal(at)), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(strips(timeline), turn)
    begin, stop = timeline.plot.box.span()
    assert stop - begin == pytest.approx(80 / 1.25**2)
    assert begin < 40 < stop


def test_without_calibration_only_prediction_errors_are_offered(qtbot: QtBot) -> None:
    timeline = shown(open_session(steady_times(200), signals_with_bumps(200, []), detector=DETECTOR), qtbot)
    assert timeline.lanes.offered == [PSNR, WORST_PATCH, FLOW_ERROR]


def test_a_lane_stays_chosen_with_another_recording(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    choose(timeline, qtbot, "PSNR")
    session.open_video(session.video, steady_times(50))  # type: ignore[arg-type]
    assert timeline.lanes.shown == [PSNR]
    assert np.isnan(timeline.lanes.value_at(PSNR, 20))


def test_lanes_that_come_bit_by_bit_are_those_of_the_whole(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "CHUNK_FRAMES", 64)
    signals = calibrated_signals(COUNT, [(400, 500)])
    whole, parts = (open_session(steady_times(COUNT), each, detector=calibrated_detector()) for each in (signals, None))
    views = [shown(session, qtbot) for session in (whole, parts)]
    keys = [lane.key for lane in views[0].lanes.offered]
    for view in views:
        view.lanes.show(keys)
    order = np.random.default_rng(0).permutation(COUNT)
    for frames in np.array_split(order, 7):
        parts.scoring.add(frames, signals[frames])
        qtbot.wait(5)
    qtbot.waitUntil(lambda: all(view.lanes.is_up_to_date for view in views))
    for lane in views[0].lanes.shown:
        known = [[view.lanes.value_at(lane, frame) for frame in range(COUNT)] for view in views]
        np.testing.assert_allclose(known[1], known[0], rtol=1e-4, atol=1e-4, err_msg=lane.title)


def test_what_a_calibrated_detector_did_not_measure_is_empty(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    session.scoring.add(np.arange(COUNT), missing_signals(COUNT))
    choose(timeline, qtbot, "PSNR")
    assert strips(timeline).text_of(PSNR) == "PSNR"


def test_a_key_opens_the_menu_and_what_is_chosen_is_kept(
    start_program: StartProgram, qtbot: QtBot, tmp_path: Path
) -> None:
    program = start_program(FakeFiles(scene=lambda path: MemoryVideo(path, 40, is_scene=True)))
    program.begin(tmp_path / "scene.mp4", None)
    qtbot.waitUntil(lambda: program.session.video is not None)
    window = program.window

    def choose_by_keys() -> None:
        menu = window.timeline.lane_menu
        assert menu.isVisible()
        qtbot.keyClick(menu, Qt.Key.Key_Down)
        qtbot.keyClick(menu, Qt.Key.Key_Return)

    QTimer.singleShot(50, choose_by_keys)
    qtbot.keyClick(window, Qt.Key.Key_T)
    assert window.timeline.lanes.shown == [PSNR]
    again = start_program(FakeFiles())
    assert again.window.timeline.lanes.shown == [PSNR]


@settings(max_examples=60)
@given(st.integers(1, 5000), st.integers(0, 1000))
def test_an_updated_pyramid_is_as_one_that_was_built_anew(count: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = random.random(count)
    pyramid = MinMaxPyramid(values)
    start = int(random.integers(0, count))
    stop = int(random.integers(start, count)) + 1
    values[start:stop] = random.random(stop - start) - 0.5
    pyramid.update(start, stop)
    edges = np.linspace(0, count, min(7, count) + 1).astype(np.intp)
    for found, expected in zip(
        pyramid.extremes(Stretches(edges[:-1], edges[1:])),
        MinMaxPyramid(values).extremes(Stretches(edges[:-1], edges[1:])),
        strict=True,
    ):
        np.testing.assert_array_equal(found, expected)
