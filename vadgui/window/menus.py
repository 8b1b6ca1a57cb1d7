"""The menu bar: all declared actions, recent recordings, what is shown, and the theme."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from engine.common.names import displayable
from vadgui.settings import Settings
from vadgui.ui import theme
from vadgui.ui.actions import FILE, MENUS, REVIEW, SPECS, VIEW

_TEXT_PX = 320
_THEME_TEXTS = {
    theme.ThemeChoice.SYSTEM: "As the &system",
    theme.ThemeChoice.LIGHT: "&Light",
    theme.ThemeChoice.DARK: "&Dark",
}
_SEPARATED = {
    REVIEW: ("confirm", "begin_here", "undo", "export"),
    FILE: ("close_video",),
    VIEW: ("zoom_in", "timeline_zoom_in", "full_screen"),
}
"""Actions with a line above them."""


class Menus(QObject):
    """Fills a window's menu bar."""

    video_chosen = Signal(object)
    """Path of a recording that was open lately."""

    def __init__(
        self,
        window: QMainWindow,
        actions: Mapping[str, QAction],
        shown: Sequence[Sequence[QAction]],
        settings: Settings,
    ) -> None:
        """`shown` are groups of actions that show and hide something: panels, docks."""
        super().__init__(window)
        self._window = window
        self._settings = settings
        menus = {menu: window.menuBar().addMenu(menu) for menu in MENUS}
        for menu in menus.values():
            menu.setToolTipsVisible(True)
        for spec in SPECS:
            menus[spec.menu].addAction(actions[spec.name])
        for name, separated in _SEPARATED.items():
            for action in separated:
                menus[name].insertSeparator(actions[action])
        self.recent = QMenu("Open &recent", window)
        self.recent.setToolTipsVisible(True)  # with full paths: names may be equal, and long ones are elided
        self.recent.aboutToShow.connect(self._fill_recent)
        menus[FILE].insertMenu(actions["open_demo"], self.recent)
        for group in shown:
            menus[VIEW].addSeparator()
            menus[VIEW].addActions(list(group))
        menus[VIEW].addSeparator()
        self._fill_theme(menus[VIEW].addMenu("&Theme"))

    def _fill_theme(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        for choice, text in _THEME_TEXTS.items():
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(choice.value == self._settings.theme)
            action.triggered.connect(lambda _, choice=choice: self._choose_theme(choice))
            group.addAction(action)

    def _choose_theme(self, choice: theme.ThemeChoice) -> None:
        self._settings.theme = choice.value
        theme.choose(choice)

    def _fill_recent(self) -> None:
        self.recent.clear()
        recent = self._settings.recent_videos
        for path in recent:
            action = self.recent.addAction(self._short(path).replace("&", "&&"))
            action.setToolTip(displayable(path))
            action.triggered.connect(lambda _, path=path: self.video_chosen.emit(path))
        if recent:
            self.recent.addSeparator()
            self.recent.addAction("&Clear list", self._settings.forget_videos)
        else:
            self.recent.addAction("Nothing opened yet").setEnabled(False)

    def _short(self, path: Path) -> str:
        text = displayable(f"{path.name}  in  {path.parent.name}")
        return self._window.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, _TEXT_PX)
