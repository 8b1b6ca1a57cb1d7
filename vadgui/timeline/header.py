"""The line above the timeline: what is under the mouse, the threshold as a number, zoom."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QLabel, QToolButton, QWidget


class TimelineHeader(QWidget):
    """Shows what it is told and says what was entered."""

    threshold_entered = Signal(float)
    zoom_wanted = Signal(float)
    all_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = QLabel("Anomaly score")
        font = title.font()
        font.setBold(True)
        title.setFont(font)
        title.setToolTip(
            "How unusual each frame is in this recording: 0 is its most, 1 its least predictable one.\n"
            "Click or drag to move the playhead, wheel to zoom, Shift + wheel to pan."
        )
        self._reading = QLabel()
        self.threshold_box = QDoubleSpinBox()
        self.threshold_box.setRange(0.0, 1.0)
        self.threshold_box.setSingleStep(0.05)
        self.threshold_box.setDecimals(2)
        self.threshold_box.setKeyboardTracking(False)
        self.threshold_box.setAccessibleName("Threshold")
        self.threshold_box.setToolTip("Frames with at least this score are flagged; or drag the dashed line")
        self.threshold_box.valueChanged.connect(self.threshold_entered)
        # Enter ends the typing: the next key is for the player again.
        self.threshold_box.lineEdit().returnPressed.connect(self.threshold_box.clearFocus)
        label = QLabel("Threshold")
        label.setBuddy(self.threshold_box)

        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 3, 8, 3)
        for widget in (title, self._reading):
            layout.addWidget(widget)
            layout.addSpacing(12)
        layout.addStretch(1)
        layout.addWidget(label)
        layout.addWidget(self.threshold_box)
        layout.addSpacing(8)
        layout.addWidget(_button("−", "Zoom out", lambda: self.zoom_wanted.emit(0.5)))
        layout.addWidget(_button("+", "Zoom in", lambda: self.zoom_wanted.emit(2.0)))
        layout.addWidget(_button("All", "Show the whole recording", self.all_wanted.emit))

    def reading(self) -> str:
        """What is said of the frame under the mouse."""
        return self._reading.text()

    def show_reading(self, text: str) -> None:
        """Say what is under the mouse."""
        self._reading.setText(text)

    def show_threshold(self, threshold: float) -> None:
        """Show a threshold that came from elsewhere."""
        with QSignalBlocker(self.threshold_box):
            self.threshold_box.setValue(threshold)


def _button(text: str, name: str, call: Callable[[], None]) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAutoRaise(True)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.clicked.connect(lambda: call())
    return button
