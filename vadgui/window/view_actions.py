"""The actions that change what is shown of panels and timeline: zoom, loupe, lanes, time of day, a place."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from vadgui.panels.grid import PanelGrid
from vadgui.panels.loupe import HeldAction
from vadgui.segments.view import SegmentList
from vadgui.settings import Settings
from vadgui.timeline.view import TimelineView

_ZOOM_A_KEY = 1.5
_MOVE_A_KEY = 0.2  # of what is shown
_TIMELINE_ZOOM_A_KEY = 2.0


class ViewActions(QObject):
    """Connects the window's actions to its views, and remembers what was chosen."""

    def __init__(
        self,
        parent: QObject,
        actions: Mapping[str, QAction],
        panels: PanelGrid,
        timeline: TimelineView,
        segments: SegmentList,
        settings: Settings,
    ) -> None:
        super().__init__(parent)
        self._timeline, self._segments, self._settings = timeline, segments, settings
        zoom = panels.zoom
        calls = {
            "zoom_in": lambda: zoom.zoom(_ZOOM_A_KEY),
            "zoom_out": lambda: zoom.zoom(1 / _ZOOM_A_KEY),
            "zoom_reset": zoom.reset,
            "move_left": lambda: zoom.move(-_MOVE_A_KEY, 0),
            "move_right": lambda: zoom.move(_MOVE_A_KEY, 0),
            "move_up": lambda: zoom.move(0, -_MOVE_A_KEY),
            "move_down": lambda: zoom.move(0, _MOVE_A_KEY),
            "window": panels.choose_worst_window,
            "timeline_zoom_in": lambda: timeline.zoom(_TIMELINE_ZOOM_A_KEY),
            "timeline_zoom_out": lambda: timeline.zoom(1 / _TIMELINE_ZOOM_A_KEY),
            "timeline_all": timeline.zoom_to_all,
            "lanes": timeline.header.lanes_button.showMenu,
        }
        for name, call in calls.items():
            actions[name].triggered.connect(lambda _, call=call: call())
        actions["loupe"].toggled.connect(panels.loupe.turn_on)
        HeldAction(actions["loupe"])
        actions["time_of_day"].toggled.connect(self._show_time_of_day)
        actions["time_of_day"].setChecked(settings.time_of_day)
        timeline.lanes.show(settings.lanes)
        timeline.lanes.lanes_changed.connect(self._remember_lanes)

    def _remember_lanes(self) -> None:
        self._settings.lanes = self._timeline.lanes.wanted

    def _show_time_of_day(self, shown: bool) -> None:
        self._settings.time_of_day = shown
        self._timeline.show_time_of_day(shown)
        self._segments.show_time_of_day(shown)
