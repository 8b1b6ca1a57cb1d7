"""The clock of playback: decides when the next frame is due and asks the session for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from enum import Enum
from math import ceil

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from vadgui.model.session import ReviewSession

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


class PlaybackMode(Enum):
    """What gives way when pictures can't be made as fast as they are due."""

    REAL_TIME = "Real time"
    """Frames: playback follows the clock."""
    EVERY_FRAME = "Every frame"
    """The clock: every frame is shown with all its pictures."""


class Player(QObject):
    """Plays the session's recording.

    The session's requests are latest-wins, so in both modes the next frame is asked for only when the view of the last
    one is there: asking earlier would abandon it, and nothing would ever be shown.
    """

    playing_changed = Signal(bool)
    speed_changed = Signal(float)
    mode_changed = Signal()

    def __init__(
        self, session: ReviewSession, now: Callable[[], float] = time.perf_counter, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._now = now
        self._playing = False
        self._speed = 1.0
        self._mode = PlaybackMode.REAL_TIME
        self._stop_frame: int | None = None
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
        """Whether the clock runs."""
        return self._playing

    @property
    def speed(self) -> float:
        """Times real time."""
        return self._speed

    @property
    def mode(self) -> PlaybackMode:
        """What gives way when pictures are late."""
        return self._mode

    def play(self) -> None:
        """Play on from the playhead, or from the start where the playhead is on the last frame."""
        if self._playing or self._session.frame_count < 2:
            return
        self._stop_frame = None
        if self._session.playhead == self._session.frame_count - 1:
            self._session.seek(0)
        self._start()

    def play_run(self, start: int, stop: int) -> None:
        """Play frames [start, stop) and pause on the last of them."""
        self._session.seek(start)
        self._stop_frame = stop
        self._start()

    def pause(self) -> None:
        """Stop the clock; the frame on screen stays."""
        if self._playing:
            self._playing = False
            self._timer.stop()
            self.playing_changed.emit(False)

    def toggle(self) -> None:
        """Pause if playing, else play."""
        if self._playing:
            self.pause()
        else:
            self.play()

    def set_speed(self, speed: float) -> None:
        """Play `speed` times as fast as recorded."""
        if speed <= 0:
            raise ValueError(f"a speed must be above 0, not {speed}")
        if speed != self._speed:
            self._speed = speed
            self._restart_clock()
            self.speed_changed.emit(speed)

    def set_mode(self, mode: PlaybackMode) -> None:
        """Choose what gives way when pictures are late."""
        if mode is not self._mode:
            self._mode = mode
            self._restart_clock()
            self.mode_changed.emit()

    def _start(self) -> None:
        self._restart_clock()
        if not self._playing:
            self._playing = True
            self.playing_changed.emit(True)
        self._schedule()

    def _restart_clock(self) -> None:
        """The clock starts anew when the view of the playhead is there."""
        self._timer.stop()
        self._anchor = None
        self._requested_at = None
        if self._playing:
            self._schedule()

    def _on_playhead_changed(self, index: int) -> None:
        if self._playing and index != self._requested_frame:
            # Someone scrubs or jumps: play on from there, and no longer just the one run.
            self._stop_frame = None
            self._restart_clock()

    def _on_video_changed(self) -> None:
        # A revision of the times keeps playing; another recording does not.
        if self._session.view is None:
            self.pause()

    def _last_frame(self) -> int:
        last = self._session.frame_count - 1
        return last if self._stop_frame is None else min(self._stop_frame - 1, last)

    def _schedule(self) -> None:
        if not self._playing or self._timer.isActive() or not self._session.view_is_settled():
            return
        if self._session.playhead >= self._last_frame():
            self.pause()
            return
        now = self._now()
        times, playhead = self._session.times, self._session.playhead
        if self._anchor is None:
            self._anchor = (now, float(times[playhead]))
        if self._mode is PlaybackMode.REAL_TIME:
            began, began_seconds = self._anchor
            due = began + (float(times[playhead + 1]) - began_seconds) / self._speed
        else:
            # From request to request: counted from arrival, the engine's own time would be added to every frame.
            begin = now if self._requested_at is None else self._requested_at
            due = begin + float(times[playhead + 1] - times[playhead]) / self._speed
        self._timer.start(max(0, ceil(1000 * (due - now))))

    def _advance(self) -> None:
        if not self._playing or self._anchor is None or not self._session.view_is_settled():
            return
        target = self._session.playhead + 1
        now = self._now()
        if self._mode is PlaybackMode.REAL_TIME:
            began, began_seconds = self._anchor
            target = max(target, self._session.index_at(began_seconds + (now - began) * self._speed))
        self._requested_frame = min(target, self._last_frame())
        self._requested_at = now
        self._session.seek(self._requested_frame)
