"""The page that the window shows while no recording is open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from engine.common.language import tr
from engine.common.names import displayable

_RECENT_SHOWN = 5
_WIDTH_PX = 460


class EmptyState(QWidget):
    """Offers to open or drop a recording, the demo, and recent recordings."""

    video_chosen = Signal(object)
    """The Path of a recent recording."""

    def __init__(self, open_action: QAction, demo_action: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = _label(tr("Open a recording to review"), role="title")
        explanation = _label(
            tr(
                "The detector predicts how each frame should look and move, and flags where reality differs. "
                "You jump from one flagged segment to the next, see why, and export what matters."
            ),
            role="muted",
        )
        self.open_button = QPushButton(tr("Open videos …"))
        self.open_button.setProperty("role", "primary")
        self.open_button.clicked.connect(open_action.trigger)
        self.demo_button = QPushButton(tr("Try the demo"))
        self.demo_button.setProperty("role", "secondary")
        self.demo_button.clicked.connect(demo_action.trigger)
        self.demo_button.setVisible(demo_action.isEnabled())
        drop = _label(tr("or drop videos or folders anywhere in this window"), role="muted")
        buttons = QHBoxLayout()
        buttons.addWidget(self.open_button)
        buttons.addWidget(self.demo_button)
        buttons.addStretch(1)

        column = QWidget()
        column.setMaximumWidth(_WIDTH_PX)
        inner = QVBoxLayout(column)
        inner.setSpacing(12)
        inner.addWidget(title)
        inner.addWidget(explanation)
        inner.addSpacing(8)
        inner.addLayout(buttons)
        inner.addWidget(drop)
        self._recent = QFrame()
        self._recent_layout = QVBoxLayout(self._recent)
        self._recent_layout.setContentsMargins(0, 12, 0, 0)
        self._recent_layout.setSpacing(2)
        inner.addWidget(self._recent)

        around = QHBoxLayout(self)
        around.addStretch(1)
        middle = QVBoxLayout()
        middle.addStretch(2)
        middle.addWidget(column)
        middle.addStretch(3)
        around.addLayout(middle, stretch=3)
        around.addStretch(1)
        self.show_recent([])

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List recent recordings."""
        while self._recent_layout.count():
            item = self._recent_layout.takeAt(0)
            widget = item.widget() if item else None
            if widget:
                widget.deleteLater()
        self._recent.setVisible(bool(paths))
        if paths:
            self._recent_layout.addWidget(_label(tr("Opened lately"), role="muted"))
        for path in paths[:_RECENT_SHOWN]:
            self._recent_layout.addWidget(self._recent_button(path))

    def _recent_button(self, path: Path) -> QToolButton:
        button = QToolButton()
        button.setAutoRaise(True)
        name = button.fontMetrics().elidedText(
            displayable(tr("{file}  in  {folder}").format(file=path.name, folder=path.parent.name)),
            Qt.TextElideMode.ElideMiddle,
            _WIDTH_PX - 40,
        )
        button.setText(name.replace("&", "&&"))
        button.setToolTip(displayable(path))
        button.setCursor(Qt.CursorShape.PointingHandCursor)
        button.clicked.connect(lambda: self.video_chosen.emit(path))
        return button


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", role)
    label.setWordWrap(True)
    return label
