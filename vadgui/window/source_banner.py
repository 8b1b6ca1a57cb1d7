"""The banner above the timeline that says that the open recording's file is another by now, and opens it again."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from engine.common.language import tr, tr_noop
from engine.common.names import displayable
from vadgui.jobs.source_guard import SourceChange
from vadgui.model.session import ReviewSession
from vadgui.ui.widgets import IconLine

_TEXTS = {
    SourceChange.GROWN: tr_noop(
        "{name} has grown since it was opened: what came later is seen when it is opened again."
    ),
    SourceChange.REPLACED: tr_noop(
        "{name} is another file now than the one that was opened: its pictures may not be those judged."
    ),
    SourceChange.GONE: tr_noop(
        "{name} is not where it was: it was deleted, moved or renamed, or its disk was taken away. Verdicts are kept; "
        "pictures may be missing. If it has moved, File, Find moved recordings, finds it."
    ),
}


class SourceBanner(QWidget):
    """Shown from the change on until a recording is opened."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = IconLine()
        self.open_button = QToolButton()
        self.open_button.setText(tr("Open again"))
        self.open_button.setAutoRaise(True)
        self.open_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(tr("About this recording's file"))
        self._session = session
        session.video_changed.connect(self._forget)
        self.hide()

    def text(self) -> str:
        """What is told; empty where there is nothing."""
        return self._line.text()

    def tell(self, change: SourceChange) -> None:
        """Say what became of the file."""
        video = self._session.video
        if video is None:
            return
        if change is SourceChange.BACK:
            self._clear()
            return
        text = tr(_TEXTS[change]).format(name=displayable(video.name))
        self._line.show_line("note" if change is SourceChange.GROWN else "warning", text)
        self.open_button.setVisible(change is not SourceChange.GONE)  # there is nothing to be opened
        self.show()

    def _forget(self) -> None:
        if self._session.view is None:  # there is one where only the times were revised
            self._clear()

    def _clear(self) -> None:
        self._line.show_line("note", "")
        self.hide()
