from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton
from pytestqt.qtbot import QtBot

from tests.vadgui.synthetic import open_session, signals_with_bumps, steady_times
from vadgui.model.session import ReviewSession
from vadgui.playback.player import PlaybackMode, Player
from vadgui.playback.transport import TransportBar


@pytest.fixture
def session() -> ReviewSession:
    return open_session(steady_times(500), signals_with_bumps(500, [(100, 120), (300, 330)]))


@pytest.fixture
def bar(session: ReviewSession, qtbot: QtBot) -> TransportBar:
    bar = TransportBar(session, Player(session, parent=session))
    qtbot.addWidget(bar)
    bar.resize(1100, 40)
    bar.show()
    return bar


def button(bar: TransportBar, name: str) -> QToolButton:
    return next(one for one in bar.buttons if one.accessibleName() == name)


@pytest.mark.parametrize(
    ("name", "frame"),
    [
        ("Next frame", 201),
        ("Previous frame", 199),
        ("Forward 10 frames", 210),
        ("Back 10 frames", 190),
        ("Forward 1 second", 225),
        ("Back 1 second", 175),
    ],
)
def test_buttons_move_the_playhead(
    bar: TransportBar, session: ReviewSession, qtbot: QtBot, name: str, frame: int
) -> None:
    session.seek(200)
    qtbot.mouseClick(button(bar, name), Qt.MouseButton.LeftButton)
    assert session.playhead == frame
    assert bar.frame_box.value() == frame
    assert bar.clock().startswith(f"0:0{frame / 25:.3f} / 0:20.000")


def test_segment_buttons_go_from_one_to_the_next(bar: TransportBar, session: ReviewSession, qtbot: QtBot) -> None:
    for segment in session.scoring.segments:
        qtbot.mouseClick(button(bar, "Next segment"), Qt.MouseButton.LeftButton)
        assert session.scoring.selected == segment
    qtbot.mouseClick(button(bar, "Previous segment"), Qt.MouseButton.LeftButton)
    assert session.scoring.selected == session.scoring.segments[0]


def test_a_typed_frame_number_jumps_to_exactly_that_frame(
    bar: TransportBar, session: ReviewSession, qtbot: QtBot
) -> None:
    visited: list[int] = []
    session.playhead_changed.connect(visited.append)
    bar.frame_box.selectAll()
    qtbot.keyClicks(bar.frame_box, "417")
    qtbot.keyClick(bar.frame_box, Qt.Key.Key_Return)
    assert visited == [417]


def test_play_button_plays_and_pauses(bar: TransportBar, session: ReviewSession, qtbot: QtBot) -> None:
    player = session.findChild(Player)
    assert player is not None
    for playing in (True, False):
        qtbot.mouseClick(bar.play_button, Qt.MouseButton.LeftButton)
        assert player.playing is playing


def test_speed_and_mode_are_chosen(bar: TransportBar, session: ReviewSession, qtbot: QtBot) -> None:
    player = session.findChild(Player)
    assert player is not None
    qtbot.keyClick(bar.speed_box, Qt.Key.Key_Down)
    assert player.speed == 2.0
    qtbot.keyClick(bar.mode_box, Qt.Key.Key_Down)
    assert player.mode is PlaybackMode.EVERY_FRAME
    player.set_speed(0.25)
    assert bar.speed_box.currentText() == "0.25×"


def test_every_control_has_a_name_and_nothing_works_without_a_video(qtbot: QtBot) -> None:
    session = ReviewSession()
    bar = TransportBar(session, Player(session))
    qtbot.addWidget(bar)
    assert not bar.isEnabled()
    for control in (*bar.buttons, bar.frame_box, bar.speed_box, bar.mode_box):
        assert control.accessibleName()
        assert control.toolTip()


def test_a_narrow_bar_hides_the_jump_buttons(bar: TransportBar, qtbot: QtBot) -> None:
    bar.resize(460, 40)
    qtbot.wait(1)
    shown = [one.accessibleName() for one in bar.buttons if one.isVisible()]
    assert shown == ["Previous segment", "Previous frame", "Play or pause", "Next frame", "Next segment"]
    assert bar.frame_box.geometry().right() < bar.width()
    bar.resize(1100, 40)
    assert all(one.isVisible() for one in bar.buttons)
