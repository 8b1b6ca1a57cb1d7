"""When redacted regions are edited: with a recording that may be changed, and not while zones are."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction

from vadgui.model.session import ReviewSession
from vadgui.panels.grid import PanelGrid


class RedactionActions(QObject):
    """Connects the action, the bar of the panels and the review."""

    def __init__(
        self, action: QAction, zones: QAction, session: ReviewSession, panels: PanelGrid, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._action = action
        self._session = session
        panels.header.add_tool(action)
        action.toggled.connect(panels.edit_redaction)
        # There is one mouse.
        action.toggled.connect(lambda on: zones.setChecked(zones.isChecked() and not on))
        zones.toggled.connect(lambda on: action.setChecked(action.isChecked() and not on))
        panels.redaction_bar.done.connect(lambda: action.setChecked(False))
        session.video_changed.connect(self._enable)
        session.review.access_changed.connect(self._enable)
        self._enable()

    def _enable(self) -> None:
        possible = self._session.video is not None and not self._session.review.read_only
        self._action.setEnabled(possible)
        if not possible:
            self._action.setChecked(False)
