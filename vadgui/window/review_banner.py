"""The banner above the timeline that tells how the review was opened, and why it can't be changed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from vadgui.model.review_model import ReviewModel
from vadgui.ui.widgets import IconLine


class ReviewBanner(QWidget):
    """Shows the review's notice until it is hidden, and that it is read-only for as long as it is."""

    def __init__(self, review: ReviewModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._review = review
        self._hidden_text = ""
        self._line = IconLine()
        self.hide_button = QToolButton()
        self.hide_button.setText("Hide")
        self.hide_button.setAutoRaise(True)
        self.hide_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.hide_button.clicked.connect(self._hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self._line, 1)
        layout.addWidget(self.hide_button, 0, Qt.AlignmentFlag.AlignTop)
        self.setAccessibleName("About this review")
        review.access_changed.connect(self._show)
        self._show()

    def text(self) -> str:
        """What is told; empty where there is nothing."""
        return self._line.text()

    def _hide(self) -> None:
        self._hidden_text = self.text()
        self._show()

    def _show(self) -> None:
        text = "\n".join(filter(None, (self._review.read_only, self._review.notice)))
        if text == self._hidden_text:
            text = ""
        self._line.show_line("warning", text)
        self.setVisible(bool(text))
