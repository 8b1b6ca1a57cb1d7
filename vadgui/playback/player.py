"""The clock of playback: it decides when the next frame is due, and moves the session's playhead there."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from math import ceil

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from engine.common.language import tr_noop
from engine.video.source import frame_at
from vadgui.model.session import ReviewSession

_LONGEST_WAIT_MS = 2**31 - 1  # what a QTimer takes
SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
_CATCH_UP_SECONDS = 0.08  # two frames of most recordings


class PlaybackMode(Enum):
    """What playback does when pictures can't be made as fast as the video runs."""

    REAL_TIME = tr_noop("Real time")
    """Follow the clock: frames come first, pictures of as many of them as can be made meanwhile."""
    EVERY_FRAME = tr_noop("Every frame")
    """Show every frame with all its pictures, and fall behind the clock."""


class Player(QObject):
    """Plays the session's recording.

    A new request abandons the session's last one. The next frame is therefore requested only when the last one is on
    screen, and to show every frame its pictures too: requesting earlier would abandon every view, and nothing would
    ever be shown.
    """

    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    mode_changed = Signal()
    loop_changed = Signal(bool)

    def __init__(
        self, session: ReviewSession, now: Callable[[], float] = time.perf_counter, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._now = now
        self._playing = False
        self._speed = 1.0
        self._usual_speed: float | None = None
        """The speed to go back to on pause, while `shuttle` has set another."""
        self._direction = 1
        self._mode = PlaybackMode.REAL_TIME
        self._stop_frame: int | None = None
        self._loop: tuple[int, int] | None = None
        self._requested_frame: int | None = None
        self._requested_at: float | None = None
        self._anchor: tuple[float, float] | None = None
        self._timer = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._advance)
        session.view_changed.connect(self._schedule)
        session.playhead_changed.connect(self._on_playhead_changed)
        session.video_changed.connect(self._on_video_changed)

    @property
    def playing(self) -> bool:
        """Whether playback runs."""
        return self._playing

    @property
    def speed(self) -> float:
        """Playback speed as a multiple of real time."""
        return self._speed

    @property
    def backwards(self) -> bool:
        """Whether playback runs, or would go on, towards the first frame."""
        return self._direction < 0

    @property
    def loop(self) -> tuple[int, int] | None:
        """Frames [start, stop) that are played again and again; None where that is not so."""
        return self._loop

    @property
    def looping(self) -> bool:
        """Whether a run of frames is played again and again."""
        return self._loop is not None

    @property
    def mode(self) -> PlaybackMode:
        """What playback does when pictures are late."""
        return self._mode

    def play(self) -> None:
        """Play from the playhead, or from the start where the playhead is on the last frame."""
        if self._playing or self._session.frame_count < 2:
            return
        self._stop_frame = None
        self._turn(1)
        if self._session.playhead == self._session.frame_count - 1:
            self._session.seek(0)
        self._start()

    def play_run(self, start: int, stop: int) -> None:
        """Play frames [start, stop) and pause on frame stop - 1."""
        self._set_loop(None)
        self._turn(1)
        self._session.seek(start)
        self._stop_frame = stop
        self._start()

    def play_loop(self, start: int, stop: int) -> None:
        """Play frames [start, stop) again and again, until playback pauses or the playhead is moved elsewhere."""
        if stop - start < 2:
            return
        self.play_run(start, stop)
        self._set_loop((start, stop))

    def shuttle(self, direction: int) -> None:
        """Play forward (1) or backwards (-1); once more plays twice as fast, the other direction turns round.

        The speed is for this run alone: a pause brings the usual one back.
        """
        if self._session.frame_count < 2:
            return
        again = self._playing and direction == self._direction
        usual = self._speed if self._usual_speed is None else self._usual_speed
        speed = min(2 * self._speed, SPEEDS[-1]) if again else 1.0
        self._stop_frame = None
        self._set_loop(None)
        self._turn(direction)
        self._use_speed(speed)
        self._usual_speed = usual
        if not self._playing:
            self._start()

    def change_speed(self, steps: int) -> None:
        """Play some steps of `SPEEDS` faster, or slower where negative."""
        place = min(range(len(SPEEDS)), key=lambda number: abs(SPEEDS[number] - self._speed))
        self.set_speed(SPEEDS[min(max(place + steps, 0), len(SPEEDS) - 1)])

    def pause(self) -> None:
        """Pause playback; the frame on screen stays."""
        if self._playing:
            self._playing = False
            self._timer.stop()
            self._put_frames_first()
            self._set_loop(None)
            usual, self._usual_speed = self._usual_speed, None
            if usual is not None:
                self._use_speed(usual)
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Pause or resume playback."""
        if self._playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        """Play `speed` times as fast as recorded."""
        if speed <= 0:
            raise ValueError(f"a speed must be above 0, not {speed}")
        self._usual_speed = None
        self._use_speed(speed)

    def _use_speed(self, speed: float) -> None:
        if speed != self._speed:
            self._speed = speed
            self._restart_clock()
            self.speed_changed.emit(speed)

    def set_mode(self, mode: PlaybackMode) -> None:
        """Choose what playback does when pictures are late."""
        if mode is not self._mode:
            self._mode = mode
            self._put_frames_first()
            self._restart_clock()
            self.mode_changed.emit()

    def _turn(self, direction: int) -> None:
        if direction != self._direction:
            self._direction = direction
            self._restart_clock()

    def _set_loop(self, loop: tuple[int, int] | None) -> None:
        if loop != self._loop:
            self._loop = loop
            self.loop_changed.emit(loop is not None)

    def _start(self) -> None:
        self._restart_clock()
        if not self._playing:
            self._playing = True
            self._put_frames_first()
            self.playing_changed.emit(True)
        self._schedule()

    def _put_frames_first(self) -> None:
        self._session.set_frames_first(self._playing and self._mode is PlaybackMode.REAL_TIME)

    def _may_go_on(self) -> bool:
        if self._mode is PlaybackMode.REAL_TIME:
            return self._session.frame_is_shown()
        return self._session.view_is_settled()

    def _restart_clock(self) -> None:
        """Forget the clock's start; `_schedule` sets it again when the view at the playhead is there."""
        self._timer.stop()
        self._anchor = None
        self._requested_at = None
        if self._playing:
            self._schedule()

    def _on_playhead_changed(self, index: int) -> None:
        if self._playing and index != self._requested_frame:
            # The person has scrubbed or jumped: play on from there, no longer only up to `_stop_frame`.
            if self._loop is None or not self._loop[0] <= index < self._loop[1]:
                self._stop_frame = None
                self._set_loop(None)
            self._restart_clock()

    def _on_video_changed(self) -> None:
        # There is no view only after another recording was opened. Revised times don't stop playback.
        if self._session.view is None:
            self.pause()

    def _last_frame(self) -> int:
        """Where playback ends, in its direction."""
        if self._direction < 0:
            return 0
        last = self._session.frame_count - 1
        return last if self._stop_frame is None else min(self._stop_frame - 1, last)

    def _schedule(self) -> None:
        if not self._playing or self._timer.isActive() or not self._may_go_on():
            return
        if (self._session.playhead - self._last_frame()) * self._direction >= 0:
            if self._loop is None:
                self.pause()
            else:
                self._begin_loop_again()
            return
        now = self._now()
        # Gaps are skipped: a still picture for an hour is nothing to watch.
        times, playhead = self._session.played_times, self._session.playhead
        if self._anchor is None:
            self._anchor = (now, float(times[playhead]))
        if self._mode is PlaybackMode.REAL_TIME:
            began, began_seconds = self._anchor
            due = began + abs(float(times[playhead + self._direction]) - began_seconds) / self._speed
        else:
            # Count from the last request, not from its view's arrival, which would add the engine's time to each frame.
            begin = now if self._requested_at is None else self._requested_at
            due = begin + abs(float(times[playhead + self._direction] - times[playhead])) / self._speed
        self._timer.start(min(max(0, ceil(1000 * (due - now))), _LONGEST_WAIT_MS))

    def _advance(self) -> None:
        if not self._playing or self._anchor is None or not self._may_go_on():
            return
        way = self._direction
        target = self._session.playhead + way
        now = self._now()
        if self._mode is PlaybackMode.REAL_TIME:
            began, began_seconds = self._anchor
            # A little behind the clock, no frame is left out: the next ones come the sooner.
            behind = _CATCH_UP_SECONDS * min(self._speed, 1.0)
            times = self._session.played_times
            passed = (now - began) * self._speed
            if (frame_at(times, began_seconds + way * (passed - behind)) - target) * way > 0:
                target = frame_at(times, began_seconds + way * passed)
        last = self._last_frame()
        self._request(min(target, last) if way > 0 else max(target, last))
        self._requested_at = now

    def _begin_loop_again(self) -> None:
        if self._loop:
            self._anchor = self._requested_at = None
            self._request(self._loop[0])

    def _request(self, frame: int) -> None:
        self._requested_frame = frame
        self._session.seek(frame)
