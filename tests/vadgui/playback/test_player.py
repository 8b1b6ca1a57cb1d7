"""Playback in virtual time: when frames are due, whatever the machine does meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PySide6.QtCore import QObject

from tests.vadgui.synthetic import open_session, steady_times, video_info, view_of
from tests.vadgui.virtual_time import VirtualTime
from vadgui.model.frame_view import PREDICTING
from vadgui.model.session import ReviewSession
from vadgui.playback import player as player_module
from vadgui.playback.player import PlaybackMode, Player

MakePlayer = Callable[[ReviewSession], Player]


@pytest.fixture
def clock(qapp: object) -> VirtualTime:
    del qapp
    return VirtualTime()


@pytest.fixture
def make_player(clock: VirtualTime, monkeypatch: pytest.MonkeyPatch) -> MakePlayer:
    monkeypatch.setattr(player_module, "QTimer", clock.timer)
    return lambda session: Player(session, now=clock.now)


class LateEngine(QObject):
    """Fakes the engine worker: shows the frame after `frame_ms`, its pictures later, and only of the latest request."""

    def __init__(self, session: ReviewSession, clock: VirtualTime, frame_ms: int, pictures_ms: int = 0) -> None:
        super().__init__(session)
        self._session, self._clock = session, clock
        self._frame_ms, self._pictures_ms = frame_ms, pictures_ms
        self._requested: int | None = None
        self.completed: list[int] = []
        self.abandoned: list[int] = []
        session.view_requested.connect(self._on_requested)

    def answer_first(self) -> None:
        """Show the view of the frame at which the session opened."""
        self._on_requested(self._session.playhead)

    def _on_requested(self, index: int) -> None:
        if self._requested is not None:
            self.abandoned.append(self._requested)
        self._requested = index
        self._clock.after(self._frame_ms / 1000, lambda: self._show_frame(index))

    def _show_frame(self, index: int) -> None:
        if index == self._requested and self._pictures_ms:
            self._session.show(view_of(self._session, index, complete=False, missing=PREDICTING))
            self._clock.after(self._pictures_ms / 1000, lambda: self._complete(index))
        else:
            self._complete(index)

    def _complete(self, index: int) -> None:
        if index == self._requested:
            self._requested = None
            self.completed.append(index)
            self._session.show(view_of(self._session, index))


def small_session(count: int, fps: float) -> ReviewSession:
    return open_session(steady_times(count, fps), width_px=32, height_px=32)


def play_to_the_end(player: Player, clock: VirtualTime) -> float:
    """Play until playback pauses; returns the seconds it took."""
    player.play()
    return clock.run_until(lambda: not player.playing)


def test_real_time_follows_the_clock_and_skips_frames_that_come_late(
    clock: VirtualTime, make_player: MakePlayer
) -> None:
    session = small_session(101, fps=100)
    engine = LateEngine(session, clock, frame_ms=50)
    engine.answer_first()
    player = make_player(session)
    seconds = play_to_the_end(player, clock)
    assert engine.abandoned == []
    assert engine.completed == sorted(set(engine.completed))
    assert engine.completed[-1] == 100
    # A frame takes 50 ms and the video 1 s: about 20 of the 101 frames are shown, in little more than 1 s.
    assert 16 <= len(engine.completed) <= 24
    assert 1 <= seconds < 1.2


def test_real_time_shows_every_frame_however_long_pictures_take(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(51, fps=25)
    LateEngine(session, clock, frame_ms=5, pictures_ms=300).answer_first()
    clock.run_until(lambda: session.view is not None and session.view.complete)
    shown: list[int] = []
    session.view_changed.connect(lambda: session.view and shown.append(session.view.index))
    player = make_player(session)
    seconds = play_to_the_end(player, clock)
    assert 1.9 <= seconds < 2.1
    clock.run_until(session.view_is_settled)
    assert sorted(set(shown)) == list(range(1, 51))
    assert shown == sorted(shown)


def test_the_session_knows_that_frames_come_first_only_while_playing_in_real_time(
    clock: VirtualTime, make_player: MakePlayer
) -> None:
    session = small_session(1000, fps=100)
    LateEngine(session, clock, frame_ms=1).answer_first()
    player = make_player(session)
    states: list[bool] = []
    session.frames_first_changed.connect(states.append)
    player.play()
    clock.run_until(lambda: session.playhead > 2)
    player.set_mode(PlaybackMode.EVERY_FRAME)
    player.set_mode(PlaybackMode.REAL_TIME)
    player.pause()
    assert states == [True, False, True, False]


def test_every_frame_shows_each_frame_complete(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(15, fps=200)
    engine = LateEngine(session, clock, frame_ms=4, pictures_ms=8)
    engine.answer_first()
    player = make_player(session)
    player.set_mode(PlaybackMode.EVERY_FRAME)
    seconds = play_to_the_end(player, clock)
    assert engine.completed == list(range(15))
    assert engine.abandoned == []
    assert seconds >= 14 * 0.012


@pytest.mark.parametrize("speed", [1.0, 4.0])
def test_every_frame_is_never_faster_than_its_speed(clock: VirtualTime, make_player: MakePlayer, speed: float) -> None:
    session = small_session(21, fps=50)
    engine = LateEngine(session, clock, frame_ms=0)
    engine.answer_first()
    player = make_player(session)
    player.set_mode(PlaybackMode.EVERY_FRAME)
    player.set_speed(speed)
    seconds = play_to_the_end(player, clock)
    assert engine.completed == list(range(21))
    assert 0.4 / speed <= seconds < 0.4 / speed + 0.1


def test_speed_scales_the_clock(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(101, fps=50)
    LateEngine(session, clock, frame_ms=1).answer_first()
    player = make_player(session)
    player.set_speed(8)
    assert 0.25 <= play_to_the_end(player, clock) < 0.3


def test_variable_rate_is_followed(clock: VirtualTime, make_player: MakePlayer) -> None:
    times = np.array([0.0, 0.02, 0.04, 0.44, 0.46])
    session = ReviewSession()
    session.open_video(video_info(times, 32, 32), times)
    session.show(view_of(session, 0))
    shown: dict[int, float] = {}
    session.playhead_changed.connect(lambda index: shown.setdefault(index, clock.now()))
    LateEngine(session, clock, frame_ms=1)
    began = clock.now()
    play_to_the_end(make_player(session), clock)
    assert list(shown)[-1] == 4
    # At the mean frame rate, frame 3 would come after 0.35 s. Where the machine is busy for 20 ms, it is skipped.
    assert min(moment for index, moment in shown.items() if index > 2) - began >= 0.4


@pytest.mark.parametrize("mode", list(PlaybackMode))
@pytest.mark.parametrize("gap_seconds", [3600.0, 24 * 365.25 * 86400.0])
def test_a_gap_is_skipped(clock: VirtualTime, make_player: MakePlayer, mode: PlaybackMode, gap_seconds: float) -> None:
    times = steady_times(40, fps=100)
    times[20:] += gap_seconds
    session = open_session(times, width_px=32, height_px=32)
    engine = LateEngine(session, clock, frame_ms=1)
    engine.answer_first()
    player = make_player(session)
    player.set_mode(mode)
    assert 0.35 <= play_to_the_end(player, clock) < 0.5
    assert engine.completed[-1] == 39


def test_a_time_lapse_may_be_slower_than_a_timer_can_be(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = open_session(np.arange(5) * 30 * 86400.0, width_px=32, height_px=32)
    LateEngine(session, clock, frame_ms=1).answer_first()
    player = make_player(session)
    player.play()
    clock.run(0.03)
    assert player.playing
    player.pause()


def test_no_frame_is_requested_before_the_last_requested_view_has_arrived(
    clock: VirtualTime, make_player: MakePlayer
) -> None:
    session = small_session(50, fps=100)
    player = make_player(session)
    player.set_mode(PlaybackMode.EVERY_FRAME)
    requests: list[int] = []
    session.view_requested.connect(lambda index, _pictures: requests.append(index))
    player.play()
    clock.run(0.06)
    assert requests == []
    session.show(view_of(session, 0))
    clock.run_until(lambda: len(requests) == 1)
    clock.run(0.06)
    assert len(requests) == 1
    session.show(view_of(session, requests[0], complete=False, missing=PREDICTING))
    clock.run(0.06)
    assert len(requests) == 1


def test_playback_continues_from_where_the_person_scrubbed_to(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(1000, fps=100)
    engine = LateEngine(session, clock, frame_ms=5)
    engine.answer_first()
    player = make_player(session)
    player.play()
    clock.run_until(lambda: session.playhead > 3)
    session.seek(600)
    clock.run_until(lambda: session.playhead > 603)
    assert session.playhead < 700
    assert player.playing
    player.pause()
    paused_at = session.playhead
    clock.run(0.05)
    assert session.playhead == paused_at


def test_playing_a_run_pauses_on_its_last_frame(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(100, fps=100)
    engine = LateEngine(session, clock, frame_ms=1)
    engine.answer_first()
    player = make_player(session)
    player.play_run(40, 55)
    clock.run_until(lambda: not player.playing)
    assert session.playhead == 54


def test_playing_from_the_end_starts_over(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(20, fps=100)
    LateEngine(session, clock, frame_ms=1)
    session.seek(19)
    player = make_player(session)
    player.play()
    assert session.playhead == 0
    clock.run_until(lambda: not player.playing)
    assert session.playhead == 19


def test_another_recording_stops_playback(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(100, fps=100)
    LateEngine(session, clock, frame_ms=1).answer_first()
    player = make_player(session)
    player.play()
    clock.run_until(lambda: session.playhead > 2)
    times = steady_times(10)
    session.open_video(video_info(times), times)
    assert not player.playing


def test_without_a_recording_play_does_nothing() -> None:
    player = Player(ReviewSession())
    player.play()
    assert not player.playing


def test_a_speed_must_be_positive() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Player(ReviewSession()).set_speed(0)


def test_shuttling_turns_round_gets_faster_and_leaves_the_usual_speed_alone(
    clock: VirtualTime, make_player: MakePlayer
) -> None:
    session = small_session(2000, fps=25)
    LateEngine(session, clock, frame_ms=1).answer_first()
    session.seek(1000)
    clock.run_until(session.view_is_settled)
    player = make_player(session)
    player.set_speed(0.5)
    speeds = []
    for _ in range(5):
        player.shuttle(-1)
        speeds.append(player.speed)
    assert speeds == [1, 2, 4, 8, 8]
    assert player.backwards
    clock.run_until(lambda: session.playhead < 990)
    player.shuttle(1)
    assert player.speed == 1
    turned_at = session.playhead
    clock.run_until(lambda: session.playhead > turned_at)
    player.pause()
    assert (player.speed, player.playing) == (0.5, False)
    player.play()
    assert not player.backwards


@pytest.mark.parametrize("mode", list(PlaybackMode))
def test_backwards_follows_the_clock_and_ends_at_the_first_frame(
    clock: VirtualTime, make_player: MakePlayer, mode: PlaybackMode
) -> None:
    session = small_session(60, fps=100)
    engine = LateEngine(session, clock, frame_ms=1)
    session.seek(59)
    clock.run_until(session.view_is_settled)
    player = make_player(session)
    player.set_mode(mode)
    player.shuttle(-1)
    assert 0.5 <= clock.run_until(lambda: not player.playing) < 0.8
    assert session.playhead == 0
    assert engine.completed == sorted(engine.completed, reverse=True)


def test_a_loop_begins_again_until_the_playhead_is_moved_elsewhere(clock: VirtualTime, make_player: MakePlayer) -> None:
    session = small_session(500, fps=100)
    LateEngine(session, clock, frame_ms=1).answer_first()
    player = make_player(session)
    shown: list[int] = []
    session.playhead_changed.connect(shown.append)
    player.play_loop(100, 115)
    assert player.looping
    clock.run_until(lambda: shown.count(100) == 3)
    assert set(shown) <= set(range(100, 115))
    session.seek(300)
    assert not player.looping
    clock.run_until(lambda: session.playhead > 305)
    player.play_loop(100, 115)
    player.pause()
    assert not player.looping
