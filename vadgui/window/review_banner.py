"""The banner above the timeline that tells how the review was opened, by what, and why it can't be changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from engine.common.language import tr
from vadgui.model.session import ReviewSession
from vadgui.ui.widgets import IconLine


class ReviewBanner(QWidget):
    """Shows until it is hidden what is to be known of the review: its notice, read-only, made with another detector."""

    def __init__(self, session: ReviewSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._hidden_text = ""
        self._line = IconLine()
        self.hide_button = QToolButton()
        self.hide_button.setText(tr("Hide"))
        self.hide_button.setAutoRaise(True)
        self.hide_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide_button.clicked.connect(self._hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName(tr("About this review"))
        session.review.access_changed.connect(self._show)
        session.detector_changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """What is told; empty where there is nothing."""
        return self._line.text()

    def _hide(self) -> None:
        self._hidden_text = self.text()
        self._show()

    def _show(self) -> None:
        review = self._session.review
        text = "\n".join(filter(None, (review.read_only, review.notice, self._other_detector())))
        if text == self._hidden_text:
            text = ""
        self._line.show_line("warning", text)
        self.setVisible(bool(text))

    def _other_detector(self) -> str:
        now = self._session.detector
        before = self._session.review.detector_before(now.fingerprint) if now and now.fingerprint else None
        if now is None or before is None:
            return ""
        made = tr("This review was made with {before}. What is flagged now is by {now}; verdicts stay where they are.")
        if before.name == now.name:
            made = tr(
                "This review was made with another version of {before}. What is flagged now is by {now}; "
                "verdicts stay where they are."
            )
        return made.format(before=before.name, now=now.name)
