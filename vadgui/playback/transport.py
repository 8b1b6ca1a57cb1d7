"""The transport bar: a row of buttons and fields that move the playhead."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

from PySide6.QtCore import QSignalBlocker, QSize, Qt
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from engine.common.language import number_text, tr
from vadgui.model.session import ReviewSession
from vadgui.playback.player import SPEEDS, PlaybackMode, Player
from vadgui.ui.action_specs import SPECS_BY_NAME
from vadgui.ui.actions import explain_button
from vadgui.ui.clock_text import clock_text
from vadgui.ui.icons import set_icon
from vadgui.ui.number_boxes import WholeNumberBox
from vadgui.ui.select_all import select_all_on_focus


class TransportBar(QWidget):
    """Buttons for the playback actions of the main window, and the playhead's frame number and time."""

    def __init__(self, session: ReviewSession, player: Player, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._player = player
        self.play_button = self._button("play", player.toggle, icon="play")
        self.frame_box = WholeNumberBox()
        self._count = QLabel()
        self._clock = QLabel()
        self.speed_box = QComboBox()
        self.mode_box = QComboBox()
        self._set_up_frame_box()
        self._set_up_boxes()

        layout = QHBoxLayout(self)
        layout.setSizeConstraint(QHBoxLayout.SizeConstraint.SetNoConstraint)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.setSpacing(2)
        self.buttons = self._buttons()
        for button in self.buttons:
            layout.addWidget(button)
        for before, after in pairwise(self.buttons):
            self.setTabOrder(before, after)
        for widget in (_separator(), self.frame_box, self._count, _separator(), self._clock):
            layout.addSpacing(6)
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.speed_box)
        layout.addSpacing(4)
        layout.addWidget(self.mode_box)

        session.playhead_changed.connect(self._show_playhead)
        session.video_changed.connect(self._show_video)
        session.scoring.segments_changed.connect(self._enable_segment_buttons)
        player.playing_changed.connect(self._show_playing)
        player.speed_changed.connect(self._show_speed)
        player.mode_changed.connect(self._show_mode)
        self._show_video()
        self._show_speed()
        self._show_mode()

    def explain_by(self, actions: Mapping[str, QAction]) -> None:
        """Give the buttons the tool tips of the actions by name, which tell their keys."""
        for button in (self.play_button, *self.buttons):
            explain_button(button, actions[button.objectName()])

    def clock(self) -> str:
        """The playhead's time and the recording's duration, as shown."""
        return self._clock.text()

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        """The width of the widgets that `_fit` never hides."""
        return QSize(420, super().sizeHint().height())

    def resizeEvent(self, _event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """In a narrow window, hide widgets that don't fit, the least important ones first."""
        self._fit()

    def _fit(self) -> None:
        jumps = [button for button in self.buttons if button.text()]
        groups: list[list[QWidget]] = [[self._count], [*jumps], [self.mode_box], [self.speed_box]]
        for widget in (widget for group in groups for widget in group):
            widget.show()
        for group in groups:
            if super().sizeHint().width() <= self.width():
                break
            for widget in group:
                widget.hide()

    def _buttons(self) -> list[QToolButton]:
        session = self._session
        self._previous = self._button("previous_segment", session.navigation.select_previous, icon="previous-segment")
        self._next = self._button("next_segment", session.navigation.select_next, icon="next-segment")
        return [
            self._previous,
            self._button("back_second", lambda: session.step_seconds(-1), text="−1 s"),
            self._button("back_10", lambda: session.step(-10), text="−10"),
            self._button("step_back", lambda: session.step(-1), icon="step-back"),
            self.play_button,
            self._button("step_forward", lambda: session.step(1), icon="step-forward"),
            self._button("forward_10", lambda: session.step(10), text="+10"),
            self._button("forward_second", lambda: session.step_seconds(1), text="+1 s"),
            self._next,
        ]

    def _button(self, name: str, call: Callable[[], None], *, icon: str = "", text: str = "") -> QToolButton:
        """A button that does the same as the action `name`, with its name."""
        button = QToolButton(self)
        if icon:
            set_icon(button, icon)
        button.setText(text)
        button.setObjectName(name)
        button.setAccessibleName(SPECS_BY_NAME[name].label)
        button.setToolTip(SPECS_BY_NAME[name].label)
        button.setAutoRaise(True)
        # Clicking must not take the keyboard focus from the timeline or the list.
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(lambda: call())
        return button

    def _set_up_frame_box(self) -> None:
        self.frame_box.setAccessibleName(tr("Frame number"))
        self.frame_box.setToolTip(
            tr("Type a frame number and press Enter to jump to exactly that frame; the first is 0")
        )
        self.frame_box.setKeyboardTracking(False)
        select_all_on_focus(self.frame_box)
        self.frame_box.setButtonSymbols(WholeNumberBox.ButtonSymbols.NoButtons)
        self.frame_box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.frame_box.valueChanged.connect(self._session.seek)
        # Return takes the focus away, so that the next key controls the player again.
        self.frame_box.lineEdit().returnPressed.connect(self.frame_box.clearFocus)

    def _set_up_boxes(self) -> None:
        for speed in SPEEDS:
            self.speed_box.addItem(f"{number_text(speed, 'g')}×", speed)
        self.speed_box.setAccessibleName(tr("Speed"))
        self.speed_box.setToolTip(tr("Playback speed"))
        self.speed_box.activated.connect(lambda: self._player.set_speed(self.speed_box.currentData()))
        for mode in PlaybackMode:
            self.mode_box.addItem(tr(mode.value), mode)
        self.mode_box.setAccessibleName(tr("Playback mode"))
        self.mode_box.setToolTip(
            tr(
                "Real time: frames keep to the clock; the other panels follow as they can, and catch up on pause.\n"
                "Every frame: shows each frame with all its pictures, however long that takes."
            )
        )
        self.mode_box.activated.connect(lambda: self._player.set_mode(self.mode_box.currentData()))
        for box in (self.speed_box, self.mode_box):
            box.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def _show_video(self) -> None:
        count = self._session.frame_count
        self.setEnabled(count > 0)
        with QSignalBlocker(self.frame_box):
            self.frame_box.setRange(0, max(count - 1, 0))
        # Wide enough for the largest frame number, so that the layout stays still during playback.
        self.frame_box.setMinimumWidth(self.fontMetrics().horizontalAdvance("0" * max(len(str(count)), 4)) + 24)
        self._count.setText(tr("of {count} frames").format(count=count) if count else "")
        self._enable_segment_buttons()
        self._show_playhead()
        self._fit()

    def _show_playhead(self) -> None:
        with QSignalBlocker(self.frame_box):
            self.frame_box.setValue(self._session.playhead)
        video, times = self._session.video, self._session.times
        if video is None or not len(times):
            self._clock.clear()
            return
        position, duration = clock_text(float(times[self._session.playhead])), clock_text(video.duration_seconds)
        self._clock.setText(f"{position} / {duration}")
        self._clock.setMinimumWidth(self.fontMetrics().horizontalAdvance(f"{duration} / {duration}"))

    def _show_playing(self, playing: bool) -> None:
        set_icon(self.play_button, "pause" if playing else "play")

    def _show_speed(self) -> None:
        self.speed_box.setCurrentIndex(self.speed_box.findData(self._player.speed))

    def _show_mode(self) -> None:
        self.mode_box.setCurrentIndex(self.mode_box.findData(self._player.mode))

    def _enable_segment_buttons(self) -> None:
        for button in (self._previous, self._next):
            button.setEnabled(bool(self._session.scoring.segments))


def _separator() -> QFrame:
    line = QFrame()
    line.setFrameShape(QFrame.Shape.VLine)
    line.setFixedHeight(18)
    return line
