from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QSlider
from pytestqt.qtbot import QtBot

from engine.common.language import in_language
from engine.scoring.zones import Zone, ZoneKind
from engine.video.wall_clock import RecordingStart
from tests.vadgui.synthetic import (
    add_rows,
    open_session,
    signals_with_bumps,
    steady_times,
    video_info,
    view_of,
)
from vadgui.model.frame_view import NO_DETECTOR, NO_TRANSITION, PREDICTING, FrameView
from vadgui.model.session import ReviewSession
from vadgui.panels.content import SHOWN_AT_FIRST, Panel
from vadgui.panels.grid import PanelGrid
from vadgui.panels.picture import _fitting
from vadgui.panels.zones import title_in_words

PICTURES = (Panel.FRAME, Panel.PREDICTED_FLOW, Panel.TEACHER_FLOW, Panel.PREDICTED_FRAME)


@pytest.fixture
def session() -> ReviewSession:
    return open_session(steady_times(200))


@pytest.fixture
def grid(session: ReviewSession, qtbot: QtBot) -> PanelGrid:
    grid = PanelGrid(session)
    qtbot.addWidget(grid)
    grid.resize(1280, 600)
    grid.show()
    qtbot.waitExposed(grid)
    return grid


def frames_on_screen(grid: PanelGrid) -> set[int]:
    """The frame numbers that `view_of` wrote into the blue channel of the pictures on screen."""
    pictures = [grid.panel(panel).picture for panel in PICTURES]
    return {int(picture[0, 0, 0]) for picture in pictures if picture is not None}


def blue_of(grid: PanelGrid, panel: Panel) -> int:
    picture = grid.panel(panel).picture
    assert picture is not None
    return int(picture[0, 0, 0])


def test_all_panels_show_the_views_frame(grid: PanelGrid, session: ReviewSession) -> None:
    session.seek(123)
    session.show(view_of(session, 123))
    assert frames_on_screen(grid) == {123}
    assert grid.header.text() == "Frame 123   0:04.920"
    for panel in PICTURES:
        widget = grid.panel(panel)
        middle = widget.picture_rect().center()
        assert QColor(widget.grab().toImage().pixel(middle)).blue() == 123


def test_the_time_of_day_stands_beside_the_running_time(grid: PanelGrid, session: ReviewSession) -> None:
    assert grid.header.time_of_day() == ""
    start = RecordingStart(datetime(2024, 1, 15, 10, 30, tzinfo=UTC).astimezone(), "file name")
    times = steady_times(200)
    session.open_video(replace(video_info(times), start=start), times)
    session.seek(123)
    session.show(view_of(session, 123))
    assert grid.header.time_of_day() == f"{start.at(4.92):%Y-%m-%d %H:%M:%S}"


def test_panels_never_mix_frames(grid: PanelGrid, session: ReviewSession) -> None:
    session.show(view_of(session, 10))
    session.seek(11)
    assert frames_on_screen(grid) == {10}
    assert grid.header.text().startswith("Frame 10 ")
    assert "11" in grid.header.pending_text()

    session.show(view_of(session, 11, complete=False, missing=PREDICTING))
    assert frames_on_screen(grid) == {11}
    assert grid.header.pending_text() == ""
    for panel in set(Panel) - {Panel.FRAME, Panel.HEAT_MAP}:  # the latter is of the whole recording
        assert grid.panel(panel).picture is None
        assert grid.panel(panel).message == PREDICTING

    session.show(view_of(session, 11))
    assert frames_on_screen(grid) == {11}
    assert all(grid.panel(panel).message == "" for panel in SHOWN_AT_FIRST)


def test_while_frames_come_first_titles_say_which_frame_older_pictures_are_of(
    grid: PanelGrid, session: ReviewSession
) -> None:
    session.seek(7)
    session.show(view_of(session, 7))
    session.set_frames_first(True)
    session.seek(9)
    session.show(view_of(session, 9, complete=False, missing=PREDICTING))
    assert blue_of(grid, Panel.FRAME) == 9
    assert blue_of(grid, Panel.PREDICTED_FLOW) == blue_of(grid, Panel.PREDICTED_FRAME) == 7
    assert grid.panel(Panel.PREDICTED_FLOW).detail == grid.panel(Panel.PSNR_MASK).detail == "frame 7"
    # Pictures of a frame that is no longer under the playhead take their places; the frame stays.
    session.show(view_of(session, 8))
    assert blue_of(grid, Panel.FRAME) == 9
    assert blue_of(grid, Panel.TEACHER_FLOW) == 8
    session.set_frames_first(False)
    session.show(view_of(session, 9))
    assert blue_of(grid, Panel.TEACHER_FLOW) == 9
    assert grid.panel(Panel.PREDICTED_FLOW).detail.startswith("error")


