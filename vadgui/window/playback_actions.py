"""The actions of playback: what each key does to player and playhead, and when it can."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from engine.scoring.segments import Segment
from vadgui.model.session import ReviewSession
from vadgui.playback.player import PlaybackMode, Player
from vadgui.settings import Settings
from vadgui.ui.action_spec import PLAYBACK
from vadgui.ui.action_specs import SPECS

_LONG_STEP_FRAMES = 10
_STEPS_SECONDS = {"second": 1, "10_seconds": 10, "minute": 60}
_ON_SEGMENT = ("loop", "play_segment", "segment_begin", "segment_end")


class PlaybackActions(QObject):
    """Connects the window's actions to player and playhead."""

    def __init__(
        self,
        actions: Mapping[str, QAction],
        session: ReviewSession,
        player: Player,
        settings: Settings,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._actions = actions
        self._session = session
        self._player = player
        self._settings = settings
        calls: dict[str, Callable[[], object]] = {
            "play": player.toggle,
            "shuttle_back": lambda: player.shuttle(-1),
            "stop": player.pause,
            "shuttle_forward": lambda: player.shuttle(1),
            "slower": lambda: player.change_speed(-1),
            "faster": lambda: player.change_speed(1),
            "step_back": lambda: session.step(-1),
            "step_forward": lambda: session.step(1),
            "back_10": lambda: session.step(-_LONG_STEP_FRAMES),
            "forward_10": lambda: session.step(_LONG_STEP_FRAMES),
            "first": lambda: session.seek(0),
            "last": lambda: session.seek(session.frame_count - 1),
            "play_segment": self._play_segment,
            "segment_begin": lambda: self._go_to_end(0),
            "segment_end": lambda: self._go_to_end(-1),
        }
        for name, seconds in _STEPS_SECONDS.items():
            calls[f"back_{name}"] = partial(session.step_seconds, -seconds)
            calls[f"forward_{name}"] = partial(session.step_seconds, seconds)
        for name, call in calls.items():
            # Drop the argument `checked` of the signal.
            actions[name].triggered.connect(lambda _, call=call: call())
        actions["loop"].triggered.connect(self._loop)
        actions["every_frame"].triggered.connect(self._choose_mode)
        player.loop_changed.connect(self._show_loop)
        player.mode_changed.connect(self._show_mode)
        session.video_changed.connect(self._enable)
        session.scoring.segments_changed.connect(self._enable)
        session.scoring.selection_changed.connect(self._follow_selection)
        session.playhead_changed.connect(self._enable_on_segment)
        self._enable()

    def _enable(self) -> None:
        is_open = self._session.video is not None
        for spec in SPECS:
            if spec.menu == PLAYBACK and spec.name not in _ON_SEGMENT:
                self._actions[spec.name].setEnabled(is_open)
        self._enable_on_segment()

    def _enable_on_segment(self) -> None:
        possible = self._session.navigation.current is not None or self._player.looping
        if possible != self._actions["loop"].isEnabled():
            for name in _ON_SEGMENT:
                self._actions[name].setEnabled(possible)

    def _play_segment(self) -> None:
        if segment := self._session.navigation.current:
            self._player.play_run(segment.start, segment.stop)

    def _go_to_end(self, end: int) -> None:
        if segment := self._session.navigation.current:
            self._session.seek((segment.start, segment.stop - 1)[end])

    def _loop(self, on: bool) -> None:
        segment = self._session.navigation.current
        if on and segment:
            self._session.scoring.select(segment)
            self._play_loop(segment)
        else:
            self._player.pause()
        self._actions["loop"].setChecked(self._player.looping)

    def _play_loop(self, segment: Segment) -> None:
        self._player.play_loop(*self._with_margin(segment))
        self._session.navigation.looped = segment if self._player.looping else None

    def _show_loop(self, looping: bool) -> None:
        self._actions["loop"].setChecked(looping)
        if not looping:
            self._session.navigation.looped = None

    def _with_margin(self, segment: Segment) -> tuple[int, int]:
        times, margin = self._session.played_times, self._settings.loop_margin
        begin, end = times[segment.start] - margin, times[segment.stop - 1] + margin
        start, stop = np.searchsorted(times, [begin, end])
        return int(start), min(int(stop) + 1, len(times))

    def _follow_selection(self) -> None:
        """Whoever goes on to the next segment while one is looped wants to see that one."""
        self._enable_on_segment()
        selected = self._session.scoring.selected
        looped = self._player.loop
        if selected and looped and looped != self._with_margin(selected):
            self._play_loop(selected)

    def _choose_mode(self, every_frame: bool) -> None:
        self._player.set_mode(PlaybackMode.EVERY_FRAME if every_frame else PlaybackMode.REAL_TIME)

    def _show_mode(self) -> None:
        self._actions["every_frame"].setChecked(self._player.mode is PlaybackMode.EVERY_FRAME)
