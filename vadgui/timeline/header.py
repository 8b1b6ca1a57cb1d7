"""The line above the timeline: what is under the mouse, the threshold as a number, zoom."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from engine.common.language import number_text, tr, tr_noop
from engine.scoring.scorer import Doubt, Scorer
from engine.scoring.scorers import default_scorer
from vadgui.ui.number_boxes import NumberBox
from vadgui.ui.select_all import select_all_on_focus
from vadgui.ui.widgets import ElidedLabel

_TITLE_PX = 140
_MARGIN_PX = 3
_ANY_PX = 16_777_215  # QWIDGETSIZE_MAX, which PySide does not have
_LEAST_PX = 120
"""With less room what is said of false alarms tells nothing, and gives way to the words under the mouse."""
_STEP = 0.05  # of the threshold, as a share of the scale
_MOUSE = tr_noop("Click or drag to move the playhead, wheel to zoom, Shift + wheel to pan.")
_LINES = tr_noop(
    "A segment begins where the score reaches the threshold, the dashed line,\n"
    "and ends where it falls below the dotted one, so that it does not end at every dip."
)


_EXPECTED = tr_noop(
    "How many of this recording's segments are nothing unusual, nine times in ten.\n"
    "It follows from the normal footage that the detector was calibrated on."
)


class TimelineHeader(QWidget):
    """Shows what it is told and says what was entered."""

    threshold_entered = Signal(float)
    zoom_requested = Signal(float)
    all_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = ElidedLabel(QSizePolicy.Policy.Preferred, _TITLE_PX)
        font = self._title.font()
        font.setBold(True)
        self._title.setFont(font)
        self._reading = ElidedLabel(QSizePolicy.Policy.Ignored)
        self.threshold_box = NumberBox()
        self.show_top(1.0)
        self.threshold_box.setDecimals(2)
        self.threshold_box.setAccessibleName(tr("Threshold"))
        self.threshold_box.setToolTip(tr("Frames with at least this score are flagged; or drag the dashed line"))
        self.threshold_box.valueChanged.connect(self.threshold_entered)
        # Enter ends the typing: the next key is for the player again.
        self.threshold_box.lineEdit().returnPressed.connect(self.threshold_box.clearFocus)
        self._threshold_label = QLabel(tr("Threshold"))
        self._threshold_label.setBuddy(self.threshold_box)
        self.alarms_box = _AlarmsBox()
        self.alarms_box.valueChanged.connect(self._enter_false_alarms)
        self.alarms_box.lineEdit().returnPressed.connect(self.alarms_box.clearFocus)
        for box in (self.threshold_box, self.alarms_box):
            select_all_on_focus(box)
        self._alarms_label = QLabel(tr("False alarms, about"))
        self._alarms_label.setBuddy(self.alarms_box)
        self._expected = ElidedLabel(QSizePolicy.Policy.Preferred)
        self._room_for_expected = _ANY_PX
        """What the words under the mouse have left of it since the mouse came in."""

        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, _MARGIN_PX, 8, _MARGIN_PX)
        layout.addWidget(self._title)
        layout.addSpacing(6)
        for widget in (
            self._threshold_label, self.threshold_box, self._alarms_label, self.alarms_box, self._expected
        ):  # fmt: skip
            layout.addWidget(widget)
        layout.addSpacing(6)
        layout.addWidget(self._reading, stretch=1)
        layout.addSpacing(8)
        self.lanes_button = _button(tr("Lanes"), tr("Single signals under the score"))
        self.lanes_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        layout.addWidget(self.lanes_button)
        layout.addWidget(_button("−", tr("Zoom out"), lambda: self.zoom_requested.emit(0.5)))
        layout.addWidget(_button("+", tr("Zoom in"), lambda: self.zoom_requested.emit(2.0)))
        layout.addWidget(_button(tr("All"), tr("Show the whole recording"), self.all_requested.emit))
        self._scorer = default_scorer(None)
        self.show_scorer(self._scorer)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """As high as with a field: the timeline must not move when one comes."""
        field = self.threshold_box
        field.ensurePolished()  # else a hidden one does not know the style sheet's height
        height = max(field.sizeHint().height(), field.minimumHeight()) + 2 * _MARGIN_PX
        return super().minimumSizeHint().expandedTo(QSize(0, height))

    def set_lane_menu(self, menu: QMenu) -> None:
        """The menu that says which lanes are shown."""
        self.lanes_button.setMenu(menu)

    def show_scorer(self, scorer: Scorer | None) -> None:
        """Speak of these scores: a threshold is a number of false alarms, where they know it; None: not known yet."""
        alarms = scorer is not None and scorer.knows_false_alarms
        for widget in (self._threshold_label, self.threshold_box):
            widget.setVisible(scorer is not None and not alarms)
        for widget in (self._alarms_label, self.alarms_box, self._expected):
            widget.setVisible(alarms)
        self._title.setText(tr(scorer.title) if scorer else tr("Anomaly score"))
        self._title.setToolTip(f"{tr(scorer.description)}\n{tr(_LINES)}\n{tr(_MOUSE)}" if scorer else "")
        self._scorer = scorer or self._scorer

    def show_top(self, top: float) -> None:
        """Let thresholds up to the end of the scores' scale be entered."""
        with QSignalBlocker(self.threshold_box):
            self.threshold_box.setRange(0.0, top)
            self.threshold_box.setSingleStep(_STEP * top)

    def _enter_false_alarms(self, per_hour: float) -> None:
        threshold = self._scorer.threshold_for(per_hour)
        if threshold is not None:
            self.threshold_entered.emit(threshold)

    def show_expected(self, expected: tuple[int, int] | None, doubt: Doubt | None = None) -> None:
        """Say how many false alarms to expect in the recording, or why nobody can."""
        text = _expected_text(*expected) if expected else ""
        self._expected.setText(doubt.text if text and doubt else text)
        self._expected.set_brief(doubt.brief if text and doubt else "")
        tip = f"{text}.\n{tr(_EXPECTED)}"
        if doubt:
            tip = f"{doubt.text}.\n{doubt.explanation}"
            if doubt.leaves_guess:
                tip += "\n" + tr("A guess: {number}.").format(number=text)
        self._expected.setToolTip(tip)

    def edit_threshold(self) -> None:
        """Put the cursor into the field by which the threshold is chosen."""
        self._field().setFocus(Qt.FocusReason.ShortcutFocusReason)

    def step_threshold(self, steps: int) -> None:
        """Flag less, or more where negative, as the field's arrows would."""
        # Fewer false alarms mean a higher threshold.
        field = self._field()
        if field.isHidden():
            return
        field.stepBy(-steps if self._scorer.knows_false_alarms else steps)
        if not field.hasFocus():
            field.lineEdit().deselect()  # as if it had the keyboard

    def _field(self) -> NumberBox:
        return self.alarms_box if self._scorer.knows_false_alarms else self.threshold_box

    @property
    def expected(self) -> ElidedLabel:
        """What is said of false alarms in this recording."""
        return self._expected

    def reading(self) -> str:
        """What is said of the frame under the mouse."""
        return self._reading.text()

    def reading_fits(self) -> bool:
        """Whether all of it is on screen."""
        return self._reading.fontMetrics().horizontalAdvance(self._reading.text()) <= self._reading.width()

    def show_reading(self, text: str) -> None:
        """Say what is under the mouse; what is said of false alarms gets what room that leaves."""
        self._reading.setText(text)
        if not text:
            self._room_for_expected = _ANY_PX
            self._expected.setMaximumWidth(_ANY_PX)
        elif not self.reading_fits():
            # It shrinks only, until the mouse leaves: the words must not move with every frame.
            lacks = self._reading.fontMetrics().horizontalAdvance(text) - self._reading.width()
            left = self._expected.width() - lacks
            self._room_for_expected = min(self._room_for_expected, left if left >= _LEAST_PX else 0)
            self._expected.setMaximumWidth(self._room_for_expected)
            if layout := self.layout():
                layout.activate()  # whoever asks next whether it fits must know

    def show_threshold(self, threshold: float) -> None:
        """Show a threshold that came from elsewhere."""
        with QSignalBlocker(self.threshold_box), QSignalBlocker(self.alarms_box):
            self.threshold_box.setValue(threshold)
            per_hour = self._scorer.false_alarms_at(threshold)
            if per_hour is not None:
                self.alarms_box.setValue(per_hour)


def _expected_text(low: int, high: int) -> str:
    if low != high:
        return tr("{low} to {high} expected here").format(low=low, high=high)
    return tr("{number} expected here").format(number=high) if high else tr("none expected here")


class _AlarmsBox(NumberBox):
    """False alarms an hour, from one in weeks to one a second; steps are by what they were."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(0.001, 3600.0)
        self.setDecimals(3)
        self.setSuffix(tr(" an hour"))
        self.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.setAccessibleName(tr("False alarms an hour"))
        self.setToolTip(
            tr(
                "About how often normal life on this camera may raise an alarm: the threshold follows from it.\n"
                "Or drag the dashed line."
            )
        )

    def textFromValue(self, value: float) -> str:  # noqa: N802 - Qt's name
        """As many digits as mean something."""
        return number_text(value, ".0f" if value >= 10 else ".2g")


def _button(text: str, name: str, call: Callable[[], None] | None = None) -> QToolButton:
    button = QToolButton()
    button.setText(text)
    button.setAutoRaise(True)
    button.setAccessibleName(name)
    button.setToolTip(name)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if call:
        button.clicked.connect(lambda: call())
    return button