def test_panels_say_why_they_are_empty(qtbot: QtBot) -> None:
    session = ReviewSession()
    grid = PanelGrid(session)
    qtbot.addWidget(grid)
    assert {grid.panel(panel).message for panel in Panel} == {"Open a video"}

    session = open_session(steady_times(20))
    grid = PanelGrid(session)
    qtbot.addWidget(grid)
    assert all("Loading" in grid.panel(panel).message for panel in Panel)
    session.show(view_of(session, 0, complete=False, missing=NO_DETECTOR))
    assert grid.panel(Panel.FRAME).message == ""
    assert grid.panel(Panel.PSNR_MASK).message == NO_DETECTOR


def test_at_the_first_frame_panels_say_what_they_are_there_for(grid: PanelGrid, session: ReviewSession) -> None:
    session.show(view_of(session, 0, complete=False, missing=NO_TRANSITION))
    for panel in set(Panel) - {Panel.FRAME, Panel.HEAT_MAP}:  # the latter is of the whole recording
        assert grid.panel(panel).message.startswith(panel.use)
        assert "From the second frame on" in grid.panel(panel).message


def test_what_a_small_panel_has_no_room_for_is_left_out_in_words(grid: PanelGrid, session: ReviewSession) -> None:
    session.show(view_of(session, 0, complete=False, missing=NO_TRANSITION))
    message = grid.panel(Panel.PSNR_MASK).message
    metrics = grid.fontMetrics()

    def painted(width: int, height: int) -> str:
        return _fitting(message, QRect(0, 0, width, height), metrics)

    line = metrics.lineSpacing()
    assert painted(400, 12 * line) == message
    assert painted(400, 2 * line) == "From the second frame on: the first has no motion yet."
    short = painted(200, line)
    assert short.startswith("From the second")
    assert short.endswith(" …")
    assert metrics.horizontalAdvance(short) <= 200
    assert painted(1, 1) == "…"


def test_zones_are_named_in_the_windows_language() -> None:
    zone = Zone(ZoneKind.IGNORED, ((0.1, 0.1), (0.5, 0.1), (0.5, 0.5)))
    assert title_in_words(zone) == "ignored"
    with in_language("de"):
        assert title_in_words(zone) == "ignoriert"
        assert title_in_words(replace(zone, name="Tor")) == "ignoriert: Tor"


