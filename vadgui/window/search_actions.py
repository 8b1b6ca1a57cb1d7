"""The search by place: its action, the rectangle on the frame, and what it lets through."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from vadgui.model.session import ReviewSession
from vadgui.panels.grid import PanelGrid


class SearchActions(QObject):
    """While the action is on, the mouse on the frame says where to search; off, all segments are listed again."""

    def __init__(self, action: QAction, others: Sequence[QAction], session: ReviewSession, panels: PanelGrid) -> None:
        """Others need the same mouse: of all these actions only one is on."""
        super().__init__(panels)
        self._action = action
        self._session = session
        self._panels = panels
        action.toggled.connect(self._turn)
        for other in others:
            action.toggled.connect(lambda on, other=other: other.setChecked(other.isChecked() and not on))
            other.toggled.connect(lambda on: action.setChecked(action.isChecked() and not on))
        panels.search_tool.ended.connect(lambda: action.setChecked(False))
        session.places.changed.connect(self._follow)
        session.video_changed.connect(self._enable)
        session.detector_changed.connect(self._enable)
        self._enable()

    def _turn(self, on: bool) -> None:
        self._panels.search_place(on)
        if not on:
            self._session.places.search(None)

    def _follow(self) -> None:
        """The rectangle was cleared elsewhere."""
        if self._session.places.rectangle is None and not self._panels.search_tool.is_waiting:
            self._action.setChecked(False)

    def _enable(self) -> None:
        detector = self._session.detector
        possible = self._session.video is not None and (detector is None or detector.calibration is not None)
        self._action.setEnabled(possible)
        if not possible:
            self._action.setChecked(False)
