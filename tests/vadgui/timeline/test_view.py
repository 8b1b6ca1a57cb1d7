from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QEvent, QLocale, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPicture, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QToolTip
from pytestqt.qtbot import QtBot

from engine.scoring.calibrated_scorer import how_often
from engine.scoring.drift import Reference
from engine.scoring.paper_scorer import PaperScorer
from engine.scoring.sampling import Sampling
from engine.scoring.segments import SegmentRule
from engine.scoring.signals import RawSignals, missing_signals
from engine.scoring.tail import false_alarms_at, threshold_for
from engine.video.frame import ConcealedFrames, LostFrames
from tests.vadgui.synthetic import (
    DETECTOR,
    add_rows,
    calibrated_detector,
    calibrated_signals,
    open_session,
    signals_with_bumps,
    steady_times,
    variable_times,
    video_info,
    view_of,
)
from vadgui.model.engine_state import DetectorSummary
from vadgui.model.session import ReviewSession
from vadgui.timeline.view import TimelineView
from vadgui.ui import theme

COUNT = 2000


def shown(session: ReviewSession, qtbot: QtBot) -> TimelineView:
    view = TimelineView(session)
    qtbot.addWidget(view)
    view.resize(1000, 220)
    view.show()
    qtbot.waitExposed(view)
    return view


@pytest.fixture
def session() -> ReviewSession:
    return open_session(steady_times(COUNT), signals_with_bumps(COUNT, [(400, 500), (1500, 1530)]))


@pytest.fixture
def timeline(session: ReviewSession, qtbot: QtBot) -> TimelineView:
    return shown(session, qtbot)


def test_there_is_no_threshold_while_nobody_knows_whose_it_would_be(qtbot: QtBot) -> None:
    session = ReviewSession()
    timeline = shown(session, qtbot)
    header = timeline.header
    fields = (header.threshold_box, header.alarms_box)

    def seen() -> tuple[list[bool], bool]:
        return [field.isVisible() for field in fields], timeline.plot.threshold.isVisible()

    times = steady_times(COUNT)
    session.open_video(video_info(times, 640, 360), times)
    session.expect_detector(True)
    assert seen() == ([False, False], False)
    assert not timeline.plot.leave.isVisible()
    before = session.scoring.rule
    header.step_threshold(1)
    assert session.scoring.rule == before
    session.read_detector(calibrated_detector())  # its file tells what its scores mean
    assert seen() == ([False, True], True)
    session.use_detector(calibrated_detector())
    assert seen() == ([False, True], True)
    session.drop_detector()
    session.expect_detector(True)
    assert seen() == ([False, False], False)
    session.expect_detector(False)  # it could not be loaded
    assert seen() == ([True, False], True)


def plot_area(timeline: TimelineView) -> tuple[float, float, float]:
    """Left edge, width and middle height of the plot in pixels of its viewport."""
    area = timeline.plot.box.sceneBoundingRect()
    return area.left(), area.width(), area.center().y()


def pixel_of(timeline: TimelineView, seconds: float, score: float = 0.3) -> QPoint:
    """Pixel of the plot's viewport at which a time and a score are drawn; both axes are linear."""
    left, width, _ = plot_area(timeline)
    area = timeline.plot.box.sceneBoundingRect()
    (begin, stop), (low, high) = timeline.plot.box.viewRange()
    x = left + (seconds - begin) / (stop - begin) * width
    return QPoint(int(x), round(area.bottom() - (score - low) / (high - low) * area.height()))


def seconds_under(timeline: TimelineView, x: int) -> float:
    left, width, _ = plot_area(timeline)
    (begin, stop), _ = timeline.plot.box.viewRange()
    return float(begin + (x - left) / width * (stop - begin))


def frame_on_screen(times: npt.NDArray[np.float64], seconds: float) -> int:
    return max(index for index, time in enumerate(times) if time <= seconds)


def click(timeline: TimelineView, qtbot: QtBot, at: QPoint) -> None:
    qtbot.mouseClick(timeline.plot.viewport(), Qt.MouseButton.LeftButton, pos=at)


def drag(timeline: TimelineView, qtbot: QtBot, path: list[QPoint], release: bool = True) -> None:
    viewport = timeline.plot.viewport()
    qtbot.mouseMove(viewport, path[0])
    qtbot.mousePress(viewport, Qt.MouseButton.LeftButton, pos=path[0])
    for point in path[1:]:
        # pyqtgraph drops mouse moves beyond a hundred a second.
        qtbot.wait(15)
        # qtbot.mouseMove would send events without a pressed button.
        move_event = QMouseEvent(
            QMouseEvent.Type.MouseMove,
            QPointF(point),
            QPointF(viewport.mapToGlobal(point)),
            Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        QApplication.sendEvent(viewport, move_event)
    if release:
        qtbot.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=path[-1])