def test_the_masks_slider_is_there_only_with_the_mask(grid: PanelGrid, qtbot: QtBot) -> None:
    slider, box = grid.header.findChild(QSlider), grid.header.findChild(QCheckBox)
    assert slider is not None
    assert box is not None
    assert not slider.isVisible()
    qtbot.mouseClick(box, Qt.MouseButton.LeftButton, pos=QPoint(8, box.height() // 2))
    assert slider.isVisible()


def test_mask_appears_from_stored_signals_before_the_pictures(grid: PanelGrid, session: ReviewSession) -> None:
    add_rows(session.scoring, 0, signals_with_bumps(200, []))
    session.seek(5)
    session.show(view_of(session, 5, complete=False, missing=PREDICTING))
    mask = grid.panel(Panel.PSNR_MASK)
    assert mask.message == ""
    assert mask.detail == f"worst {np.min(session.scoring.signals[5]['patch_psnr_db']):.1f} dB"


def test_square_pictures_are_shown_in_the_videos_aspect(grid: PanelGrid, session: ReviewSession) -> None:
    session.show(view_of(session, 1))
    for panel in Panel:
        rect = grid.panel(panel).picture_rect()
        assert rect.width() / rect.height() == pytest.approx(640 / 360, rel=0.02)


def test_overlay_changes_the_frame_and_follows_its_opacity(grid: PanelGrid, session: ReviewSession) -> None:
    view = view_of(session, 1)
    assert view.signals is not None
    view.signals["patch_psnr_db"] = 38.0
    view.signals["patch_psnr_db"][3, 3] = 20.0
    session.show(view)
    frame = grid.panel(Panel.FRAME)
    inside = frame.picture_rect().bottomRight() - frame.picture_rect().topLeft()
    spot = frame.picture_rect().topLeft() + inside * 0.875

    def colour() -> QColor:
        # Hatching alternates between two colours: scaling to one pixel averages them.
        image = frame.grab().toImage().copy(spot.x() - 8, spot.y() - 8, 16, 16)
        return QColor(image.scaled(1, 1, mode=Qt.TransformationMode.SmoothTransformation).pixel(0, 0))

    plain = colour()
    grid.overlay_action.trigger()
    grid.header.set_overlay_opacity(0.3)
    faint = colour()
    grid.header.set_overlay_opacity(1.0)
    strong = colour()
    assert plain.green() > faint.green() > strong.green()
    grid.overlay_action.trigger()
    assert colour() == plain


def test_double_click_enlarges_a_panel_and_brings_the_others_back(grid: PanelGrid, qtbot: QtBot) -> None:
    flow = grid.panel(Panel.TEACHER_FLOW)
    before = flow.size()
    qtbot.mouseDClick(flow, Qt.MouseButton.LeftButton, pos=flow.picture_rect().center())
    assert grid.shown_panels() == [Panel.TEACHER_FLOW]
    assert flow.width() > 2 * before.width()
    assert not grid.panel(Panel.FRAME).isVisible()
    qtbot.mouseDClick(flow, Qt.MouseButton.LeftButton, pos=flow.picture_rect().center())
    assert grid.shown_panels() == list(SHOWN_AT_FIRST)
    assert flow.size() == before


def test_pictures_are_requested_only_while_a_panel_shows_them(grid: PanelGrid, session: ReviewSession) -> None:
    requests: list[tuple[int, bool]] = []
    session.view_requested.connect(lambda index, pictures: requests.append((index, pictures)))
    for panel in set(Panel) - {Panel.FRAME, Panel.HEAT_MAP}:  # the latter is of the whole recording
        grid.set_panel_shown(panel, False)
    session.seek(3)
    assert requests == [(3, False)]
    grid.set_panel_shown(Panel.PSNR_MASK, True)
    assert requests[-1] == (3, True)
    grid.toggle_enlarged(Panel.FRAME)
    session.seek(4)
    assert requests[-1] == (4, False)


def test_the_last_panel_cannot_be_hidden(grid: PanelGrid) -> None:
    for panel in Panel:
        grid.set_panel_shown(panel, False)
    assert grid.shown_panels() == [SHOWN_AT_FIRST[-1]]


def test_hundreds_of_repaints_do_not_crash(grid: PanelGrid, session: ReviewSession) -> None:
    views = [view_of(session, index) for index in range(1, 11)]
    for turn in range(200):
        session.show(views[turn % 10])
        for panel in Panel:
            grid.panel(panel).repaint()
    assert frames_on_screen(grid) == {10}


def test_while_a_detector_loads_panels_do_not_ask_for_one(grid: PanelGrid, session: ReviewSession) -> None:
    session.show(FrameView(0, 0.0, np.zeros((4, 4, 4), np.uint8), missing=NO_DETECTOR))
    assert grid.panel(Panel.PREDICTED_FLOW).message == NO_DETECTOR
    session.expect_detector(True)
    assert grid.panel(Panel.PREDICTED_FLOW).message == "Loading the detector …"
    session.expect_detector(False)
    assert grid.panel(Panel.PREDICTED_FLOW).message == NO_DETECTOR


def test_a_frame_that_cannot_be_decoded_says_so_in_every_panel(grid: PanelGrid, session: ReviewSession) -> None:
    session.seek(7)
    session.show(FrameView(7, 0.28, None, missing="Frame 7 can't be decoded."))
    assert session.view_is_settled()  # so playback goes on to the next frame
    assert {grid.panel(panel).message for panel in Panel} == {"Frame 7 can't be decoded."}
    assert grid.header.text() == "Frame 7   0:00.280"


def test_the_difference_of_the_flows_is_a_panel_to_choose(grid: PanelGrid, session: ReviewSession) -> None:
    assert Panel.FLOW_DIFFERENCE not in grid.shown_panels()
    session.show(view_of(session, 5))
    grid.panel_actions[Panel.FLOW_DIFFERENCE].trigger()
    panel = grid.panel(Panel.FLOW_DIFFERENCE)
    assert panel.isVisible()
    assert panel.picture is not None
    assert tuple(panel.picture[0, 0, :3]) == (5, 200, 25)
    assert panel.detail.startswith("error ")


def drag_title(qtbot: QtBot, grid: PanelGrid, panel: Panel, to: Panel) -> None:
    """Take a panel by its title and let it go over another one."""
    widget, target = grid.panel(panel), grid.panel(to)
    start = QPoint(10, widget.title_height() // 2)
    end = widget.mapFrom(grid, target.mapTo(grid, target.rect().center()))
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(widget, (start + end) / 2)
    qtbot.mouseMove(widget, end)
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=end)


def test_a_panel_dragged_by_its_title_takes_the_place_of_another(grid: PanelGrid, qtbot: QtBot) -> None:
    first, second, third, *_ = SHOWN_AT_FIRST
    large = grid.panel(first).size()
    drag_title(qtbot, grid, third, first)
    assert grid.shown_panels()[:3] == [third, first, second]
    assert grid.panel(third).size() == large, "the first one is the large one"
    drag_title(qtbot, grid, third, second)
    assert grid.shown_panels()[:3] == [first, second, third]


def test_a_title_that_is_only_clicked_or_let_go_elsewhere_stays(grid: PanelGrid, qtbot: QtBot) -> None:
    widget = grid.panel(Panel.PREDICTED_FLOW)
    title = QPoint(10, 5)
    qtbot.mouseClick(widget, Qt.MouseButton.LeftButton, pos=title)
    qtbot.mousePress(widget, Qt.MouseButton.LeftButton, pos=title)
    qtbot.mouseMove(widget, QPoint(-2000, -2000))
    qtbot.mouseRelease(widget, Qt.MouseButton.LeftButton, pos=QPoint(-2000, -2000))
    assert grid.shown_panels() == list(SHOWN_AT_FIRST)
    qtbot.mouseDClick(widget, Qt.MouseButton.LeftButton, pos=title)
    assert grid.shown_panels() == [Panel.PREDICTED_FLOW], "a double click still shows it alone"
