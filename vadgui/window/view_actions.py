"""The actions of panels, timeline and docks: all that the mouse does there, by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QWidget

from vadgui.model.session import ReviewSession
from vadgui.panels.content import SHOWN_AT_FIRST, Panel
from vadgui.panels.grid import PanelGrid
from vadgui.panels.loupe import HeldAction
from vadgui.segments.view import SegmentList
from vadgui.settings import Settings
from vadgui.timeline.view import TimelineView
from vadgui.ui import theme
from vadgui.ui.actions import Actions
from vadgui.window.review_splitter import ReviewSplitter

_ZOOM = 2.0
_PAN_SHARE = 0.25
_PICTURE_ZOOM = 1.5
_PICTURE_MOVE = 0.2  # of what is shown
_SPLITTER_STEP_PX = 24
_OF_A_RECORDING = (
    "threshold", "timeline_zoom_in", "timeline_zoom_out", "timeline_all", "pan_left", "pan_right", "larger_timeline",
    "smaller_timeline", "copy_frame",
)  # fmt: skip
_OF_A_SEGMENT = ("zoom_segment", "copy_segment")
_CHANGING = ("raise_threshold", "lower_threshold")


class ViewActions(QObject):
    """Connects the window's actions to its views."""

    def __init__(
        self,
        window: QMainWindow,
        actions: Actions,
        session: ReviewSession,
        settings: Settings,
        panels: PanelGrid,
        timeline: TimelineView,
        segments: SegmentList,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._actions = actions
        self._session = session
        self._settings = settings
        self._panels = panels
        self._segments = segments
        self._timeline = timeline
        for name, call in {**self._picture_calls(), **self._timeline_calls()}.items():
            actions[name].triggered.connect(lambda _, call=call: call())
        for panel in Panel:
            actions.adopt(f"show_{panel.name.lower()}", panels.panel_actions[panel])
        actions.adopt("mask", panels.overlay_action)
        actions["loupe"].toggled.connect(panels.loupe.turn_on)
        HeldAction(actions["loupe"])
        actions["full_screen"].triggered.connect(
            lambda _: window.setWindowState(window.windowState() ^ Qt.WindowState.WindowFullScreen)
        )
        self._restore()
        scoring, review = session.scoring, session.review
        for changed in (
            session.video_changed, scoring.segments_changed, scoring.selection_changed, review.access_changed
        ):  # fmt: skip
            changed.connect(self._enable)
        session.playhead_changed.connect(self._enable_on_segment)
        self._enable()

    def _picture_calls(self) -> dict[str, Callable[[], object]]:
        """What actions do to the panels, and to the place that is followed, by the name of the action."""
        panels = self._panels
        of_panels: dict[str, Callable[[], object]] = {}
        for panel in Panel:
            of_panels[f"only_{panel.name.lower()}"] = partial(panels.toggle_enlarged, panel)
            of_panels[f"first_{panel.name.lower()}"] = partial(panels.put_first, panel)
        return {
            **of_panels,
            "all_panels": panels.show_all,
            "usual_panels": panels.use_arrangement,
            "zoom_in": lambda: panels.zoom.zoom(_PICTURE_ZOOM),
            "zoom_out": lambda: panels.zoom.zoom(1 / _PICTURE_ZOOM),
            "zoom_reset": panels.zoom.reset,
            "move_left": lambda: panels.zoom.move(-_PICTURE_MOVE, 0),
            "move_right": lambda: panels.zoom.move(_PICTURE_MOVE, 0),
            "move_up": lambda: panels.zoom.move(0, -_PICTURE_MOVE),
            "move_down": lambda: panels.zoom.move(0, _PICTURE_MOVE),
            "window": panels.choose_worst_window,
            "place_left": partial(panels.move_window, 0, -1),
            "place_right": partial(panels.move_window, 0, 1),
            "place_up": partial(panels.move_window, -1, 0),
            "place_down": partial(panels.move_window, 1, 0),
        }

    def _timeline_calls(self) -> dict[str, Callable[[], object]]:
        """What actions do to the timeline and copy from it, by the name of the action."""
        timeline = self._timeline
        return {
            "threshold": timeline.header.edit_threshold,
            "raise_threshold": lambda: timeline.header.step_threshold(1),
            "lower_threshold": lambda: timeline.header.step_threshold(-1),
            "timeline_zoom_in": lambda: timeline.zoom(_ZOOM),
            "timeline_zoom_out": lambda: timeline.zoom(1 / _ZOOM),
            "timeline_all": timeline.zoom_to_all,
            "lanes": timeline.header.lanes_button.showMenu,
            "zoom_segment": self._zoom_to_segment,
            "pan_left": lambda: timeline.pan(-_PAN_SHARE),
            "pan_right": lambda: timeline.pan(_PAN_SHARE),
            "copy_frame": lambda: _copy(timeline.reading_at(self._session.playhead)),
            "copy_segment": self._copy_segment,
        }

    def _restore(self) -> None:
        """Show things as they were last, and remember how they are shown from now on."""
        actions, settings = self._actions, self._settings
        panels, timeline = self._panels, self._timeline
        actions["outlines"].toggled.connect(self._show_outlines)
        actions["outlines"].setChecked(settings.outlines)
        for choice in theme.ThemeChoice:
            actions[f"theme_{choice.value}"].triggered.connect(partial(self._choose_theme, choice))
        settings.changed.connect(self._use_setting)
        self._show_theme()
        actions["time_of_day"].toggled.connect(self._show_time_of_day)
        actions["time_of_day"].setChecked(settings.time_of_day)
        self._restore_panels()
        panels.arranged.connect(self._remember_panels)
        timeline.lanes.show(settings.lanes)
        timeline.lanes.lanes_changed.connect(self._remember_lanes)

    def use_docks(self, docks: dict[str, QDockWidget]) -> None:
        """Show and hide docks by these actions."""
        for name, dock in docks.items():
            self._actions.adopt(name, dock.toggleViewAction())

    def use_splitter(self, splitter: ReviewSplitter) -> None:
        """Move its handle by keys."""
        for name, pixels in (("larger_timeline", _SPLITTER_STEP_PX), ("smaller_timeline", -_SPLITTER_STEP_PX)):
            self._actions[name].triggered.connect(lambda _, pixels=pixels: splitter.grow_timeline(pixels))

    def use_areas(self, areas: Sequence[QWidget]) -> None:
        """Let keys go from one of these parts of the window to the next."""
        self._areas = list(areas)
        self._actions["next_area"].triggered.connect(lambda _: self._go_to_area(1))
        self._actions["previous_area"].triggered.connect(lambda _: self._go_to_area(-1))

    def _go_to_area(self, way: int) -> None:
        reachable = [(area, first) for area in self._areas if area.isVisible() and (first := _first_focus(area))]
        if not reachable:
            return
        focus = QApplication.focusWidget()
        here = next((n for n, (area, _) in enumerate(reachable) if focus and area.isAncestorOf(focus)), None)
        there = (0 if way > 0 else -1) if here is None else (here + way) % len(reachable)
        reachable[there][1].setFocus(Qt.FocusReason.TabFocusReason)

    def _enable(self) -> None:
        is_open = self._session.video is not None
        may_change = is_open and not self._session.review.read_only
        for names, possible in ((_OF_A_RECORDING, is_open), (_CHANGING, may_change)):
            for name in names:
                self._actions[name].setEnabled(possible)
        self._enable_on_segment()

    def _enable_on_segment(self) -> None:
        possible = self._session.navigation.current is not None
        if possible != self._actions["copy_segment"].isEnabled():
            for name in _OF_A_SEGMENT:
                self._actions[name].setEnabled(possible)

    def _zoom_to_segment(self) -> None:
        if segment := self._session.navigation.current:
            self._timeline.zoom_to(segment)

    def _copy_segment(self) -> None:
        if segment := self._session.navigation.current:
            _copy(self._segments.model.sentence(segment))

    def _show_outlines(self, shown: bool) -> None:
        self._settings.outlines = shown
        self._panels.show_outlines(shown)

    def _restore_panels(self) -> None:
        known = Panel.__members__
        order = [known[name] for name in self._settings.panel_order if name in known]
        shown = [known[name] for name in self._settings.panels_shown if name in known]
        self._panels.use_arrangement(order, shown or SHOWN_AT_FIRST)

    def _remember_panels(self) -> None:
        shown = [panel for panel, action in self._panels.panel_actions.items() if action.isChecked()]
        self._settings.panel_order = [panel.name for panel in self._panels.order]
        self._settings.panels_shown = [panel.name for panel in shown]

    def _remember_lanes(self) -> None:
        self._settings.lanes = self._timeline.lanes.wanted

    def _show_time_of_day(self, shown: bool) -> None:
        self._settings.time_of_day = shown
        self._timeline.show_time_of_day(shown)
        self._segments.show_time_of_day(shown)

    def _choose_theme(self, choice: theme.ThemeChoice) -> None:
        self._settings.theme = choice.value
        self._show_theme()

    def _use_setting(self, setting: object) -> None:
        if setting is Settings.theme:
            theme.choose(theme.ThemeChoice(self._settings.theme))
            self._show_theme()
        elif setting is Settings.time_of_day:
            self._actions["time_of_day"].setChecked(self._settings.time_of_day)
        elif setting is Settings.outlines:
            self._actions["outlines"].setChecked(self._settings.outlines)

    def _show_theme(self) -> None:
        for choice in theme.ThemeChoice:
            self._actions[f"theme_{choice.value}"].setChecked(choice.value == self._settings.theme)


def _first_focus(area: QWidget) -> QWidget | None:
    """The first widget of an area, in the order of Tab, that takes the keyboard."""
    widget = area
    while True:
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.isEnabled() and widget.isVisible():
            return widget
        following = widget.nextInFocusChain()
        if following is None or not area.isAncestorOf(following):
            return None
        widget = following


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
