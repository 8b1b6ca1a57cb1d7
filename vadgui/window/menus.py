"""The menu bar: all declared actions, and recent recordings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu

from engine.common.language import tr
from engine.common.names import displayable
from vadgui.settings import Settings
from vadgui.ui.action_spec import FILE, MENUS
from vadgui.ui.action_specs import SPECS

_TEXT_PX = 320
_SEPARATED = ("close_video", "go_to", "play_segment", "confirm", "begin_here", "undo", "export", "threshold",
              "show_segments", "copy_frame")  # fmt: skip
"""Actions with a line above them."""


class Menus(QObject):
    """Fills a window's menu bar."""

    video_chosen = Signal(object)
    """Path of a recording that was open lately."""

    def __init__(
        self,
        window: QMainWindow,
        actions: Mapping[str, QAction],
        settings: Settings,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._actions = actions
        self._menus: dict[tuple[str, str], QMenu] = {}
        for name in MENUS:
            self._menu(name)
        for spec in SPECS:
            menu = self._menu(spec.menu, spec.submenu)
            if spec.name in _SEPARATED:
                menu.addSeparator()
            menu.addAction(actions[spec.name])
        self.recent = QMenu(tr("Open &recent"), window)
        self.recent.setToolTipsVisible(True)  # with full paths: names may be equal, and long ones are elided
        self.recent.aboutToShow.connect(self._fill_recent)
        self._menu(FILE).insertMenu(actions["open_demo"], self.recent)

    def _menu(self, name: str, submenu: str = "") -> QMenu:
        if (name, submenu) not in self._menus:
            parent = self._menu(name) if submenu else self._window.menuBar()
            menu = parent.addMenu(tr(submenu or name))
            menu.setToolTipsVisible(True)
            self._menus[name, submenu] = menu
        return self._menus[name, submenu]

    def _fill_recent(self) -> None:
        self.recent.clear()
        recent = self._settings.recent_videos
        for path in recent:
            action = self.recent.addAction(self._short(path).replace("&", "&&"))
            action.setToolTip(displayable(path))
            action.triggered.connect(lambda _, path=path: self.video_chosen.emit(path))
        if recent:
            self.recent.addSeparator()
            self.recent.addAction(tr("&Clear list"), self._settings.forget_videos)
        else:
            self.recent.addAction(tr("Nothing opened yet")).setEnabled(False)

    def _short(self, path: Path) -> str:
        text = displayable(tr("{file}  in  {folder}").format(file=path.name, folder=path.parent.name))
        return self._window.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, _TEXT_PX)
