"""Lines in the status bar that tell of something for a moment, and go when what they speak of is over."""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStatusBar

from vadgui.model.session import ReviewSession

_MESSAGE_MS = 6000


class StatusMessages(QObject):
    """All that is told in the status bar is told here."""

    def __init__(self, bar: QStatusBar, session: ReviewSession) -> None:
        super().__init__(bar)
        self._bar = bar
        self._is_of_recording = False
        # What is told of a change comes after the change, so this never takes it away.
        session.video_changed.connect(self._forget)
        session.review.stack.indexChanged.connect(self._forget)

    def tell(self, message: str) -> None:
        """Show a line for some seconds, in place of the analysis's state."""
        self._is_of_recording = False
        self._bar.showMessage(message, _MESSAGE_MS)

    def tell_of_recording(self, message: str) -> None:
        """The same of the open recording, or of its review: it goes when either is another."""
        self.tell(message)
        self._is_of_recording = True

    def _forget(self) -> None:
        if self._is_of_recording:
            self._is_of_recording = False
            self._bar.clearMessage()