def wheel(timeline: TimelineView, at: QPoint, notches: int, *, shift: bool = False) -> None:
    viewport = timeline.plot.viewport()
    modifiers = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        QPointF(at),
        QPointF(viewport.mapToGlobal(at)),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(viewport, event)


@pytest.mark.parametrize("variable", [False, True], ids=["steady rate", "variable rate"])
@pytest.mark.parametrize("span", [None, (20.0, 4.0), (71.3, 0.4)], ids=["all", "4 s", "0.4 s"])
def test_click_lands_on_exactly_the_frame_under_the_mouse(
    qtbot: QtBot, variable: bool, span: tuple[float, float] | None
) -> None:
    times = variable_times(COUNT) if variable else steady_times(COUNT)
    session = open_session(times, signals_with_bumps(COUNT, [(400, 500)]))
    timeline = shown(session, qtbot)
    if span:
        timeline.plot.box.show_span(*span)
    left, width, height = plot_area(timeline)
    for share in (0.0, 0.03, 0.21, 0.5, 0.77, 0.999):
        x = int(np.ceil(left + share * (width - 1)))
        expected = frame_on_screen(times, seconds_under(timeline, x))
        # Below the threshold line, which would be dragged.
        click(timeline, qtbot, QPoint(x, int(height + 25)))
        assert session.playhead == expected, f"clicked {share:.0%} across"


def test_each_frame_can_be_clicked_when_zoomed_in(timeline: TimelineView, session: ReviewSession, qtbot: QtBot) -> None:
    timeline.plot.box.show_span(40.0, 1.0)
    for frame in range(1000, 1025):
        click(timeline, qtbot, pixel_of(timeline, (frame + 0.5) / 25))
        assert session.playhead == frame


def test_dragging_scrubs(timeline: TimelineView, session: ReviewSession, qtbot: QtBot) -> None:
    visited: list[int] = []
    session.playhead_changed.connect(visited.append)
    path = [pixel_of(timeline, seconds) for seconds in (10.0, 20.0, 30.0, 25.0)]
    drag(timeline, qtbot, path)
    assert visited[-3:] == [frame_on_screen(session.times, seconds_under(timeline, point.x())) for point in path[1:]]


def test_scrubbing_past_the_edge_stays_in_view(timeline: TimelineView, session: ReviewSession, qtbot: QtBot) -> None:
    timeline.plot.box.show_span(20.0, 4.0)
    drag(timeline, qtbot, [pixel_of(timeline, 22.0), pixel_of(timeline, 23.0), QPoint(999, 60)])
    assert timeline.plot.box.span() == pytest.approx((20.0, 24.0))
    assert 23.9 <= session.times[session.playhead] <= 24.0


def test_dragging_the_threshold_moves_the_rule(timeline: TimelineView, session: ReviewSession, qtbot: QtBot) -> None:
    session.scoring.set_rule(SegmentRule(enter=0.6, leave=0.45))
    playhead = session.playhead
    drag(timeline, qtbot, [pixel_of(timeline, 60, 0.6), pixel_of(timeline, 60, 0.5), pixel_of(timeline, 60, 0.3)])
    assert session.scoring.rule.enter == pytest.approx(0.3, abs=0.02)
    assert session.scoring.rule.leave == pytest.approx(0.75 * session.scoring.rule.enter)
    assert session.playhead == playhead
    assert timeline.header.threshold_box.value() == pytest.approx(session.scoring.rule.enter, abs=0.006)


def test_while_it_is_dragged_the_threshold_says_what_it_flags(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    session.scoring.set_rule(SegmentRule(enter=0.95, leave=0.9))
    path = [pixel_of(timeline, 60, score) for score in (0.95, 0.8, 0.6)]
    drag(timeline, qtbot, path, release=False)
    label = timeline.plot.threshold.label.textItem.toPlainText
    qtbot.waitUntil(lambda: len(session.scoring.segments) == 2)
    share = sum(len(segment) for segment in session.scoring.segments) / COUNT
    expected = f": 2 segments, {100 * share:.2g} % of the recording"
    qtbot.waitUntil(lambda: label() == f"threshold {timeline.plot.threshold.value():.2f}{expected}")
    qtbot.mouseRelease(timeline.plot.viewport(), Qt.MouseButton.LeftButton, pos=path[-1])
    assert label() == f"threshold {session.scoring.rule.enter:.2f}"


def test_threshold_can_be_typed(timeline: TimelineView, session: ReviewSession, qtbot: QtBot) -> None:
    box = timeline.header.threshold_box
    box.selectAll()
    qtbot.keyClicks(box, box.locale().toString(0.85, "f", 2))
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert session.scoring.rule.enter == 0.85
    assert timeline.plot.threshold.value() == 0.85


def test_a_threshold_dragged_to_zero_comes_back(timeline: TimelineView, session: ReviewSession) -> None:
    ratio = session.scoring.rule.leave / session.scoring.rule.enter
    timeline.header.threshold_box.setValue(0.0)
    assert (session.scoring.rule.enter, session.scoring.rule.leave) == (0.0, 0.0)
    timeline.header.threshold_box.setValue(0.7)
    assert session.scoring.rule.leave == pytest.approx(0.7 * ratio)


def test_leave_never_rises_above_enter() -> None:
    leave = PaperScorer().leave_for(0.1 + 0.2, moved_from=SegmentRule(enter=0.3, leave=0.3))
    assert leave <= 0.1 + 0.2


def test_wheel_zooms_around_the_mouse_and_pans_with_shift(timeline: TimelineView) -> None:
    at = pixel_of(timeline, 30.0)
    before = seconds_under(timeline, at.x())
    wheel(timeline, at, 4)
    begin, stop = timeline.plot.box.span()
    assert stop - begin == pytest.approx(80 / 1.25**4)
    assert seconds_under(timeline, at.x()) == pytest.approx(before, abs=0.05)
    wheel(timeline, at, -1, shift=True)
    assert timeline.plot.box.span()[0] > begin
    wheel(timeline, at, -40)
    assert timeline.plot.box.span() == pytest.approx((0.0, 80.0))


def test_overview_moves_what_is_shown(timeline: TimelineView, qtbot: QtBot) -> None:
    timeline.plot.box.show_span(0.0, 8.0)
    strip = timeline.overview.strip()
    at = QPoint(strip.left() + strip.width() // 2, strip.center().y())
    qtbot.mouseClick(timeline.overview, Qt.MouseButton.LeftButton, pos=at)
    assert timeline.plot.box.span() == pytest.approx((36.0, 44.0), abs=0.2)


def test_hover_shows_the_values_of_the_frame_under_the_mouse(
    timeline: TimelineView, session: ReviewSession, qtbot: QtBot
) -> None:
    at = pixel_of(timeline, 18.0)
    qtbot.mouseMove(timeline.plot.viewport(), at)
    frame = frame_on_screen(session.times, seconds_under(timeline, at.x()))
    expected = (
        f"Frame {frame}   0:{frame / 25:06.3f}   score {session.scoring.scores[frame]:.3f}   "
        f"PSNR {session.scoring.signals['psnr_db'][frame]:.1f} dB"
    )
    qtbot.waitUntil(lambda: timeline.header.reading() == expected)


def test_hover_over_a_frame_without_a_score_says_not_analysed(qtbot: QtBot) -> None:
    signals = signals_with_bumps(COUNT, [])
    signals[1000:] = missing_signals(1000)
    timeline = shown(open_session(steady_times(COUNT), signals), qtbot)
    assert timeline.reading_at(1500) == "Frame 1500   1:00.000   not analysed yet"


def test_the_curve_fills_in_while_scores_arrive(qtbot: QtBot) -> None:
    session = open_session(steady_times(COUNT))
    timeline = shown(session, qtbot)
    at = pixel_of(timeline, 60.0, 0.9)

    def colours_there() -> set[int]:
        image = timeline.plot.grab().toImage()
        return {image.pixel(at + QPoint(x, 0)) for x in range(20)}

    surface = QColor(theme.current().surface).rgb()
    assert surface not in colours_there()
    add_rows(session.scoring, 0, signals_with_bumps(COUNT, [(400, 500)]))
    session.scoring.catch_up()
    assert colours_there() == {surface}


def test_zoomed_in_timeline_follows_the_playhead(timeline: TimelineView, session: ReviewSession) -> None:
    timeline.plot.box.show_span(0.0, 4.0)
    session.seek(1250)
    begin, stop = timeline.plot.box.span()
    assert begin <= 50.0 < stop
    assert stop - begin == pytest.approx(4.0)
    session.seek(1260)
    assert timeline.plot.box.span() == (begin, stop)


def test_another_recording_is_shown_whole_and_revised_times_keep_the_zoom(
    timeline: TimelineView, session: ReviewSession
) -> None:
    session.show(view_of(session, 0))
    timeline.plot.box.show_span(2.0, 4.0)
    times = steady_times(1900)
    session.revise_times(video_info(times), times)
    assert timeline.plot.box.span() == pytest.approx((2.0, 6.0))
    times = steady_times(50)
    session.open_video(video_info(times), times)
    assert timeline.plot.box.span() == pytest.approx((0.0, 2.0))
    session.close_video()
    assert not timeline.isEnabled()


def test_the_last_frame_can_be_clicked(timeline: TimelineView, session: ReviewSession, qtbot: QtBot) -> None:
    timeline.plot.box.show_span(79.0, 1.0)
    click(timeline, qtbot, pixel_of(timeline, 79.98))
    assert session.playhead == COUNT - 1


def test_the_thresholds_label_shows_its_value_from_the_start(qtbot: QtBot) -> None:
    empty = ReviewSession()
    view = shown(empty, qtbot)
    times = steady_times(COUNT)
    empty.open_video(video_info(times), times)
    assert view.plot.threshold.label.textItem.toPlainText() == f"threshold {SegmentRule().enter:.2f}"
    empty.scoring.set_rule(SegmentRule(enter=0.8, leave=0.6))
    assert view.plot.threshold.label.textItem.toPlainText() == "threshold 0.80"


# Calibrated scores


@pytest.fixture
def calibrated(qtbot: QtBot) -> TimelineView:
    signals = calibrated_signals(COUNT, [(400, 500)])
    return shown(open_session(steady_times(COUNT), signals, detector=calibrated_detector()), qtbot)


def words(timeline: TimelineView) -> str:
    """The texts of all visible labels of the line above the timeline."""
    return "  ".join(label.text() for label in timeline.header.findChildren(QLabel) if label.isVisible())


def tips(timeline: TimelineView) -> list[str]:
    """The tooltips of all labels of the line above the timeline."""
    return [label.toolTip() for label in timeline.header.findChildren(QLabel)]


def test_footage_that_nobody_reviewed_promises_no_number_of_false_alarms(qtbot: QtBot) -> None:
    detector = calibrated_detector()
    assert detector.calibration is not None
    detector = replace(detector, calibration=replace(detector.calibration, unreviewed=True))
    timeline = shown(open_session(steady_times(COUNT), calibrated_signals(COUNT, []), detector=detector), qtbot)
    for per_hour in (2, 600):
        timeline._session.scoring.set_threshold(threshold_for(per_hour))
        assert "no number can be promised: nobody reviewed the 5 min" in words(timeline)
        assert "expected here" not in words(timeline)
        (tip,) = (tip for tip in tips(timeline) if "nobody reviewed" in tip)
        assert "footage that is known to be normal" in tip
        assert "more normal footage" not in tip
        assert "A guess" not in tip


def test_what_a_detector_cannot_promise_is_said_without_its_reason_where_there_is_no_room(
    calibrated: TimelineView, qtbot: QtBot
) -> None:
    expected = calibrated.header.expected
    calibrated.resize(1600, 300)
    qtbot.waitUntil(lambda: expected.shown_text() == expected.text())
    calibrated.resize(900, 300)
    qtbot.waitUntil(lambda: expected.shown_text() == "less than 12 an hour can't be promised")
    assert expected.fontMetrics().horizontalAdvance(expected.shown_text()) <= expected.width()
    assert "5 min of normal footage" in expected.toolTip()


def test_the_header_says_what_kind_of_score_it_is(timeline: TimelineView, calibrated: TimelineView) -> None:
    assert "within this recording" in words(timeline)
    assert timeline.header.threshold_box.isVisible()
    assert not timeline.header.alarms_box.isVisible()
    assert "within this recording" not in words(calibrated)
    assert "False alarms, about" in words(calibrated)
    assert "less than 12 an hour can't be promised: 5 min of normal footage" in words(calibrated)
    assert any("more normal footage" in tip and "A guess: none expected here." in tip for tip in tips(calibrated))
    assert "expected here" not in words(calibrated)
    calibrated._session.scoring.set_threshold(threshold_for(20))
    assert "expected here" in words(calibrated)
    assert "promise" not in words(calibrated)
    calibrated._session.scoring.reset_rule()
    assert calibrated.header.alarms_box.value() == pytest.approx(2)
    assert not calibrated.header.threshold_box.isVisible()


def test_threshold_line_and_false_alarm_box_follow_each_other(qtbot: QtBot, calibrated: TimelineView) -> None:
    session = calibrated._session
    path = [pixel_of(calibrated, 60, score) for score in (threshold_for(2), 2.5, 2.0)]
    drag(calibrated, qtbot, path)
    assert session.scoring.rule.enter == pytest.approx(2.0, abs=0.1)
    assert session.scoring.rule.leave == pytest.approx(session.scoring.rule.enter - 1)
    assert calibrated.header.alarms_box.value() == pytest.approx(false_alarms_at(session.scoring.rule.enter), abs=0.001)
    box = calibrated.header.alarms_box
    box.selectAll()
    qtbot.keyClicks(box, box.locale().toString(0.5, "g", 2))
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert session.scoring.rule.enter == pytest.approx(threshold_for(0.5))
    assert calibrated.plot.threshold.value() == pytest.approx(threshold_for(0.5))


def test_the_line_can_be_dragged_over_the_whole_scale(qtbot: QtBot, calibrated: TimelineView) -> None:
    session = calibrated._session
    add_rows(session.scoring, 0, calibrated_signals(COUNT, []))
    session.scoring.catch_up()
    drag(calibrated, qtbot, [pixel_of(calibrated, 60, score) for score in (threshold_for(2), 1.0, -1.0)])
    assert (session.scoring.rule.enter, session.scoring.rule.leave) == (0, 0)
    assert calibrated.header.alarms_box.value() == 3600
    drag(calibrated, qtbot, [pixel_of(calibrated, 60, score) for score in (0.06, 3.0, 9.0)])
    assert session.scoring.rule.enter == session.scoring.top == 6
    assert session.scoring.rule.leave == 5


@pytest.mark.parametrize("language", ["C", "de", "fr", "en_US"])
@pytest.mark.parametrize("per_hour", [0.001, 0.25, 2, 99, 3600])
def test_false_alarms_are_parsed_as_they_are_formatted(
    calibrated: TimelineView, language: str, per_hour: float
) -> None:
    box = calibrated.header.alarms_box
    box.setLocale(QLocale(language))
    box.setValue(per_hour)
    shown_text = box.text()
    box.interpretText()
    assert box.hasAcceptableInput()
    assert (box.text(), box.value()) == (shown_text, pytest.approx(per_hour))


def test_a_detector_of_the_other_kind_changes_scale_and_threshold(calibrated: TimelineView) -> None:
    session = calibrated._session
    session.use_detector(DETECTOR)
    add_rows(session.scoring, 0, signals_with_bumps(COUNT, [(400, 500)]))
    session.scoring.catch_up()
    assert calibrated.plot.threshold.value() == SegmentRule().enter
    assert calibrated.plot.box.viewRange()[1][1] == pytest.approx(1.12)
    session.use_detector(calibrated_detector())
    session.scoring.catch_up()
    assert calibrated.plot.threshold.value() == pytest.approx(threshold_for(2))
    assert calibrated.plot.box.viewRange()[1][1] == pytest.approx(1.12 * 6)


def test_expected_alarms_follow_another_calibrated_detector(calibrated: TimelineView) -> None:
    session, detector = calibrated._session, calibrated_detector()
    assert detector.calibration is not None
    session.scoring.set_threshold(0.5)
    before = words(calibrated)
    tail = replace(detector.calibration.offline.tail, exceedances=3)
    surer = replace(detector.calibration, offline=replace(detector.calibration.offline, tail=tail))
    session.use_detector(replace(detector, calibration=surer))
    low, high = surer.expected_alarms(10**-0.5 * 3600, COUNT / 25 / 3600)
    assert f"{low} to {high} expected here" in words(calibrated)
    assert words(calibrated) != before


def test_a_calibrated_score_is_put_into_words(calibrated: TimelineView) -> None:
    assert calibrated.reading_at(450).split("   ")[2].endswith("usual less than once in a lifetime")
    assert [how_often(score) for score in (0, 1, 3, 4, 6, 8, 400)] == [
        "usual", "usual once in 10 s", "usual once in 17 min", "usual once in 2.8 h", "usual once in 12 days",
        "usual once in 3.2 years", "usual less than once in a lifetime",
    ]  # fmt: skip


def test_a_long_hover_text_does_not_widen_the_window(calibrated: TimelineView) -> None:
    before = calibrated.minimumSizeHint().width()
    calibrated.header.show_reading(30 * "usual less than once in a lifetime   ")
    assert calibrated.header.minimumSizeHint().width() <= before
    assert calibrated.minimumSizeHint().width() == before


# Gaps and lost frames

GAP_SECONDS = 3600.0


@pytest.fixture
def broken(qtbot: QtBot) -> TimelineView:
    """20 s, a gap of an hour, 10 s, 60 frames lost in 2.4 s, 10 s."""
    times = steady_times(1000)
    times[500:] += GAP_SECONDS
    times[750:] += 60 / 25
    session = ReviewSession()
    session.open_video(replace(video_info(times), lost=(LostFrames(750, 60),)), times)
    session.use_detector(DETECTOR)
    add_rows(session.scoring, 0, signals_with_bumps(1000, [(450, 550)]))
    while not session.scoring.catch_up():
        pass
    return shown(session, qtbot)


def hover(timeline: TimelineView, seconds: float, qtbot: QtBot) -> str:
    """What the header says of a time as drawn."""
    qtbot.wait(20)  # pyqtgraph takes no notice of moves that come too soon after another
    position = QPointF(pixel_of(timeline, seconds))
    global_position = QPointF(timeline.plot.viewport().mapToGlobal(position.toPoint()))
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove, position, global_position, none, none, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(timeline.plot.viewport(), event)
    return timeline.header.reading()


def test_a_gap_leaves_the_room_to_the_pictures(broken: TimelineView) -> None:
    begin, stop = broken.plot.box.span()
    assert 40 <= stop - begin <= 45


def test_the_gap_and_the_lost_frames_are_named_under_the_mouse(broken: TimelineView, qtbot: QtBot) -> None:
    assert hover(broken, 10.1, qtbot).startswith("Frame 25")
    assert hover(broken, 20.4, qtbot) == "Gap in the recording, 60 min: 0:20.0 to 1:00:20.0"
    lost = "60 frames damaged and lost: 1:00:30.0 to 1:00:32.4"
    assert hover(broken, broken.plot.box.span()[1] - 10.5, qtbot) == lost


def test_damaged_pictures_are_hatched_and_named_once_they_are_known(broken: TimelineView, qtbot: QtBot) -> None:
    session = broken._session
    assert session.video
    assert hover(broken, 4.5, qtbot).startswith("Frame 11")
    session.revise_times(replace(session.video, concealed=(ConcealedFrames(100, 150),)), session.times)
    assert hover(broken, 5.5, qtbot) == "50 damaged pictures, which are no evidence: 0:04.0 to 0:06.0"
    qtbot.wait(50)
    picture = broken.plot.viewport().grab().toImage()
    point, top = pixel_of(broken, 5.8), broken.plot.box.sceneBoundingRect().top()
    ratio = picture.devicePixelRatio()
    rows = range(int(top * ratio) + 2, int(point.y() * ratio))
    column = int(point.x() * ratio)
    assert theme.current().alert in {picture.pixelColor(column, y).name() for y in rows}


def test_a_click_behind_the_gap_goes_to_the_frame_drawn_there(broken: TimelineView, qtbot: QtBot) -> None:
    end = broken.plot.box.span()[1]
    position = pixel_of(broken, end - 5)
    qtbot.mouseClick(broken.plot.viewport(), Qt.MouseButton.LeftButton, pos=position)
    qtbot.waitUntil(lambda: abs(broken._session.playhead - 875) <= 2)


def test_labels_are_times_of_the_recording(broken: TimelineView) -> None:
    axis = broken.plot.getPlotItem().getAxis("bottom")
    begin, stop = broken.plot.box.span()
    ((step, values),) = axis.tickValues(begin, stop, 900)
    labels = axis.tickStrings(values, 1.0, step)
    assert labels[:4] == ["0:00", "0:05", "0:10", "0:15"]
    assert labels[-1].startswith("1:00:")
    assert (np.diff(values) >= 0.7 * step).all()


def test_lost_frames_are_hatched_and_gaps_empty(broken: TimelineView, qtbot: QtBot) -> None:
    qtbot.wait(50)
    picture = broken.plot.viewport().grab().toImage()
    ratio = picture.devicePixelRatio()
    end = broken.plot.box.span()[1]

    def colours(seconds: float) -> set[str]:
        # Left of the middle, where the label would be.
        point = pixel_of(broken, seconds) * ratio
        top = int(broken.plot.box.sceneBoundingRect().top() * ratio)
        return {picture.pixelColor(point.x(), y).name() for y in range(top + 2, point.y())}

    assert theme.current().alert in colours(end - 10.8)
    assert theme.current().background in colours(20.1)
    assert not {theme.current().accent, theme.current().alert} & colours(20.1)


def test_segments_end_at_the_gap(broken: TimelineView) -> None:
    first, second = broken._session.scoring.segments
    assert (first.stop, second.start) == (500, 500)
    starts, stops = broken.plot.segments._starts, broken.plot.segments._stops
    assert stops[0] == pytest.approx(20.0)
    assert starts[1] == pytest.approx(broken.plot.holes._spans._stops[0])


def test_the_lower_threshold_is_drawn_and_explained(qtbot: QtBot, calibrated: TimelineView) -> None:
    line = calibrated.plot.leave
    rule = calibrated._session.scoring.rule
    assert line.isVisible()
    assert line.value() == pytest.approx(rule.leave)
    assert line.label.toPlainText() == f"ends below {rule.leave:.2f}"
    drag(calibrated, qtbot, [pixel_of(calibrated, 60, score) for score in (threshold_for(2), 3.0, 4.0)])
    assert line.value() == pytest.approx(calibrated._session.scoring.rule.leave)
    assert line.label.toPlainText() == f"ends below {line.value():.2f}"
    assert any("falls below the dotted one" in tip for tip in tips(calibrated))


def test_where_the_rough_line_is_the_hover_gives_its_value(qtbot: QtBot) -> None:
    detector = calibrated_detector()
    assert detector.calibration is not None
    sampled = replace(detector, calibration=replace(detector.calibration, sampling=Sampling(0.2)))
    session = open_session(steady_times(COUNT), detector=sampled)
    overview = np.arange(0, 1000, 50)
    session.scoring.add(overview, calibrated_signals(COUNT, [])[overview])
    session.scoring.catch_up()
    view = shown(session, qtbot)
    reading = view.reading_at(110)
    assert "about score" in reading
    assert reading.endswith("(rough, from the overview)")
    assert view.reading_at(1900).endswith("not analysed yet")


def test_typing_after_a_double_click_replaces_the_number(qtbot: QtBot, calibrated: TimelineView) -> None:
    box = calibrated.header.alarms_box
    edit = box.lineEdit()
    middle = QPoint(edit.fontMetrics().horizontalAdvance("2") // 2 + 3, edit.height() // 2)
    qtbot.mouseClick(edit, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseDClick(edit, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.waitUntil(lambda: edit.selectedText() == "2")
    qtbot.keyClicks(edit, "50")
    qtbot.keyClick(edit, Qt.Key.Key_Return)
    assert box.value() == 50
    assert box.text() == "50 an hour"
    qtbot.keyClick(calibrated, Qt.Key.Key_Tab)
    box.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.waitUntil(lambda: edit.selectedText() == "50")


def test_a_hover_text_that_does_not_fit_stands_in_a_tip(qtbot: QtBot, calibrated: TimelineView) -> None:
    calibrated.resize(calibrated.minimumSizeHint().width(), 220)
    qtbot.waitUntil(lambda: calibrated.plot.width() < 900)
    qtbot.mouseMove(calibrated.plot.viewport(), pixel_of(calibrated, 18.0))
    qtbot.waitUntil(lambda: bool(calibrated.header.reading()))
    assert not calibrated.header.reading_fits()
    assert QToolTip.text() == calibrated.header.reading().replace("   ", "\n")
    QToolTip.hideText()


def test_what_is_under_the_mouse_is_read_beside_a_long_line_on_false_alarms(
    qtbot: QtBot, calibrated: TimelineView
) -> None:
    header, session = calibrated.header, calibrated._session
    calibrated.resize(980, 260)  # in a window of 1280 x 720, with its docks
    session.review.set_threshold(threshold_for(0.2))
    qtbot.waitUntil(lambda: "can't be promised" in header.expected.text() and calibrated.width() == 980)
    field, shown = header.alarms_box.geometry(), header.expected.width()
    qtbot.mouseMove(calibrated.plot.viewport(), pixel_of(calibrated, 18.0))
    qtbot.waitUntil(lambda: bool(header.reading()))
    what_counts = header.reading().split(",")[0]
    assert "score" in what_counts
    assert header.fontMetrics().horizontalAdvance(f"{what_counts}…") <= header._reading.width()
    assert header.alarms_box.geometry() == field, "it does not move away under the mouse"
    width = header.expected.width()
    assert width == 0 or header.fontMetrics().horizontalAdvance("less than 12 an") < width
    QApplication.sendEvent(calibrated.plot.viewport(), QEvent(QEvent.Type.Leave))
    qtbot.waitUntil(lambda: header.expected.width() == shown)
    assert header.expected.shown_text().startswith("less than")
    QToolTip.hideText()


def test_the_labels_of_the_scale_are_never_cut_off(calibrated: TimelineView) -> None:
    calibrated.resize(calibrated.minimumSizeHint())
    area = calibrated.plot.box.sceneBoundingRect()
    share = calibrated._session.scoring.top / calibrated.plot.box.viewRange()[1][1]
    above = area.top() + (1 - share) * area.height()
    assert above >= calibrated.plot.fontMetrics().ascent() / 2


LAYOUT = np.linspace(60, 190, 64).reshape(8, 8)


def watched_signals(layout: np.ndarray = LAYOUT, *, frozen: tuple[int, int] = (0, 0)) -> RawSignals:
    """Raw signals of a scene with something flagged, whose picture stands still from one frame to another."""
    signals = calibrated_signals(COUNT, [(400, 500)])
    signals["layout"][1:], signals["sharpness"][1:], signals["contrast"][1:] = layout, 8, 40
    signals["median_change"][1:], signals["changed_share"][1:], signals["highest_change"][1:] = 0.5, 0.1, 30
    signals["highest_change"][slice(*frozen)] = 0
    return signals


def watching_detector() -> DetectorSummary:
    calibration = calibrated_detector().calibration
    assert calibration is not None
    reference = Reference.of([(watched_signals(), steady_times(COUNT))])
    return replace(DETECTOR, calibration=replace(calibration, reference=reference))


def test_a_failing_camera_is_marked_with_a_tip_and_nothing_is_pending_there(qtbot: QtBot) -> None:
    session = open_session(steady_times(COUNT), watched_signals(frozen=(1000, 1250)), detector=watching_detector())
    timeline = shown(session, qtbot)
    before = open_session(steady_times(COUNT), watched_signals(), detector=watching_detector())
    plain = shown(before, qtbot)
    left, width, middle = plot_area(timeline)
    inside = QPoint(round(left + width * 1125 / COUNT), round(middle))

    def picture(view: TimelineView) -> bytes:
        return bytes(view.plot.grab(QRect(inside.x() - 20, inside.y() - 20, 40, 40)).toImage().constBits())

    assert picture(timeline) != picture(plain)
    plain.close()  # the mouse is over the upper one
    assert not timeline._series.columns(0, COUNT / 25, 800).pending[380:520].any()
    assert "frozen picture" in timeline.reading_at(1125)
    assert "not analysed" not in timeline.reading_at(1240)
    expected = "The camera fails: frozen picture.\nThere is no score here."
    qtbot.wait(50)  # pyqtgraph takes no notice of moves that come too soon after another
    qtbot.mouseMove(timeline.plot.viewport(), inside)
    qtbot.waitUntil(lambda: timeline.plot.conditions.toolTip() == expected)
    qtbot.wait(50)
    qtbot.mouseMove(timeline.plot.viewport(), QPoint(round(left + width * 300 / COUNT), round(middle)))
    qtbot.waitUntil(lambda: timeline.plot.conditions.toolTip() == "")


def test_the_light_that_holds_is_told_where_the_detector_knows_several(qtbot: QtBot) -> None:
    night = watched_signals(LAYOUT / 2 + 60)
    night["layout"][: COUNT // 2] = watched_signals()["layout"][: COUNT // 2]
    detector = watching_detector()
    timeline = shown(open_session(steady_times(COUNT), night, detector=detector), qtbot)
    assert "light" not in hover(timeline, 5.0, qtbot)
    assert detector.calibration is not None
    reference = Reference.of([(watched_signals(LAYOUT / 2 + 60), steady_times(COUNT))])
    further = replace(detector.calibration.lights[0], reference=reference)
    several = replace(detector, calibration=detector.calibration.with_lights([further]))
    timeline.close()
    timeline = shown(open_session(steady_times(COUNT), night, detector=several), qtbot)
    assert hover(timeline, 5.0, qtbot).endswith("usual light")
    assert hover(timeline, COUNT / 25 - 5.0, qtbot).endswith("less contrast, as by infrared light")


def test_scores_of_another_scene_are_grey(qtbot: QtBot) -> None:
    grey = QColor(theme.current().muted_text).rgb()
    shown_colours = []
    for layout in (LAYOUT, LAYOUT[::-1, ::-1].T):
        session = open_session(steady_times(COUNT), watched_signals(layout), detector=watching_detector())
        timeline = shown(session, qtbot)
        left, width, _ = plot_area(timeline)
        image = timeline.plot.grab().toImage()
        column = range(round(left + width * 100 / COUNT), round(left + width * 700 / COUNT))
        shown_colours.append({image.pixelColor(x, y).rgb() for x in column for y in range(image.height() - 30)})
    own, other = shown_colours
    accent, alert = (QColor(each).rgb() for each in (theme.current().accent, theme.current().alert))
    assert {accent, alert} <= own
    assert grey in other
    assert not {accent, alert} & other


def labels(timeline: TimelineView) -> list[tuple[str, QRectF]]:
    """The labels of the score's axis, and where they are drawn in the plot."""
    axis = timeline.plot.getPlotItem().getAxis("left")
    painter = QPainter(picture := QPicture())
    drawn = axis.generateDrawSpecs(painter)[2]
    painter.end()
    del picture
    return [(text, axis.mapRectToScene(area)) for area, _, text in drawn]


@pytest.mark.parametrize("threshold", [6.0, 9.0, 10.0, 14.0, 19.0])
def test_labels_of_the_scale_are_whole_however_low_the_timeline(threshold: float, qtbot: QtBot) -> None:
    session = open_session(steady_times(COUNT), calibrated_signals(COUNT, []), detector=calibrated_detector())
    timeline = shown(session, qtbot)
    timeline.resize(1000, timeline.minimumSizeHint().height())
    session.scoring.set_threshold(threshold)
    QApplication.processEvents()
    found = labels(timeline)
    assert len(found) >= 2
    for text, area in found:
        assert area.top() >= 0, text


def test_the_label_of_a_scale_that_is_exceeded_is_the_last(qtbot: QtBot) -> None:
    signals = calibrated_signals(COUNT, [(400, 500)], strength=200)
    session = open_session(steady_times(COUNT), signals, detector=calibrated_detector())
    timeline = shown(session, qtbot)
    shown_at = {}
    for threshold in (10.0, 11.0, 14.0):
        session.scoring.set_threshold(threshold)
        QApplication.processEvents()
        shown_at[threshold] = [text for text, _ in labels(timeline)]
    assert shown_at == {10.0: ["0", "5", "10+"], 11.0: ["0", "5", "11+"], 14.0: ["0", "5", "10", "14+"]}
