"""The main window's docks: which there are, and which of them are shown with and without a recording."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow, QUndoView, QWidget

from engine.common.language import tr
from vadgui.model.review_model import ReviewModel
from vadgui.recordings.dock import RecordingsDock

_WIDTH_PX = 290


class Docks(QObject):
    """Adds docks to the right of a window's centre."""

    def __init__(
        self,
        window: QMainWindow,
        review: ReviewModel,
        *,
        recordings: RecordingsDock,
        segments: QWidget,
        exports: QWidget,
    ) -> None:
        super().__init__(window)  # what the review tells ends with the window
        self._window = window
        self._review = review
        self._has_segments: bool | None = None
        """Whether that dock is to be shown with the next recording; None while a recording is open."""
        # The upper one first: Tab goes through docks in the order in which they were added.
        self.recordings = recordings
        window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, recordings)
        self.segments = self._add("segments", tr("Segments"), segments)
        self._steps = QUndoView(review.stack)
        self._steps.setEmptyLabel(tr("As it was opened"))
        self._steps.setAccessibleName(tr("History of the review"))
        self.history = self._add("history", tr("History"), self._steps)
        self.history.hide()
        self.exports = self._add("exports", tr("Exports"), exports)
        self.exports.hide()
        window.resizeDocks([self.segments], [_WIDTH_PX], Qt.Orientation.Horizontal)
        recordings.place_above(window, self.segments)
        review.access_changed.connect(self._enable_history)

    def show_with_recording(self, is_open: bool) -> None:
        """Hide what belongs to a recording while none is open; segments come back unless a person closed them."""
        if not is_open:
            self.exports.hide()
            if self._has_segments is None:
                self._has_segments = not self.segments.isHidden()
                self.segments.hide()
        elif self._has_segments is not None:
            self.segments.setVisible(self._has_segments)
            self._has_segments = None

    def take_over_layout(self) -> None:
        """A layout was restored: what is shown in it is to be shown with the next recording."""
        self._has_segments = None

    def _enable_history(self) -> None:
        self._steps.setEnabled(not (self._review.read_only or self._review.is_waiting))

    def _add(self, name: str, title: str, widget: QWidget) -> QDockWidget:
        dock = QDockWidget(title)
        dock.setObjectName(name)
        dock.setWidget(widget)
        self._window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock
