"""The dock with the list of recordings, and the window's actions for it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QDockWidget, QMainWindow

from engine.common.language import tr
from vadgui.recordings.model import RecordingModel
from vadgui.recordings.view import RecordingsView

_HEIGHTS_PX = [320, 380]
_A_LIST = 2  # of a single recording the window says everything already


class RecordingsDock(QDockWidget):
    """Shows itself when there is a list to show, until the person closes it."""

    neighbour_requested = Signal(int)
    """1 for the next recording, -1 for the previous one."""

    def __init__(self, model: RecordingModel, actions: Mapping[str, QAction]) -> None:
        super().__init__(tr("Recordings"))
        self.setObjectName("recordings")
        self.view = RecordingsView(model, self)
        self.setWidget(self.view)
        self._model = model
        self._actions = actions
        self._was_list = False
        actions["recordings"].triggered.connect(lambda: self._go_to_list())
        actions["next_recording"].triggered.connect(lambda: self.neighbour_requested.emit(1))
        actions["previous_recording"].triggered.connect(lambda: self.neighbour_requested.emit(-1))
        model.changed.connect(self._follow)
        self.hide()
        self._follow()

    def place_above(self, window: QMainWindow, other: QDockWidget) -> None:
        """Take a part of another dock's place."""
        window.addDockWidget(window.dockWidgetArea(other), self)
        window.splitDockWidget(self, other, Qt.Orientation.Vertical)
        window.resizeDocks([self, other], _HEIGHTS_PX, Qt.Orientation.Vertical)

    def settle(self) -> None:
        """After a layout was restored: without a list there is nothing to show."""
        if not self._is_list():
            self.hide()

    def _is_list(self) -> bool:
        return len(self._model.recordings) >= _A_LIST or bool(self._model.watched_folders)

    def _follow(self) -> None:
        is_list = self._is_list()
        if is_list != self._was_list:
            self._was_list = is_list
            self.setVisible(is_list)
        for name in ("recordings", "find_moved"):
            self._actions[name].setEnabled(bool(self._model.recordings))
        for name in ("next_recording", "previous_recording"):
            self._actions[name].setEnabled(is_list or (bool(self._model.recordings) and not self._model.open_path))

    def _go_to_list(self) -> None:
        self.show()
        self.view.take_focus()
